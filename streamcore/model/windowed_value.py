"""What user code may hand out in place of a bare value: with a timestamp, with windows, or for another output."""

from __future__ import annotations

import datetime
import functools
from typing import Any, Final, Generic, TypeVar

from streamcore.model.pane import PANE_INFO_UNKNOWN, PaneInfo
from streamcore.model.window import BoundedWindow
from streamcore.timestamp import Timestamp, TimestampTypes

T = TypeVar("T")
Tag = TypeVar("Tag", bound=str)

WRAPPERS: Final[set[type]] = set()
"""The classes of outputs that are more than a value, those that users derive from them included."""


class Wrapper:
    """What user code may put around a value; subclasses are known as such without a look at what they derive from."""

    __slots__ = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Adds the class to `WRAPPERS`."""
        super().__init_subclass__(**kwargs)
        WRAPPERS.add(cls)


@functools.total_ordering
class TimestampedValue(Wrapper, Generic[T]):
    """A value and its event time; ordered by the value first, as in Beam.

    What user code puts out for an element in several windows is in the windows of its own time once for each of these,
    as in Beam, and whether or not the code asks for the window.

    >>> TimestampedValue("a", 12)
    TimestampedValue('a', Timestamp(12))
    """

    __slots__ = ("timestamp", "value")

    def __init__(self, value: T, timestamp: TimestampTypes | datetime.datetime) -> None:
        self.value = value
        self.timestamp = Timestamp.of(timestamp)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TimestampedValue):
            return NotImplemented
        return bool(self.value == other.value and self.timestamp == other.timestamp)

    def __hash__(self) -> int:
        return hash((self.value, self.timestamp))

    def __lt__(self, other: TimestampedValue[Any]) -> bool:
        if not isinstance(other, TimestampedValue):
            return NotImplemented
        if self.value != other.value:
            return bool(self.value < other.value)
        return self.timestamp < other.timestamp

    def __repr__(self) -> str:
        return f"TimestampedValue({self.value!r}, {self.timestamp!r})"


class WindowedValue(Wrapper, Generic[T]):
    """A value with timestamp, windows and pane: the view of an element that user code may ask for."""

    __slots__ = ("pane_info", "timestamp", "value", "windows")

    def __init__(
        self,
        value: T,
        timestamp: TimestampTypes,
        windows: tuple[BoundedWindow, ...],
        pane_info: PaneInfo = PANE_INFO_UNKNOWN,
    ) -> None:
        self.value = value
        self.timestamp = Timestamp.of(timestamp)
        self.windows = tuple(windows)
        self.pane_info = pane_info

    def with_value(self, value: T) -> WindowedValue[T]:
        """The same element with another value."""
        return WindowedValue(value, self.timestamp, self.windows, self.pane_info)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, WindowedValue):
            return NotImplemented
        return bool(
            self.value == other.value
            and self.timestamp == other.timestamp
            and self.windows == other.windows
            and self.pane_info == other.pane_info
        )

    def __hash__(self) -> int:
        return hash((self.value, self.timestamp, self.windows, self.pane_info))

    def __repr__(self) -> str:
        return f"WindowedValue({self.value!r}, {self.timestamp!r}, {self.windows!r}, {self.pane_info!r})"


class TaggedOutput(Wrapper, Generic[Tag, T]):
    """A value for the output named `tag`, in place of the main output.

    In annotations both are named, as in Beam: `TaggedOutput[Literal["short"], str]`.

    >>> def parse(text):
    ...     return int(text) if text.isdecimal() else TaggedOutput("bad", text)
    >>> with Pipeline() as p:
    ...     outputs = p | Create(["1", "x"]) | Map(parse).with_outputs("bad", main="numbers")
    ...     _ = outputs.bad | Map(print)
    x
    """

    __slots__ = ("tag", "value")

    def __init__(self, tag: Tag, value: T) -> None:
        if not isinstance(tag, str):
            msg = f"the tag of a TaggedOutput must be a str, got {tag!r}; write TaggedOutput('tag', value)"
            raise TypeError(msg)
        self.tag = tag
        self.value = value

    def __repr__(self) -> str:
        return f"TaggedOutput({self.tag!r}, {self.value!r})"
