"""Sliding windows: windows of one length that start at regular intervals and so overlap."""

from __future__ import annotations

from collections.abc import Iterable

from streamcore.model.spans import span_argument
from streamcore.model.window import LAST_MOMENT, BoundedWindow, IntervalWindow
from streamcore.model.windowing import WindowFn
from streamcore.timestamp import Duration, DurationTypes, TimestampTypes
from streamcore.windowing.bounds import bounded_span, positive_argument
from streamcore.windowing.interning import InterningWindowFn


class SlidingWindows(InterningWindowFn):
    """The windows `[n * period + offset, n * period + offset + size)`.

    With a period greater than the size there are moments that lie in no window: their elements vanish when they are
    grouped.

    Args:
        size: Length of a window: seconds, a `Duration` or a `timedelta`.
        period: Time from the start of one window to that of the next.
        offset: Moves the starts of the windows away from multiples of `period` since the epoch. Brought into
            `[0, period)`.

    Attributes:
        size: The length.
        period: The period.
        offset: The offset, not negative and less than the period.
        size_micros: The length in microseconds.
        period_micros: The period in microseconds.
        offset_micros: The offset in microseconds.

    Raises:
        PipelineError: If `size` or `period` is not positive.

    >>> SlidingWindows(size=15, period=5).windows_at(12_000_000)
    ([0.0, 15.0), [5.0, 20.0), [10.0, 25.0))
    >>> SlidingWindows(size=15, period=10).span_at(12_000_000)
    (10000000, 15000000)
    """

    follows_timestamp = True

    def __init__(self, size: DurationTypes, period: DurationTypes, offset: TimestampTypes | DurationTypes = 0) -> None:
        self.size_micros = positive_argument("SlidingWindows", "size", size)
        self.period_micros = positive_argument("SlidingWindows", "period", period)
        self.offset_micros = span_argument("offset", offset, "SlidingWindows") % self.period_micros
        self.size = Duration.of_micros(self.size_micros)
        self.period = Duration.of_micros(self.period_micros)
        self.offset = Duration.of_micros(self.offset_micros)

    def windows_at(self, timestamp: int) -> tuple[IntervalWindow, ...]:
        """The windows that hold the moment, the one that ends first in front."""
        # Twice in a period the answer changes: where a window starts, and where one ends.
        period = self.period_micros
        phase = (timestamp - self.offset_micros) % period
        ending = self.size_micros % period
        edge = timestamp - phase if phase < ending else timestamp - phase + ending
        windows = self._known.get(edge)
        return self._make(edge) if windows is None else windows

    def span_at(self, timestamp: int) -> tuple[int, int]:
        """The slice around the moment: from one start or end of a window to the next."""
        timestamp = min(timestamp, LAST_MOMENT)
        phase = (timestamp - self.offset_micros) % self.period_micros
        ending = self.size_micros % self.period_micros
        start = timestamp - phase
        if phase < ending:
            return bounded_span(start, start + ending)
        return bounded_span(start + ending, start + self.period_micros)

    def assign(self, assign_context: WindowFn.AssignContext) -> Iterable[BoundedWindow]:
        """The windows at the element's timestamp, the one that starts last in front, as in Beam."""
        return list(reversed(self.windows_at(assign_context.timestamp.micros)))

    def _make(self, edge: int) -> tuple[IntervalWindow, ...]:
        if edge > LAST_MOMENT:
            return self.windows_at(LAST_MOMENT)
        newest = edge - (edge - self.offset_micros) % self.period_micros
        starts = range(newest, edge - self.size_micros, -self.period_micros)
        windows = [IntervalWindow.of_micros(start, start + self.size_micros) for start in reversed(starts)]
        return self._remember(edge, tuple(windows))

    def __repr__(self) -> str:
        offset = f", offset={float(self.offset)}" if self.offset_micros else ""
        return f"{type(self).__name__}(size={float(self.size)}, period={float(self.period)}{offset})"
