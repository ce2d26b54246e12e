"""The hand-written loops over topics: the rows of the loops over files, at the right time, and through a broker."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from hypothesis import given, settings, strategies as st

from benchmarks.data import START, dataset, event_lines
from benchmarks.digest import digest_of
from benchmarks.kafka import ratios
from benchmarks.kafka.clients import Client, TransactionalClient
from benchmarks.kafka.loops import LOOPS, j1
from benchmarks.kafka.ratios import ways_of
from benchmarks.kafka.topics import Input, Route, Topics
from benchmarks.kafka.turns import expected_rows, measure
from benchmarks.measuring import ResultsDifferError
from tests.servers.broker import Broker, wait_until

EVENTS = 5_000
# Every 25th event: 5,000 of them span four minutes.
STRIDE = 25


class MemoryClient:
    """Gives runs of values, and keeps what is written."""

    def __init__(self, partitions: int, runs: list[tuple[int, list[bytes]]]) -> None:
        self.partitions = partitions
        self.rows: list[bytes] = []
        self._runs = runs

    def runs(self) -> Iterator[tuple[int, Iterator[bytes]]]:
        for partition, values in self._runs:
            yield partition, iter(values)

    def write(self, value: bytes, key: str | None = None) -> None:
        self.rows.append(value)


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of thinned events."""
    path = tmp_path_factory.mktemp("events") / "events.jsonl"
    path.write_text("".join(islice(event_lines(EVENTS * STRIDE), 0, None, STRIDE)))
    return path


@pytest.fixture(scope="module")
def digests(events: Path) -> dict[str, str]:
    """Return what the loops over files make of these events."""
    return {job: digest_of(expected_rows(job, events)) for job in LOOPS}


@pytest.fixture
def topics(broker: Broker) -> Iterator[Topics]:
    """Make topics that go with the test."""
    with Topics(broker.bootstrap) as made:
        yield made


def as_partitions(lines: list[bytes], partitions: int) -> list[list[bytes]]:
    """Deal events out by user, each partition in their order."""
    dealt: list[list[bytes]] = [[] for _ in range(partitions)]
    for line in lines:
        dealt[int(json.loads(line)["user"][1:]) % partitions].append(line)
    return dealt


def event(second: float, user: str = "u1") -> bytes:
    return json.dumps({"user": user, "ts": START + int(second * 1000), "amount": 1.5}).encode()


@settings(max_examples=30)
@given(data=st.data())
@pytest.mark.parametrize("job", LOOPS)
def test_rows_do_not_depend_on_how_partitions_are_read(
    job: str, events: Path, digests: dict[str, str], data: st.DataObject
) -> None:
    pending = as_partitions(events.read_bytes().splitlines(), data.draw(st.integers(1, 4), "partitions"))
    sizes = data.draw(st.lists(st.integers(1, 2_000), min_size=1, max_size=8), "sizes")
    runs: list[tuple[int, list[bytes]]] = []
    while any(pending):
        chosen = data.draw(st.sampled_from([number for number, values in enumerate(pending) if values]), "partition")
        size = sizes[len(runs) % len(sizes)] + 200
        runs.append((chosen, pending[chosen][:size]))
        del pending[chosen][:size]
    client = MemoryClient(len(pending), runs)
    LOOPS[job](client)  # type: ignore[arg-type]
    assert digest_of(client.rows) == digests[job]


def rows_before_the_end(runs: list[tuple[int, list[bytes]]], partitions: int) -> list[dict[str, Any]]:
    """Stop j1 with a broken value behind the runs, and return what it has written."""
    client = MemoryClient(partitions, [*runs, (0, [b"broken"])])
    with pytest.raises(json.JSONDecodeError):
        j1(client)  # type: ignore[arg-type]
    return [json.loads(row) for row in client.rows]


def test_windows_close_at_the_smallest_watermark_of_the_partitions() -> None:
    ahead = (0, [event(1, "ahead"), event(75, "ahead")])
    assert rows_before_the_end([ahead], 2) == []
    assert rows_before_the_end([ahead, (1, [event(2, "behind"), event(69.999, "behind")])], 2) == []
    closed = [{"user": user, "ws": START, "n": n, "total": n * 1.5} for user, n in (("ahead", 1), ("behind", 1))]
    assert rows_before_the_end([ahead, (1, [event(2, "behind"), event(70, "behind")])], 2) == closed


def test_a_partition_that_goes_on_alone_closes_nothing_twice() -> None:
    first = [(0, [event(1), event(70)]), (1, [event(0, "u2"), event(71, "u2")])]
    later = [(0, [event(131), event(200)]), (1, [event(135, "u2")])]
    rows = rows_before_the_end(first + later, 2)
    assert [(row["user"], row["ws"] - START, row["n"]) for row in rows] == [
        ("u1", 0, 1),
        ("u2", 0, 1),
        ("u1", 60_000, 1),
        ("u2", 60_000, 1),
    ]


@pytest.mark.parametrize("job", LOOPS)
def test_all_ways_write_the_same_through_a_broker(job: str, events: Path, topics: Topics) -> None:
    costs = measure(job, ways_of(job), topics, topics.fill(events), rounds=1)
    assert {name: len(rounds) for name, rounds in costs.items()} == dict.fromkeys(ways_of(job), 1)


def test_ratios_are_printed(topics: Topics, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ratios.run_job("j4", topics, *(topics.fill(dataset("events", 500, tmp_path)) for _ in range(2)), rounds=1)
    printed = capsys.readouterr().out
    for delivery in ("at-least-once", "exactly-once"):
        line = rf"ratio kafka-j4 {delivery} \d+\.\d\d \[CPU time .*  loop [\d,]+/s  streamcore [\d,]+/s"
        assert re.search(f"^{line}$", printed, re.MULTILINE), printed
    assert re.search("^kafka-j4: the loop with a transaction a second is ", printed, re.MULTILINE), printed


def test_topics_go_with_the_run(broker: Broker) -> None:
    with Topics(broker.bootstrap) as topics:
        made = topics.make("some")
        assert topics.values(made) == []
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    # The broker confirms first and tells of it a moment later.
    wait_until(lambda: made not in admin.list_topics(timeout=30).topics, "the removal of a topic")


def test_input_is_keyed_and_has_event_times(events: Path, topics: Topics) -> None:
    records = topics.read(topics.fill(events).topic)
    assert sorted(record.value() for record in records) == sorted(events.read_bytes().splitlines())
    for record in records:
        given = json.loads(record.value())
        assert (record.key().decode(), record.timestamp()[1]) == (given["user"], given["ts"])
    assert {record.partition() for record in records} == {0, 1, 2, 3}


def test_a_way_that_writes_something_else_is_an_error(events: Path, topics: Topics) -> None:
    with pytest.raises(ResultsDifferError, match=r"^job j1 on Kafka, nothing: not the rows of the loop over the file$"):
        measure("j1", {"nothing": lambda route: None}, topics, Input(events, "any", EVENTS), rounds=1)


def test_rows_of_a_transaction_that_is_not_committed_are_not_there(events: Path, topics: Topics) -> None:
    given, sink = topics.fill(events), topics.make("j4")

    def die(client: Client) -> None:
        LOOPS["j4"](client)
        raise RuntimeError("killed")

    with (
        pytest.raises(RuntimeError, match="killed"),
        TransactionalClient(Route(topics.bootstrap, given.topic, sink)) as client,
    ):
        die(client)
    # The next producer of that name ends what was left open.
    with TransactionalClient(Route(topics.bootstrap, topics.make("empty"), sink)):
        pass
    assert topics.read(sink) == []
