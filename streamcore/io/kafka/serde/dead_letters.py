"""What becomes of records that cannot be deserialized: they stop the pipeline, or go to an output of their own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeAlias

from streamcore.errors import SourceError, StreamcoreError, shorten
from streamcore.io.dead_letters import set_aside
from streamcore.io.kafka.serde.serde import RecordPart
from streamcore.model.windowed_value import TaggedOutput
from streamcore.timestamp import Timestamp


class BadTimestampError(SourceError):
    """A record has no event time that can be used; the message says which record, and why."""


@dataclasses.dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record of which the key or the value could not be deserialized, or the event time not be told.

    Attributes:
        topic: The topic it is in.
        partition: The partition there.
        offset: Its offset there.
        timestamp: Its timestamp, the minimum timestamp if it has none that can be used.
        key: The key as it is in the topic, or None.
        value: The value as it is in the topic, or None.
        headers: Names and values of its headers, in their order.
        reason: What is wrong with it.
    """

    topic: str
    partition: int
    offset: int
    timestamp: Timestamp
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    reason: str


BadRecordHandler: TypeAlias = Callable[[DeadLetter, Exception], Any]


def reason_of(part: RecordPart, error: Exception) -> str:
    """What is wrong with a part of a record, as it stands in a dead letter.

    >>> reason_of(RecordPart.VALUE, ValueError("no such colour"))
    'value: ValueError: no such colour'
    """
    # Our own errors are sentences that need no class name.
    told = str(error) if isinstance(error, StreamcoreError) else f"{type(error).__name__}: {error}"
    return f"{part.value}: {told}"


def refuse_record(letter: DeadLetter, error: Exception) -> Any:
    """Stops the pipeline.

    Raises:
        SourceError: Always; it says which record is wrong, and why.
    """
    if isinstance(error, BadTimestampError):
        raise error
    msg = (
        f"the record at offset {letter.offset} of partition {letter.partition} of topic {letter.topic!r} cannot be "
        f"deserialized: {letter.reason}; its key is {shorten(letter.key)}, its value is {shorten(letter.value)}"
    )
    raise SourceError(msg) from error


def set_record_aside(letter: DeadLetter, error: Exception) -> TaggedOutput[str, DeadLetter]:
    """Puts the record where the output of dead letters is made of."""
    return set_aside(letter)
