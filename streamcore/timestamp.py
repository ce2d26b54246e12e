"""Points and spans of event time: integer microseconds inside, Beam's `Timestamp` and `Duration` outside.

The extremes are those of Apache Beam, so that timestamps can be handed to its runners unchanged:
https://beam.apache.org/releases/pydoc/current/apache_beam.utils.timestamp.html
"""

from __future__ import annotations

import datetime
import functools
from typing import ClassVar, Final, TypeAlias, Union, overload

MICROS_PER_SECOND: Final = 1_000_000
MIN_MICROS: Final = -9223372036854775 * 1000
MAX_MICROS: Final = 9223372036854775 * 1000
GLOBAL_WINDOW_MAX_MICROS: Final = MAX_MICROS - 24 * 3600 * MICROS_PER_SECOND

# What to do with a datetime without a time zone; `astimezone` would take it for local time.
MEANT_AS_UTC: Final = "if it means UTC, write dt.replace(tzinfo=datetime.UTC)"

TimestampTypes: TypeAlias = Union[int, float, "Timestamp"]
DurationTypes: TypeAlias = Union[int, float, "Duration", datetime.timedelta]


def to_micros(seconds: TimestampTypes | DurationTypes) -> int:
    """Microseconds of a number of seconds, a `Timestamp`, a `Duration` or a `timedelta`.

    >>> to_micros(1.5), to_micros(Timestamp(2)), to_micros(datetime.timedelta(minutes=1))
    (1500000, 2000000, 60000000)

    Raises:
        TypeError: For anything else.
    """
    if isinstance(seconds, Timestamp | Duration):
        return seconds.micros
    if isinstance(seconds, int):
        return seconds * MICROS_PER_SECOND
    if isinstance(seconds, float):
        return round(seconds * MICROS_PER_SECOND)
    if isinstance(seconds, datetime.timedelta):
        return seconds // datetime.timedelta(microseconds=1)
    msg = f"expected seconds as a number, a Timestamp, a Duration or a timedelta, got {seconds!r}"
    raise TypeError(msg)


@functools.total_ordering
class Timestamp:
    """A point in event time, in microseconds since the Unix epoch (UTC).

    Args:
        seconds: Whole or fractional seconds since the epoch.
        micros: Microseconds to add.

    >>> Timestamp(1.5), Timestamp(2)
    (Timestamp(1.500000), Timestamp(2))
    >>> Timestamp.from_rfc3339("2024-02-29T12:00:00Z").micros
    1709208000000000
    """

    __slots__ = ("micros",)

    micros: int
    MICROS_PRECISION: ClassVar[int] = 6

    def __init__(self, seconds: int | float = 0, micros: int | float = 0) -> None:
        if not isinstance(seconds, int | float):
            msg = f"`seconds` of a Timestamp must be a number, got {seconds!r}"
            raise TypeError(msg)
        self.micros = to_micros(seconds) + int(micros)

    @classmethod
    def of(cls, seconds: TimestampTypes | datetime.datetime) -> Timestamp:
        """The given `Timestamp`, or one made of a number of seconds or of a `datetime` with a time zone.

        Raises:
            ValueError: If a `datetime` has no time zone.
            TypeError: For anything else.
        """
        if isinstance(seconds, Timestamp):
            return seconds
        if isinstance(seconds, datetime.datetime):
            is_naive = seconds.utcoffset() is None
            return cls.from_utc_datetime(seconds if is_naive else seconds.astimezone(datetime.UTC))
        if not isinstance(seconds, int | float):
            msg = f"cannot make a Timestamp of {seconds!r}; give seconds since the epoch"
            raise TypeError(msg)
        return cls(seconds)

    @classmethod
    def of_micros(cls, micros: int) -> Timestamp:
        """A timestamp from integer microseconds, without rounding."""
        stamp = cls.__new__(cls)
        stamp.micros = micros
        return stamp

    @classmethod
    def now(cls) -> Timestamp:
        """The wall clock's present time."""
        return cls.from_utc_datetime(datetime.datetime.now(datetime.UTC))

    @classmethod
    def from_utc_datetime(cls, dt: datetime.datetime) -> Timestamp:
        """A timestamp from an aware `datetime` in UTC.

        Raises:
            ValueError: If `dt` has no time zone or is not in UTC.
        """
        offset = dt.utcoffset()
        if offset != datetime.timedelta(0):
            advice = MEANT_AS_UTC if offset is None else "convert it with dt.astimezone(datetime.UTC)"
            msg = f"expected a datetime in UTC, got {dt!r}; {advice}"
            raise ValueError(msg)
        return cls.of_micros((dt - _EPOCH) // datetime.timedelta(microseconds=1))

    @classmethod
    def from_rfc3339(cls, rfc3339: str) -> Timestamp:
        """Parses an RFC 3339 text such as `2024-02-29T12:00:00.25Z`.

        Raises:
            ValueError: If the text is not RFC 3339, or has no offset.
        """
        try:
            dt = datetime.datetime.fromisoformat(rfc3339)
        except ValueError as error:
            msg = f"could not parse RFC 3339 string {rfc3339!r}: {error}"
            raise ValueError(msg) from error
        if dt.tzinfo is None:
            msg = f"could not parse RFC 3339 string {rfc3339!r}: it has no offset; end it with Z for UTC"
            raise ValueError(msg)
        return cls.from_utc_datetime(dt.astimezone(datetime.UTC))

    def seconds(self) -> int:
        """Whole seconds, rounded towards the past."""
        return self.micros // MICROS_PER_SECOND

    def to_utc_datetime(self, has_tz: bool = False) -> datetime.datetime:
        """The `datetime` in UTC; naive unless `has_tz`, as in Beam.

        Raises:
            OverflowError: If it lies outside the calendar, as the minimum timestamp does.
        """
        try:
            aware = _EPOCH + datetime.timedelta(microseconds=self.micros)
        except OverflowError:
            msg = f"{self!r} lies outside the calendar, which has the years 1 to 9999; {_outside(self.micros)}"
            raise OverflowError(msg) from None
        return aware if has_tz else aware.replace(tzinfo=None)

    def to_rfc3339(self) -> str:
        """The RFC 3339 text, with as many digits as are needed.

        Raises:
            OverflowError: As for `to_utc_datetime`.
        """
        return self.to_utc_datetime().isoformat() + "Z"

    def predecessor(self) -> Timestamp:
        """The largest timestamp before this one."""
        return Timestamp.of_micros(self.micros - 1)

    def successor(self) -> Timestamp:
        """The smallest timestamp after this one."""
        return Timestamp.of_micros(self.micros + 1)

    def __float__(self) -> float:
        return self.micros / MICROS_PER_SECOND

    def __int__(self) -> int:
        # Towards the past and not towards zero, so that int() of the last moment of a window is its last second.
        return self.micros // MICROS_PER_SECOND

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Timestamp | Duration | int | float):
            return self.micros == to_micros(other)
        return NotImplemented

    def __lt__(self, other: TimestampTypes | Duration) -> bool:
        if isinstance(other, Timestamp | Duration | int | float):
            return self.micros < to_micros(other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.micros)

    def __add__(self, other: DurationTypes) -> Timestamp:
        if isinstance(other, Timestamp):
            return NotImplemented
        return Timestamp.of_micros(self.micros + to_micros(other))

    __radd__ = __add__

    @overload
    def __sub__(self, other: Timestamp) -> Duration: ...

    @overload
    def __sub__(self, other: DurationTypes) -> Timestamp: ...

    def __sub__(self, other: Timestamp | DurationTypes) -> Timestamp | Duration:
        if isinstance(other, Timestamp):
            return Duration.of_micros(self.micros - other.micros)
        return Timestamp.of_micros(self.micros - to_micros(other))

    def __mod__(self, other: DurationTypes) -> Duration:
        return Duration.of_micros(self.micros % to_micros(other))

    def __repr__(self) -> str:
        return f"Timestamp({_decimal(self.micros)})"

    def __str__(self) -> str:
        return self.__repr__()


