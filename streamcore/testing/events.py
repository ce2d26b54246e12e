"""What a `TestStream` does, step by step: elements arrive, a watermark moves, processing time moves."""

from __future__ import annotations

import abc
import functools
from collections.abc import Iterable
from typing import Any

from streamcore.errors import PipelineError
from streamcore.model.windowed_value import TimestampedValue
from streamcore.timestamp import Duration, DurationTypes, Timestamp, TimestampTypes


class StreamError(PipelineError, AssertionError):
    """A `TestStream` was given an impossible event; an `AssertionError` too, as in Beam."""


@functools.total_ordering
class Event(abc.ABC):
    """One step of a `TestStream`; equal to an event that does the same, and ordered among events of its kind."""

    __slots__ = ()

    @abc.abstractmethod
    def key(self) -> tuple[Any, ...]:
        """What the event is compared by, and in the end its tag."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Event) and self.key() == other.key()

    def __lt__(self, other: object) -> bool:
        if type(self) is not type(other) or not isinstance(other, Event):
            return NotImplemented
        return bool(self.key()[0] < other.key()[0])

    def __hash__(self) -> int:
        return hash((type(self), self.key()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.key()))})"


class ElementEvent(Event):
    """Elements arrive, all at once.

    Args:
        timestamped_values: The elements, as `TimestampedValue`s.
        tag: Which output they go to.
    """

    __slots__ = ("tag", "timestamped_values")

    def __init__(self, timestamped_values: Iterable[TimestampedValue[Any]], tag: str | None = None) -> None:
        self.timestamped_values = list(timestamped_values)
        self.tag = tag
        for value in self.timestamped_values:
            if not isinstance(value, TimestampedValue):
                msg = f"an ElementEvent holds TimestampedValues, got {value!r}; use TestStream().add_elements([...])"
                raise StreamError(msg)

    def key(self) -> tuple[Any, ...]:
        """The elements and the tag."""
        return tuple(self.timestamped_values), self.tag


class WatermarkEvent(Event):
    """The watermark moves.

    Args:
        new_watermark: Where to, seconds since the epoch or a `Timestamp`.
        tag: The watermark of which output.
    """

    __slots__ = ("new_watermark", "tag")

    def __init__(self, new_watermark: TimestampTypes, tag: str | None = None) -> None:
        self.new_watermark = Timestamp.of(new_watermark)
        self.tag = tag

    def key(self) -> tuple[Any, ...]:
        """The watermark and the tag."""
        return self.new_watermark, self.tag


class ProcessingTimeEvent(Event):
    """Processing time moves.

    Args:
        advance_by: By how much, in seconds.
    """

    __slots__ = ("advance_by",)

    def __init__(self, advance_by: DurationTypes) -> None:
        self.advance_by = Duration.of(advance_by)

    def key(self) -> tuple[Any, ...]:
        """The duration."""
        return (self.advance_by,)
