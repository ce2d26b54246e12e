"""From where and to where partitions are read: what users say, made to numbers when a run starts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, Literal, TypeAlias

from streamcore.errors import PipelineError, shorten
from streamcore.io.kafka.client import Consumer, TopicPartition
from streamcore.io.kafka.errors import KafkaOffsetError, KafkaTopicError
from streamcore.timestamp import Timestamp

Start: TypeAlias = Literal["saved", "earliest", "latest"] | Timestamp | Mapping[tuple[str, int], int]
Until: TypeAlias = Literal["latest"] | Timestamp | None
Offsets: TypeAlias = Mapping[TopicPartition, int]

CHOOSE_START: Final = "choose where to go on with start='earliest', 'latest' or a timestamp"


def check_start(start: Any) -> None:
    """Finds what cannot be a start.

    Raises:
        PipelineError: If it is none of what `Start` allows, or a time before 1970.
    """
    _refuse_early("start", start, "start='earliest', and drop older records with Filter")
    if start in ("saved", "earliest", "latest") or isinstance(start, Timestamp):
        return
    if isinstance(start, Mapping) and all(map(_is_offset, start.items())):
        return
    msg = (
        f"`start` must be 'saved', 'earliest', 'latest', a Timestamp, or offsets as {{('topic', 0): 17}}, got {start!r}"
    )
    raise PipelineError(msg)


def check_until(until: Any) -> None:
    """Finds what cannot be an end.

    Raises:
        PipelineError: If it is none of what `Until` allows, or a time before 1970.
    """
    _refuse_early("until", until, "until='latest', and drop newer records with Filter")
    if until is not None and until != "latest" and not isinstance(until, Timestamp):
        msg = f"`until` must be None, 'latest' or a Timestamp, got {until!r}"
        raise PipelineError(msg)


def _refuse_early(option: str, moment: Any, instead: str) -> None:
    if isinstance(moment, Timestamp) and moment.micros < 0:
        msg = f"`{option}` must not be before 1970, got {moment!r}: Kafka finds no offsets by such times; use {instead}"
        raise PipelineError(msg)


async def find_starts(
    consumer: Consumer, partitions: Collection[TopicPartition], start: Start, group_id: str | None
) -> Offsets:
    """The offset that each partition is read from.

    Raises:
        KafkaOffsetError: If a partition has no such offset.
        KafkaTopicError: If an offset is told of a partition that is not read.
    """
    first, end = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    if start == "latest":
        return end
    if isinstance(start, Timestamp):
        found = await consumer.offsets_for_time(partitions, start.micros)
        return {partition: end[partition] if offset is None else offset for partition, offset in found.items()}
    if isinstance(start, Mapping):
        told = {TopicPartition(*partition): offset for partition, offset in start.items()}
        _refuse_unread(told, partitions)
    elif start == "saved" and group_id is not None:
        told = {partition: saved.offset for partition, saved in (await consumer.committed(partitions)).items()}
    else:
        told = {}
    starts = {partition: told.get(partition, first[partition]) for partition in partitions}
    refuse_outside(starts, first, end)
    return starts


async def find_ends(consumer: Consumer, partitions: Collection[TopicPartition], until: Until) -> Offsets:
    """The offset that each partition is read up to, without it; none for one that has no end."""
    if until is None:
        return {}
    end = await consumer.end_offsets(partitions)
    if isinstance(until, Timestamp):
        found = await consumer.offsets_for_time(partitions, until.micros)
        return {partition: end[partition] if offset is None else offset for partition, offset in found.items()}
    return end


def refuse_outside(offsets: Offsets, first: Offsets, end: Offsets, remedy: str = CHOOSE_START) -> None:
    """Finds offsets that a partition does not have.

    Args:
        offsets: Where partitions are to be read from.
        first: Their first offsets.
        end: The offsets behind their last records.
        remedy: What to do.

    Raises:
        KafkaOffsetError: For the first of them.
    """
    for partition, offset in offsets.items():
        if not first[partition] <= offset <= end[partition]:
            msg = (
                f"partition {partition.partition} of topic {partition.topic!r} is to be read from offset {offset}, but "
                f"its offsets go from {first[partition]} to {end[partition]}; records have been deleted by retention, "
                f"or the topic is another one now; {remedy}"
            )
            raise KafkaOffsetError(msg)


def _refuse_unread(told: Offsets, partitions: Collection[TopicPartition]) -> None:
    for partition in told:
        if partition not in partitions:
            msg = (
                f"`start` tells an offset of partition {partition.partition} of topic {partition.topic!r}, which is "
                f"not read; the partitions are {shorten(list(map(tuple, partitions)))}"
            )
            raise KafkaTopicError(msg)


def _is_offset(item: tuple[Any, Any]) -> bool:
    partition, offset = item
    return (
        isinstance(partition, tuple)
        and len(partition) == 2
        and isinstance(partition[0], str)
        and isinstance(partition[1], int)
        and isinstance(offset, int)
        and not isinstance(offset, bool)
        and offset >= 0
    )
