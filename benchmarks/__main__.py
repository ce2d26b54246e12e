"""Measure streamcore: `python -m benchmarks`, or only some parts, `python -m benchmarks ratios keys`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import bundles, keys, loopback, memory, ratios, triggers
from benchmarks.data import EVENTS, FOLDER
from benchmarks.measuring import Options, machine

PARTS: dict[str, Callable[[Options], None]] = {
    "ratios": ratios.run,
    "triggers": triggers.run,
    "bundles": bundles.run,
    "keys": keys.run,
    "loopback": loopback.run,
    "memory": memory.run,
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure streamcore.")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"what to measure: {', '.join(PARTS)} (default: all)")
    parser.add_argument("--events", type=int, default=EVENTS, help="how many events to read (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="how often to measure each (default: %(default)s)")
    parser.add_argument("--data", type=Path, default=FOLDER, help="where to keep the input (default: %(default)s)")
    chosen = parser.parse_args(arguments)
    for part in chosen.parts:
        if part not in PARTS:
            parser.error(f"there is no part {part!r}; the parts are {', '.join(PARTS)}")
    if chosen.events < 1 or chosen.rounds < 1:
        parser.error("--events and --rounds must be at least 1")
    print(f"{machine()}; {chosen.events:,} events, {chosen.rounds} rounds")
    for part in chosen.parts or PARTS:
        PARTS[part](Options(chosen.events, chosen.rounds, chosen.data))


if __name__ == "__main__":
    # Lines come as they are printed, into files and pipes as well.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    main()
