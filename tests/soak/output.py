"""Reads what a reader of committed records sees of the output topic."""

from __future__ import annotations

import time
from typing import Any, Final

import orjson
from confluent_kafka import Consumer, TopicPartition

LONGEST_SECONDS: Final = 300


def committed_rows(bootstrap: str, topic: str) -> list[dict[str, Any]]:
    """All rows of the output topic."""
    settings = {"bootstrap.servers": bootstrap, "group.id": "soak-check", "isolation.level": "read_committed"}
    consumer = Consumer(settings | {"enable.auto.commit": False, "enable.partition.eof": True, "log_level": 0})
    partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    rows, ended = [], set()
    deadline = time.monotonic() + LONGEST_SECONDS
    while len(ended) < len(partitions):
        if time.monotonic() > deadline:
            raise TimeoutError(f"topic {topic!r} could not be read to its end in {LONGEST_SECONDS} s")
        for message in consumer.consume(5000, timeout=1):
            if message.error() is None:
                rows.append(orjson.loads(message.value() or b"null"))
            elif message.error().name() == "_PARTITION_EOF":
                ended.add(message.partition())
            else:
                raise RuntimeError(str(message.error()))
    consumer.close()
    return rows
