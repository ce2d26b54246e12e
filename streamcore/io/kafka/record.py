"""KafkaRecord: a record with all that Kafka knows of it."""

from __future__ import annotations

from typing import Any, NamedTuple

from streamcore.timestamp import Timestamp


class KafkaRecord(NamedTuple):
    """A record with all that Kafka knows of it.

    Attributes:
        topic: The topic it is in.
        partition: The partition there.
        offset: Its offset there.
        timestamp: Its timestamp; the minimum timestamp if it has none.
        timestamp_type: 1 if who wrote it has set the timestamp, 2 if the broker has, 0 if there is none.
        key: The key, or None.
        value: The value, or None in a tombstone.
        headers: Names and values of its headers, in their order.
    """

    topic: str
    partition: int
    offset: int
    timestamp: Timestamp
    timestamp_type: int
    key: Any
    value: Any
    headers: tuple[tuple[str, bytes | None], ...]
