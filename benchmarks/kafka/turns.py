"""Run a job in several ways from one topic, in turns, and check that all write the same rows."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from benchmarks.digest import digest_of
from benchmarks.kafka.topics import Input, Route, Topics
from benchmarks.loops import LOOPS as FILE_LOOPS
from benchmarks.measuring import Cost, ResultsDifferError, Work, take_turns

Way: TypeAlias = Callable[[Route], None]


def measure(job: str, ways: Mapping[str, Way], topics: Topics, given: Input, rounds: int) -> dict[str, list[Cost]]:
    """Return the costs of each way to do a job, round by round.

    The time to make topics is not in them: every run has one of its own to write to.

    Raises:
        ResultsDifferError: If one has not written the rows of the loop over the file.
    """
    sinks = {name: [topics.make(job) for _ in range(rounds)] for name in ways}
    try:
        works = [_work(way, topics.bootstrap, given.topic, iter(sinks[name])) for name, way in ways.items()]
        costs = dict(zip(ways, take_turns(works, rounds), strict=True))
        expected = digest_of(expected_rows(job, given.file))
        for name, made in sinks.items():
            if digest_of(topics.values(made[-1])) != expected:
                msg = f"job {job} on Kafka, {name}: not the rows of the loop over the file"
                raise ResultsDifferError(msg)
    finally:
        topics.remove([sink for made in sinks.values() for sink in made])
    return costs


def expected_rows(job: str, events: Path) -> list[bytes]:
    """Return the rows that the hand-written loop over a file makes."""
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder, "rows.jsonl")
        FILE_LOOPS[job](events, rows)
        return rows.read_bytes().splitlines()


def _work(way: Way, bootstrap: str, source: str, sinks: Iterator[str]) -> Work:
    return lambda: way(Route(bootstrap, source, next(sinks)))
