"""What is compared with other engines, without the engines: their environments are large."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from benchmarks.data import START, event_lines
from benchmarks.kafka.peers.running import PEERS, PROGRAMS, Peer, all_rows, closed_rows, run_once, smallest_watermark
from benchmarks.kafka.topics import Input, Topics
from benchmarks.measuring import ResultsDifferError
from tests.servers.broker import Broker

# Every 25th event: windows of 60 s open and close.
EVENTS, STRIDE = 2_000, 25

# Does j1 in memory and leaves out the windows that end less than so many seconds before the last event.
PROGRAM = """
import json, sys
from confluent_kafka import Producer
from benchmarks.kafka.topics import Topics
from benchmarks.kafka.turns import expected_rows
from pathlib import Path

bootstrap, source, sink, events = sys.argv[1:]
lines = [record.value() + b"\\n" for record in Topics(bootstrap).read(source)]
assert len(lines) == int(events)
file = Path(__file__).with_name("events.jsonl")
file.write_bytes(b"".join(lines))
last = max(json.loads(line)["ts"] for line in lines)
producer = Producer({"bootstrap.servers": bootstrap})
for row in expected_rows("j1", file):
    if json.loads(row)["ws"] + 60_000 + OPEN * 1000 <= last:
        producer.produce(sink, row)
producer.flush()
print(12.5)
"""


@pytest.fixture
def topics(broker: Broker) -> Iterator[Topics]:
    """Make topics that go with the test."""
    with Topics(broker.bootstrap) as made:
        yield made


@pytest.fixture
def given(topics: Topics, tmp_path: Path) -> Input:
    """Return thinned events in a topic."""
    path = tmp_path / "events.jsonl"
    path.write_text("".join(islice(event_lines(EVENTS * STRIDE), 0, None, STRIDE)))
    return topics.fill(path)


def run_program(open_seconds: int, peer: Peer, topics: Topics, given: Input, monkeypatch: pytest.MonkeyPatch) -> float:
    program = given.file.with_name("program.py")
    program.write_text(PROGRAM.replace("OPEN", str(open_seconds)))
    monkeypatch.setenv("PYTHONPATH", ".")
    return run_once(peer._replace(program=str(program)), sys.executable, topics, given)


PEER = Peer("Some engine", "none", "program.py", 1, closed_rows, "it is not one")


def test_windows_that_some_partition_has_not_closed_are_not_compared(
    topics: Topics, given: Input, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_program(20, PEER, topics, given, monkeypatch) == 12.5
    assert run_program(-100, PEER, topics, given, monkeypatch) == 12.5


def test_a_closed_window_that_is_missing_is_an_error(
    topics: Topics, given: Input, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ResultsDifferError, match=r"^Some engine does not write the rows of the loop over the file$"):
        run_program(60, PEER, topics, given, monkeypatch)


def test_all_rows_are_compared_where_there_are_all(
    topics: Topics, given: Input, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = PEER._replace(compared=all_rows)
    assert run_program(-100, peer, topics, given, monkeypatch) == 12.5
    with pytest.raises(ResultsDifferError):
        run_program(20, peer, topics, given, monkeypatch)


def test_smallest_watermark_is_of_the_partition_that_ends_first(topics: Topics, tmp_path: Path) -> None:
    lines = [{"user": f"u{number}", "ts": START + number * 1000} for number in range(200)]
    path = tmp_path / "some.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    given = topics.fill(path)
    ends: dict[int, int] = {}
    for record in topics.read(given.topic):
        ends[record.partition()] = record.timestamp()[1]
    assert len(ends) == 4
    assert smallest_watermark(topics, given) == min(ends.values()) - 10_000 < START + 189_000


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_every_peer_has_a_program(peer: Peer) -> None:
    assert (PROGRAMS / peer.program).is_file()
    assert peer.requirement.partition("==")[2] in peer.name
