"""Windows: finite spans of event time that elements are grouped by."""

from __future__ import annotations

from typing import Final

from streamcore.timestamp import (
    END_OF_GLOBAL_WINDOW,
    GLOBAL_WINDOW_MAX_MICROS,
    MIN_TIMESTAMP,
    Timestamp,
    TimestampTypes,
    to_micros,
)

LAST_MOMENT: Final = GLOBAL_WINDOW_MAX_MICROS
"""No window holds a later moment, as the end of every window must come before the watermark's last value. An element
with a later timestamp belongs where one at this moment would."""

LAST_END: Final = LAST_MOMENT + 1


class BoundedWindow:
    """A window that ends. Windows are compared by `end` first, and are hashable values.

    A subclass must define `__eq__` and `__hash__`: elements are in one group if their windows are equal.

    Args:
        end: The first moment after the window; a window that goes on beyond the end of time is cut off there, as its
            pane would be late everywhere.
    """

    __slots__ = ("end_micros",)

    end_micros: int

    def __init__(self, end: TimestampTypes) -> None:
        self.end_micros = min(to_micros(end), LAST_END)

    @property
    def start(self) -> Timestamp:
        """The first moment in the window."""
        msg = f"{type(self).__name__} must define `start`"
        raise NotImplementedError(msg)

    @property
    def end(self) -> Timestamp:
        """The first moment after the window."""
        return Timestamp.of_micros(self.end_micros)

    def max_timestamp(self) -> Timestamp:
        """The last moment in the window."""
        return Timestamp.of_micros(self.end_micros - 1)

    def __lt__(self, other: BoundedWindow) -> bool:
        if not isinstance(other, BoundedWindow):
            return NotImplemented
        return self.end_micros < other.end_micros

    # By identity, as Python has it, every element would be a group of its own.

    def __eq__(self, other: object) -> bool:
        raise NotImplementedError(self._lacking("__eq__"))

    def __hash__(self) -> int:
        raise NotImplementedError(self._lacking("__hash__"))

    def _lacking(self, method: str) -> str:
        return (
            f"{type(self).__name__} has no `{method}`; a window must define `__eq__` and `__hash__`, "
            "as elements are grouped by equal windows"
        )

    def __repr__(self) -> str:
        return f"[?, {float(self.end)})"


class IntervalWindow(BoundedWindow):
    """The half-open span `[start, end)`, cut off at the end of time; as in Beam it may start before the beginning.

    >>> IntervalWindow(0, 60)
    [0.0, 60.0)
    >>> IntervalWindow(0, MAX_TIMESTAMP).max_timestamp() == END_OF_GLOBAL_WINDOW
    True
    """

    __slots__ = ("_end", "_start", "start_micros")

    start_micros: int
    # Made when they are asked for, and kept: the window of a pane is asked once for every key.
    _start: Timestamp | None
    _end: Timestamp | None

    def __init__(self, start: TimestampTypes, end: TimestampTypes) -> None:
        self.start_micros = to_micros(start)
        self.end_micros = min(to_micros(end), LAST_END)
        self._start = self._end = None

    @classmethod
    def of_micros(cls, start: int, end: int) -> IntervalWindow:
        """A window from integer microseconds, without rounding."""
        window = cls.__new__(cls)
        window.start_micros = start
        window.end_micros = end if end < LAST_END else LAST_END
        window._start = window._end = None
        return window

    @property
    def start(self) -> Timestamp:
        """The first moment in the window."""
        start = self._start
        if start is None:
            start = self._start = Timestamp.of_micros(self.start_micros)
        return start

    @property
    def end(self) -> Timestamp:
        """The first moment after the window."""
        end = self._end
        if end is None:
            end = self._end = Timestamp.of_micros(self.end_micros)
        return end

    def intersects(self, other: IntervalWindow) -> bool:
        """Whether the two spans share a moment."""
        return other.start_micros < self.end_micros and self.start_micros < other.end_micros

    def union(self, other: IntervalWindow) -> IntervalWindow:
        """The smallest window that covers both."""
        return IntervalWindow.of_micros(
            min(self.start_micros, other.start_micros), max(self.end_micros, other.end_micros)
        )

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.start_micros == other.start_micros and self.end_micros == other.end_micros

    def __lt__(self, other: BoundedWindow) -> bool:
        if not isinstance(other, IntervalWindow):
            return super().__lt__(other)
        return (self.end_micros, self.start_micros) < (other.end_micros, other.start_micros)

    def __le__(self, other: BoundedWindow) -> bool:
        return self == other or self < other

    def __hash__(self) -> int:
        return hash((self.start_micros, self.end_micros))

    def __repr__(self) -> str:
        return f"[{float(self.start)}, {float(self.end)})"


class GlobalWindow(BoundedWindow):
    """The one window that covers all of event time; all instances are the same object."""

    __slots__ = ()

    _instance: GlobalWindow | None = None

    def __new__(cls) -> GlobalWindow:
        """The one instance."""
        if GlobalWindow._instance is None:
            GlobalWindow._instance = super().__new__(cls)
        return GlobalWindow._instance

    def __init__(self) -> None:
        self.end_micros = LAST_END

    def __reduce__(self) -> tuple[type[GlobalWindow], tuple[()]]:
        """Copies and pickles stay the one instance."""
        return (GlobalWindow, ())

    @property
    def start(self) -> Timestamp:
        """The beginning of time."""
        return MIN_TIMESTAMP

    @property
    def end(self) -> Timestamp:
        """The last moment, as Beam has it: nothing comes after the global window."""
        return END_OF_GLOBAL_WINDOW

    def __eq__(self, other: object) -> bool:
        return self is other or type(self) is type(other)

    def __hash__(self) -> int:
        return hash(GlobalWindow)

    def __repr__(self) -> str:
        return "GlobalWindow"
