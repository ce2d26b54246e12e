"""What all window kinds share: spans at the ends of time, and the check of one given by the user."""

from __future__ import annotations

from typing import Final

from streamcore.errors import PipelineError, shorten
from streamcore.model.spans import span_argument
from streamcore.model.window import LAST_MOMENT
from streamcore.timestamp import MAX_MICROS, MIN_MICROS, DurationTypes

AFTER_TIME: Final = MAX_MICROS + 1


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
