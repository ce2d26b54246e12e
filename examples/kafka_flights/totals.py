"""The totals twice: as the output topic has them, and as a few lines of plain Python count them."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from confluent_kafka import Consumer, Producer, TopicPartition

from examples.flights.pipeline import HOUR
from examples.flights.replay import FLIGHTS as RECORDING

Hour = tuple[str, int]
Total = tuple[int, int]
Row = dict[str, Any]


def recorded() -> Iterator[bytes]:
    """The recorded flights, as JSON."""
    with gzip.open(RECORDING) as lines:
        yield from lines


def produce(bootstrap: str, topic: str, partitions: int) -> dict[Hour, Total]:
    """Writes all flights to a topic, those of an airport to one partition, and counts them on the way."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 20, "enable.idempotence": True})
    flights: Counter[Hour] = Counter()
    delays: Counter[Hour] = Counter()
    airports: dict[str, int] = {}
    for line in recorded():
        flight = orjson.loads(line)
        origin = flight["origin"]
        hour = origin, flight["scheduled"] // (HOUR * 1000) * HOUR
        flights[hour] += 1
        delays[hour] += flight["delay_min"]
        partition = airports.setdefault(origin, len(airports)) % partitions
        while True:
            try:
                producer.produce(topic, line, origin.encode(), partition)
                break
            except BufferError:
                producer.poll(0.1)
    if producer.flush(60):
        raise SystemExit("the broker did not take all flights")
    return {hour: (count, delays[hour]) for hour, count in flights.items()}


def committed_rows(bootstrap: str, topic: str) -> list[Row]:
    """All rows of a topic that a reader of committed records sees."""
    settings: dict[str, Any] = {"bootstrap.servers": bootstrap, "group.id": "demo", "isolation.level": "read_committed"}
    consumer = Consumer(settings | {"enable.auto.commit": False, "enable.partition.eof": True})
    partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    rows, ended = [], set()
    while len(ended) < len(partitions):
        for message in consumer.consume(5000, timeout=1):
            if message.error() is None:
                rows.append(orjson.loads(message.value() or b"null"))
            else:
                ended.add(message.partition())
    consumer.close()
    return rows


def last_totals(rows: Iterable[Row]) -> tuple[dict[Hour, Total], int]:
    """The total of the last pane of each airport and hour, and how many panes stand more than once."""
    panes: Counter[tuple[str, int, int]] = Counter()
    last: dict[Hour, Row] = {}
    for row in rows:
        hour = row["origin"], row["hour"]
        panes[*hour, row["pane"]] += 1
        if hour not in last or row["pane"] > last[hour]["pane"]:
            last[hour] = row
    twice = sum(count > 1 for count in panes.values())
    return {hour: (row["flights"], row["delay_min"]) for hour, row in last.items()}, twice
