"""Messages of confluent-kafka by columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from operator import ne
from typing import Any

from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, KafkaError as ClientError, Message

from streamcore.io.kafka.client import Headers, TopicPartition
from streamcore.timestamp import MIN_MICROS


class ConfluentRecords:
    """Messages of one partition; implements `Records`.

    Args:
        messages: The messages.
        next_offset: Where to go on behind them.
    """

    __slots__ = ("_messages", "next_offset")

    def __init__(self, messages: list[Message], next_offset: int) -> None:
        self._messages = messages
        self.next_offset = next_offset

    def __len__(self) -> int:
        return len(self._messages)

    def keys(self) -> list[bytes | None]:
        return _column(Message.key, self._messages)

    def values(self) -> list[bytes | None]:
        return _column(Message.value, self._messages)

    def timestamps(self) -> list[int]:
        return [
            millis * 1000 if kind != TIMESTAMP_NOT_AVAILABLE else MIN_MICROS
            for kind, millis in map(Message.timestamp, self._messages)
        ]

    def timestamp_types(self) -> list[int]:
        return [kind for kind, _ in map(Message.timestamp, self._messages)]

    def offsets(self) -> list[int]:
        return _column(Message.offset, self._messages)

    def headers(self) -> list[Headers]:
        return [headers or () for headers in _column(Message.headers, self._messages)]

    def slice(self, start: int, stop: int) -> ConfluentRecords:
        if stop >= len(self._messages):
            return ConfluentRecords(self._messages[start:], self.next_offset)
        return ConfluentRecords(self._messages[start:stop], offset_of(self._messages[stop]))


def runs_of_partitions(messages: list[Message]) -> Iterator[tuple[TopicPartition, list[Message]]]:
    """Messages cut where the partition changes; a broker answers with many of one partition after another."""
    partitions = list(map(Message.partition, messages))
    topics = list(map(Message.topic, messages))
    ends = [0, *_changes(partitions, topics), len(messages)]
    for start, stop in pairwise(ends):
        topic, partition = topics[start], partitions[start]
        if topic is not None and partition is not None:
            yield TopicPartition(topic, partition), messages[start:stop]


def _changes(partitions: list[Any], topics: list[Any]) -> Iterable[int]:
    if partitions.count(partitions[0]) == len(partitions) and topics.count(topics[0]) == len(topics):
        return ()
    changed = zip(map(ne, partitions, partitions[1:]), map(ne, topics, topics[1:]), strict=False)
    return [index for index, (other, another) in enumerate(changed, 1) if other or another]


def first_error(messages: list[Message]) -> int | None:
    """The index of the first message that is an error; None if there is none."""
    errors = list(map(Message.error, messages))
    if not any(errors):
        return None
    return next(index for index, error in enumerate(errors) if error is not None)


def offset_of(message: Message) -> int:
    """The offset of a message."""
    offset = message.offset()
    return -1 if offset is None else offset


def is_end(error: ClientError) -> bool:
    """Whether an error only tells that the end of the partition has been reached."""
    return error.code() == ClientError._PARTITION_EOF


def _column(method: Any, messages: list[Message]) -> list[Any]:
    return list(map(method, messages))
