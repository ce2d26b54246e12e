"""Measure streamcore: `python -m benchmarks`, or only some parts, `python -m benchmarks ratios keys`."""

from collections.abc import Callable, Sequence

from benchmarks import bundles, checkpoints, keys, loopback, memory, ratios, triggers
from benchmarks.arguments import begin, show_lines_at_once
from benchmarks.measuring import Options

PARTS: dict[str, Callable[[Options], None]] = {
    "ratios": ratios.run,
    "plain": ratios.run_plain,
    "typed": ratios.run_typed,
    "triggers": triggers.run,
    "bundles": bundles.run,
    "keys": keys.run,
    "loopback": loopback.run,
    "checkpoints": checkpoints.run,
    "memory": memory.run,
}


def main(arguments: Sequence[str] | None = None) -> None:
    parts, options = begin("python -m benchmarks", PARTS, arguments)
    for part in parts:
        PARTS[part](options)


if __name__ == "__main__":
    show_lines_at_once()
    main()