@functools.total_ordering
class Duration:
    """A span of time in microseconds; may be negative.

    >>> Duration(2) + Duration(micros=500_000)
    Duration(2.500000)
    """

    __slots__ = ("micros",)

    micros: int

    def __init__(self, seconds: int | float = 0, micros: int | float = 0) -> None:
        self.micros = to_micros(seconds) + int(micros)

    @classmethod
    def of(cls, seconds: DurationTypes) -> Duration:
        """The given `Duration`, or one made of seconds or a `timedelta`."""
        if isinstance(seconds, Timestamp):
            msg = f"cannot make a Duration of {seconds!r}; subtract another Timestamp from it"
            raise TypeError(msg)
        return seconds if isinstance(seconds, Duration) else cls.of_micros(to_micros(seconds))

    @classmethod
    def of_micros(cls, micros: int) -> Duration:
        """A duration from integer microseconds, without rounding."""
        span = cls.__new__(cls)
        span.micros = micros
        return span

    def __float__(self) -> float:
        return self.micros / MICROS_PER_SECOND

    def __int__(self) -> int:
        return self.micros // MICROS_PER_SECOND

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Duration | Timestamp | int | float | datetime.timedelta):
            return self.micros == to_micros(other)
        return NotImplemented

    def __lt__(self, other: DurationTypes | Timestamp) -> bool:
        if isinstance(other, Duration | Timestamp | int | float | datetime.timedelta):
            return self.micros < to_micros(other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.micros)

    def __neg__(self) -> Duration:
        return Duration.of_micros(-self.micros)

    def __add__(self, other: DurationTypes) -> Duration:
        if isinstance(other, Timestamp):
            return NotImplemented
        return Duration.of_micros(self.micros + to_micros(other))

    __radd__ = __add__

    def __sub__(self, other: DurationTypes) -> Duration:
        if isinstance(other, Timestamp):
            return NotImplemented
        return Duration.of_micros(self.micros - to_micros(other))

    def __rsub__(self, other: DurationTypes) -> Duration:
        return Duration.of_micros(to_micros(other) - self.micros)

    def __mul__(self, factor: int | float) -> Duration:
        return Duration.of_micros(round(self.micros * factor))

    __rmul__ = __mul__

    def __mod__(self, other: DurationTypes) -> Duration:
        return Duration.of_micros(self.micros % to_micros(other))

    def __repr__(self) -> str:
        return f"Duration({_decimal(self.micros)})"


def _decimal(micros: int) -> str:
    sign = "-" if micros < 0 else ""
    whole, rest = divmod(abs(micros), MICROS_PER_SECOND)
    return f"{sign}{whole}.{rest:06d}" if rest else f"{sign}{whole}"


def _outside(micros: int) -> str:
    """What is to be done about a time that lies outside the calendar."""
    if micros < 0:
        return "an element without an event time has the minimum timestamp, give it a time by WithTimestamps(fn)"
    return "that is so at the end of the global window; check the unit of other times, which is seconds"


_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)

MIN_TIMESTAMP: Final = Timestamp.of_micros(MIN_MICROS)
MAX_TIMESTAMP: Final = Timestamp.of_micros(MAX_MICROS)
END_OF_GLOBAL_WINDOW: Final = Timestamp.of_micros(GLOBAL_WINDOW_MAX_MICROS)
