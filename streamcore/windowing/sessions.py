"""Session windows: bursts of activity, apart by a gap."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from streamcore.model.window import LAST_MOMENT, BoundedWindow, IntervalWindow
from streamcore.model.windowing import WindowFn
from streamcore.timestamp import Duration, DurationTypes
from streamcore.windowing.bounds import positive_argument


class Sessions(WindowFn):
    """Elements of a key that follow each other in less than `gap_size` share a window.

    An element opens `[timestamp, timestamp + gap_size)`, and windows that overlap become one. Windows that only touch
    stay apart: after a silence of exactly `gap_size` a new session begins.

    Args:
        gap_size: The silence that ends a session: seconds, a `Duration` or a `timedelta`.

    Attributes:
        gap_size: The gap.
        gap_micros: The gap in microseconds.

    Raises:
        PipelineError: If `gap_size` is not positive.

    >>> Sessions(600).assign(WindowFn.AssignContext(30))
    [[30.0, 630.0)]
    """

    follows_timestamp = True
    has_one_window = True

    def __init__(self, gap_size: DurationTypes) -> None:
        self.gap_micros = positive_argument("Sessions", "gap_size", gap_size)
        self.gap_size = Duration.of_micros(self.gap_micros)

    def window_at(self, timestamp: int) -> IntervalWindow:
        """The window that an element opens (`timestamp` in microseconds)."""
        start = min(timestamp, LAST_MOMENT)
        return IntervalWindow.of_micros(start, start + self.gap_micros)

    def assign(self, assign_context: WindowFn.AssignContext) -> Iterable[BoundedWindow]:
        """The window that the element opens."""
        return [self.window_at(assign_context.timestamp.micros)]

    def merge(self, merge_context: WindowFn.MergeContext) -> None:
        """Unites windows that overlap."""
        windows = cast(list[IntervalWindow], merge_context.windows)
        group: list[IntervalWindow] = []
        end = 0
        for window in sorted(windows, key=lambda window: window.start_micros):
            if group and window.start_micros < end:
                group.append(window)
                end = max(end, window.end_micros)
                continue
            _unite(merge_context, group, end)
            group, end = [window], window.end_micros
        _unite(merge_context, group, end)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({float(self.gap_size)})"


def _unite(merge_context: WindowFn.MergeContext, group: list[IntervalWindow], end: int) -> None:
    if len(group) > 1:
        merge_context.merge(group, IntervalWindow.of_micros(group[0].start_micros, end))
