"""Measure the jobs from topic to topic: `python -m benchmarks.kafka`, or only some parts."""

from collections.abc import Callable, Sequence

from benchmarks.arguments import begin, show_lines_at_once
from benchmarks.kafka import ratios
from benchmarks.kafka.peers import running
from benchmarks.kafka.topics import Topics
from benchmarks.measuring import Options
from tests.servers.shared_broker import shared_broker

PARTS: dict[str, Callable[[Topics, Options], None]] = {"ratios": ratios.run, "peers": running.run}


def main(arguments: Sequence[str] | None = None) -> None:
    parts, options = begin("python -m benchmarks.kafka", PARTS, arguments)
    shared = shared_broker()
    with Topics(shared.get().bootstrap) as topics:
        print(f"broker: {shared.describe()}")
        for part in parts:
            PARTS[part](topics, options)


if __name__ == "__main__":
    show_lines_at_once()
    try:
        main()
    finally:
        shared_broker().stop()
