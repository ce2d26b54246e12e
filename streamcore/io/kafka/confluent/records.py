"""Messages of confluent-kafka by columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from operator import ne
from typing import Any

from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, KafkaError as ClientError, Message

from streamcore.io.kafka.client import TopicPartition
from streamcore.io.kafka.records import Records
from streamcore.timestamp import MIN_MICROS


def columns_of(messages: list[Message]) -> Records:
    """The columns of messages of one partition."""
    kinds, millis = zip(*map(Message.timestamp, messages), strict=True)
    return Records(
        keys=_column(Message.key, messages),
        values=_column(Message.value, messages),
        timestamps=_micros(kinds, millis) if TIMESTAMP_NOT_AVAILABLE in kinds else [time * 1000 for time in millis],
        timestamp_types=kinds,
        offsets=(offsets := _offsets(messages)),
        headers=_column(Message.headers, messages),
        next_offset=offsets[-1] + 1,
    )


def runs_of_partitions(messages: list[Message], topic: str | None) -> Iterator[tuple[TopicPartition, list[Message]]]:
    """Messages cut where the partition changes; a broker answers with many of one partition after another.

    Args:
        messages: The messages, at least one.
        topic: The topic of all, if it is known; asking every message costs as much as its value.
    """
    partitions = _column(Message.partition, messages)
    topics = _column(Message.topic, messages) if topic is None else [topic] * len(messages)
    ends = [0, *_changes(partitions, topics), len(messages)]
    for start, stop in pairwise(ends):
        yield TopicPartition(topics[start], partitions[start]), messages[start:stop]


def _changes(partitions: list[Any], topics: list[Any]) -> Iterable[int]:
    if partitions.count(partitions[0]) == len(partitions) and topics.count(topics[0]) == len(topics):
        return ()
    changed = zip(map(ne, partitions, partitions[1:]), map(ne, topics, topics[1:]), strict=False)
    return [index for index, (other, another) in enumerate(changed, 1) if other or another]


def first_error(messages: list[Message]) -> int | None:
    """The index of the first message that is an error; None if there is none."""
    if not any(map(Message.error, messages)):
        return None
    return next(index for index, message in enumerate(messages) if message.error() is not None)


def is_end(error: ClientError) -> bool:
    """Whether an error only tells that the end of the partition has been reached."""
    return error.code() == ClientError._PARTITION_EOF


def _micros(kinds: Sequence[int], millis: Sequence[int]) -> list[int]:
    return [time * 1000 if kind != TIMESTAMP_NOT_AVAILABLE else MIN_MICROS for kind, time in zip(kinds, millis)]


def _offsets(messages: list[Message]) -> Sequence[int]:
    first, last = messages[0].offset() or 0, messages[-1].offset() or 0
    if last - first == len(messages) - 1:  # they grow, so there are no holes
        return range(first, last + 1)
    return _column(Message.offset, messages)


def _column(method: Any, messages: list[Message]) -> list[Any]:
    return list(map(method, messages))
