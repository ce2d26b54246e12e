"""j1 on other engines: each program in an environment and a process of its own, on as many events as it can do."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple, TypeAlias

import orjson

from benchmarks.data import WATERMARK_LAG, input_of
from benchmarks.digest import digest_of
from benchmarks.kafka.topics import Input, Topics
from benchmarks.kafka.turns import expected_rows
from benchmarks.loops.events import MINUTE
from benchmarks.measuring import Options, ResultsDifferError
from tests.differential.environment import python_with

Rows: TypeAlias = list[bytes]

PROGRAMS: Final = Path(__file__).parent
LONGEST_SECONDS: Final = 600


def all_rows(rows: Rows, _: float) -> Rows:
    """What is compared where an engine gives rows for everything it has read."""
    return rows


def closed_rows(rows: Rows, watermark: float) -> Rows:
    """What is compared where an engine gives rows of closed windows only: those every partition has closed."""
    return [row for row in rows if orjson.loads(row)["ws"] + MINUTE <= watermark]


class Peer(NamedTuple):
    """Another engine.

    Attributes:
        name: What it is called.
        requirement: What pip installs.
        program: The file that runs j1, from the folder of this one.
        part: One of so many events is read, as not all are as fast.
        compared: Takes rows and the smallest watermark of the partitions at the end; returns the rows that must agree.
        differs: How it does something else than the others.
    """

    name: str
    requirement: str
    program: str
    part: int
    compared: Callable[[Rows, float], Rows]
    differs: str


PEERS: Final = (
    Peer(
        "Quix Streams 3.28.1",
        "quixstreams==3.28.1",
        "quix_j1.py",
        part=10,
        compared=closed_rows,
        differs="windows open at the end are not emitted; state goes to RocksDB and a changelog topic",
    ),
    Peer(
        "Faust 0.15.3",
        "faust-streaming==0.15.3",
        "faust_j1.py",
        part=100,
        compared=all_rows,
        differs="no window closes by event time; tables in memory and changelog topics are kept up to date",
    ),
)


def run(topics: Topics, options: Options) -> None:
    """Print the speed of each engine, at least once."""
    for peer in PEERS:
        events = max(options.events // peer.part, 1)
        given = topics.fill(input_of("j1", events, options.data))
        python = python_with(peer.requirement, options.data / "envs" / peer.program.removesuffix(".py"))
        seconds = [run_once(peer, python, topics, given) for _ in range(options.rounds)]
        rates = [events / each for each in seconds]
        print(
            f"kafka-j1 {peer.name} {median(rates):,.0f}/s  rounds {min(rates):,.0f}/s to {max(rates):,.0f}/s,"
            f" {events:,} events ({peer.differs})"
        )


def run_once(peer: Peer, python: str, topics: Topics, given: Input) -> float:
    """Run it once, check what it has written, and return the seconds that it says."""
    sink = topics.make("j1")
    printed = subprocess.run(
        [python, "-W", "ignore", PROGRAMS / peer.program, topics.bootstrap, given.topic, sink, str(given.events)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=LONGEST_SECONDS,
    ).stdout
    watermark = smallest_watermark(topics, given)
    compared = [peer.compared(rows, watermark) for rows in (topics.values(sink), expected_rows("j1", given.file))]
    if digest_of(compared[0]) != digest_of(compared[1]):
        msg = f"{peer.name} does not write the rows of the loop over the file"
        raise ResultsDifferError(msg)
    topics.remove([sink])
    return float(printed)


def smallest_watermark(topics: Topics, given: Input) -> float:
    """Return the watermark that all partitions have passed at their end."""
    latest: dict[int, int] = {}
    for record in topics.read(given.topic):
        latest[record.partition()] = max(latest.get(record.partition(), 0), record.timestamp()[1])
    return min(latest.values()) - WATERMARK_LAG
