"""The global window: everything is in it."""

from __future__ import annotations

from typing import Final, TypeVar

from streamcore.model.pane import PANE_INFO_UNKNOWN, PaneInfo
from streamcore.model.window import GlobalWindow
from streamcore.model.windowed_value import WindowedValue
from streamcore.model.windowing import TimeWindowFn
from streamcore.timestamp import MIN_MICROS, MIN_TIMESTAMP, TimestampTypes
from streamcore.windowing.bounds import AFTER_TIME

T = TypeVar("T")

_EVERYTHING: Final = (GlobalWindow(),)


class GlobalWindows(TimeWindowFn):
    """All elements share one window, which ends with the input; the windowing of every new pipeline.

    >>> GlobalWindows().windows_at(0)
    (GlobalWindow,)
    """

    has_one_window = True

    @classmethod
    def windowed_value(
        cls, value: T, timestamp: TimestampTypes = MIN_TIMESTAMP, pane_info: PaneInfo = PANE_INFO_UNKNOWN
    ) -> WindowedValue[T]:
        """A value in the global window."""
        return WindowedValue(value, timestamp, _EVERYTHING, pane_info)

    @classmethod
    def windowed_value_at_end_of_window(cls, value: T) -> WindowedValue[T]:
        """A value in the global window, at its last moment."""
        return cls.windowed_value(value, GlobalWindow().max_timestamp())

    def windows_at(self, timestamp: int) -> tuple[GlobalWindow, ...]:
        """The global window."""
        return _EVERYTHING

    def span_at(self, timestamp: int) -> tuple[int, int]:
        """All of time."""
        return MIN_MICROS, AFTER_TIME

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"
