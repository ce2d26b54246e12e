"""Spans and moments of time as the user gives them."""

from __future__ import annotations

from streamcore.errors import TransformTypeError, shorten
from streamcore.timestamp import DurationTypes, TimestampTypes, to_micros


def span_argument(name: str, value: DurationTypes | TimestampTypes, kind: str | None = None) -> int:
    """Microseconds of an argument that is a span of time.

    Args:
        name: What the argument is called.
        value: What was given.
        kind: What it was given to, where its name alone does not tell.

    Raises:
        TransformTypeError: If it is neither a finite number of seconds nor a span.
    """
    return _micros(name, value, kind, "seconds, a Duration or a timedelta")


def moment_argument(name: str, value: TimestampTypes) -> int:
    """The same for an argument that is a point in time.

    Raises:
        TransformTypeError: If it is neither a finite number of seconds nor a `Timestamp`.
    """
    return _micros(name, value, None, "seconds since the epoch or a Timestamp")


def _micros(name: str, value: DurationTypes | TimestampTypes, kind: str | None, wanted: str) -> int:
    try:
        return to_micros(value)
    except (TypeError, ValueError, OverflowError) as error:
        argument = f"`{name}`" if kind is None else f"`{name}` of {kind}"
        msg = f"{argument} must be {wanted}, got {shorten(value)}"
        raise TransformTypeError(msg) from error
