"""Fixed windows: time is cut into pieces of equal length."""

from __future__ import annotations

from streamcore.model.spans import span_argument
from streamcore.model.window import LAST_MOMENT, IntervalWindow
from streamcore.timestamp import Duration, DurationTypes, TimestampTypes
from streamcore.windowing.bounds import bounded_span, positive_argument
from streamcore.windowing.interning import InterningWindowFn


class FixedWindows(InterningWindowFn):
    """Every moment lies in the one window `[n * size + offset, (n + 1) * size + offset)`.

    Args:
        size: Length of a window: seconds, a `Duration` or a `timedelta`.
        offset: Moves the edges of the windows away from multiples of `size` since the epoch. Brought into `[0, size)`.

    Attributes:
        size: The length.
        offset: The offset, not negative and less than the size.
        size_micros: The length in microseconds.
        offset_micros: The offset in microseconds.

    Raises:
        PipelineError: If `size` is not positive.

    >>> FixedWindows(60).windows_at(90_000_000)
    ([60.0, 120.0),)
    >>> FixedWindows(5, offset=12)
    FixedWindows(5.0, offset=2.0)
    """

    has_one_window = True

    def __init__(self, size: DurationTypes, offset: TimestampTypes | DurationTypes = 0) -> None:
        self.size_micros = positive_argument("FixedWindows", "size", size)
        self.offset_micros = span_argument("offset", offset, "FixedWindows") % self.size_micros
        self.size = Duration.of_micros(self.size_micros)
        self.offset = Duration.of_micros(self.offset_micros)

    def windows_at(self, timestamp: int) -> tuple[IntervalWindow, ...]:
        """The one window that holds the moment."""
        start = timestamp - (timestamp - self.offset_micros) % self.size_micros
        windows = self._known.get(start)
        return self._make(start) if windows is None else windows

    def span_at(self, timestamp: int) -> tuple[int, int]:
        """The window's own span."""
        timestamp = min(timestamp, LAST_MOMENT)
        start = timestamp - (timestamp - self.offset_micros) % self.size_micros
        return bounded_span(start, start + self.size_micros)

    def _make(self, start: int) -> tuple[IntervalWindow, ...]:
        if start > LAST_MOMENT:
            return self.windows_at(LAST_MOMENT)
        return self._remember(start, (IntervalWindow.of_micros(start, start + self.size_micros),))

    def __repr__(self) -> str:
        offset = f", offset={float(self.offset)}" if self.offset_micros else ""
        return f"{type(self).__name__}({float(self.size)}{offset})"
