"""What all window kinds share: the ends of time, and the check of a span given by the user."""

from __future__ import annotations

from typing import Final

from streamcore.errors import PipelineError, shorten
from streamcore.model.spans import span_argument
from streamcore.model.window import IntervalWindow
from streamcore.timestamp import (
    GLOBAL_WINDOW_MAX_MICROS,
    MAX_MICROS,
    MIN_MICROS,
    DurationTypes,
)

LAST_MOMENT: Final = GLOBAL_WINDOW_MAX_MICROS
"""No window holds a later moment, as the end of every window must come before the watermark's last value. An element
with a later timestamp belongs where one at this moment would."""

LAST_END: Final = LAST_MOMENT + 1
AFTER_TIME: Final = MAX_MICROS + 1


def bounded_window(start: int, end: int) -> IntervalWindow:
    """The window `[start, end)`, cut off at the end of time; as in Beam it may start before the beginning of time.

    >>> bounded_window(0, MAX_MICROS).end.micros == LAST_END
    True
    """
    return IntervalWindow.of_micros(start, min(end, LAST_END))


def bounded_span(start: int, end: int) -> tuple[int, int]:
    """The span in which the answer is that of `[start, end)`: the last one goes on to the end of time."""
    return max(start, MIN_MICROS), AFTER_TIME if end > LAST_MOMENT else end


def positive_argument(kind: str, name: str, value: DurationTypes) -> int:
    """Microseconds of the argument `name` of the window kind `kind`, which must be positive.

    Raises:
        PipelineError: If it is not positive.
        TransformTypeError: If it is neither a number of seconds nor a span.
    """
    micros = span_argument(name, value, kind)
    if micros <= 0:
        msg = f"`{name}` of {kind} must be positive, got {shorten(value)}; the smallest is one microsecond"
        raise PipelineError(msg)
    return micros
