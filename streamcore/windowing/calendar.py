"""Calendar windows: days, weeks, months and years as the clocks and calendars of a place have them."""

from __future__ import annotations

import bisect
import calendar
import datetime
import zoneinfo
from typing import Any, Final, Literal, Self

from streamcore.errors import PipelineError, TransformTypeError, shorten
from streamcore.model.window import LAST_END, LAST_MOMENT, IntervalWindow
from streamcore.timestamp import MICROS_PER_SECOND, MIN_MICROS
from streamcore.windowing.bounds import bounded_span
from streamcore.windowing.interning import MOST_KNOWN, InterningWindowFn

_EPOCH: Final = datetime.date(1970, 1, 1)
_MONDAY: Final = datetime.date(1969, 12, 29)  # of the week of the epoch
_EPOCH_TIME: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_SECOND: Final = datetime.timedelta(seconds=1)

# Beyond these dates there is one long window each: `datetime` knows the years 1 to 9999, and zones differ by a day.
_FIRST_DATE: Final = datetime.date(1, 1, 5).toordinal()
_LAST_DATE: Final = datetime.date(9999, 12, 25).toordinal()
_FIRST_SECOND: Final = (datetime.datetime(1, 1, 3, tzinfo=datetime.UTC) - _EPOCH_TIME) // _SECOND
_LAST_SECOND: Final = (datetime.datetime(9999, 12, 27, tzinfo=datetime.UTC) - _EPOCH_TIME) // _SECOND


class CalendarWindows(InterningWindowFn):
    """Windows from midnight to midnight in a time zone, made by `days`, `weeks`, `months` or `years`.

    Exact across clock changes: a day in New York has 23, 24 or 25 hours. Where a change leaves a midnight out, the day
    begins with its first moment; where midnight comes twice, with the first one. A day that a place left out of its
    calendar has no window. Beam has these windows in Java only:
    https://beam.apache.org/releases/javadoc/current/org/apache/beam/sdk/transforms/windowing/CalendarWindows.html

    Attributes:
        unit: What `number` counts: days, or months.
        number: Length of a window in that unit.
        start: A date on which a window starts.
        timezone: The time zone.

    >>> new_york = CalendarWindows.days(timezone="America/New_York")
    >>> start, end = new_york.span_at(1362938400_000_000)  # 2013-03-10, when the clocks went forward
    >>> (end - start) / 3600e6
    23.0
    """

    __slots__ = ("_starts", "_windows")

    has_one_window = True

    _starts: list[int]
    _windows: list[tuple[IntervalWindow, ...]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Starts with nothing remembered."""
        window_fn = super().__new__(cls)
        window_fn._starts = []
        window_fn._windows = []
        return window_fn

    def __init__(
        self,
        unit: Literal["days", "months"],
        number: int,
        start: datetime.date,
        timezone: str | datetime.tzinfo,
    ) -> None:
        self.unit = unit
        self.number = number
        self.start = start
        self.timezone = _zone(timezone)

    @classmethod
    def days(cls, number: int = 1, *, timezone: str | datetime.tzinfo = "UTC", start: datetime.date = _EPOCH) -> Self:
        """Windows of so many days.

        Args:
            number: Days in a window.
            timezone: Name of an IANA time zone such as `Europe/London`, or a `tzinfo`.
            start: A date on which a window starts; matters where `number` is greater than 1.

        Raises:
            PipelineError: If `number` is not a positive integer or the time zone is not known.
            TransformTypeError: If `start` is not a date or `timezone` neither a name nor a time zone.
        """
        return cls("days", _positive("days", number), _date("days", start), timezone)

    @classmethod
    def weeks(
        cls,
        number: int = 1,
        weekday: int = calendar.MONDAY,
        *,
        timezone: str | datetime.tzinfo = "UTC",
        start: datetime.date = _MONDAY,
    ) -> Self:
        """Windows of so many weeks.

        Args:
            number: Weeks in a window.
            weekday: The day on which weeks start, from 0 for Monday to 6 for Sunday, as in `calendar`.
            timezone: Name of an IANA time zone, or a `tzinfo`.
            start: Weeks are counted from the first such day on or after this date; by default in the week of the epoch.

        Raises:
            PipelineError: If `number` is not a positive integer, there is no such weekday, or the time zone is not
                known.
        """
        _positive("weeks", number)
        if weekday not in range(7):
            msg = f"`weekday` of CalendarWindows.weeks must be from 0 (Monday) to 6 (Sunday), got {shorten(weekday)}"
            raise PipelineError(msg)
        first = _date("weeks", start) + datetime.timedelta(days=(weekday - start.weekday()) % 7)
        return cls("days", 7 * number, first, timezone)

    @classmethod
    def months(
        cls,
        number: int = 1,
        day: int = 1,
        *,
        timezone: str | datetime.tzinfo = "UTC",
        start: datetime.date = _EPOCH,
    ) -> Self:
        """Windows of so many months.

        Args:
            number: Months in a window.
            day: The day of the month on which months start, from 1 to 28.
            timezone: Name of an IANA time zone, or a `tzinfo`.
            start: Months are counted from the first such day on or after this date.

        Raises:
            PipelineError: If `number` is not a positive integer, not every month has the day, or the time zone is not
                known.
        """
        _positive("months", number)
        if day not in range(1, 29):
            msg = f"`day` of CalendarWindows.months must be from 1 to 28, which every month has, got {shorten(day)}"
            raise PipelineError(msg)
        month = _date("months", start).year * 12 + start.month - 1 + (day < start.day)
        return cls("months", number, datetime.date(month // 12, month % 12 + 1, day), timezone)

    @classmethod
    def years(
        cls,
        number: int = 1,
        month: int = 1,
        day: int = 1,
        *,
        timezone: str | datetime.tzinfo = "UTC",
        start: datetime.date = _EPOCH,
    ) -> Self:
        """Windows of so many years.

        Args:
            number: Years in a window.
            month: The month in which years start, from 1 to 12.
            day: The day of that month on which years start, from 1 to 28.
            timezone: Name of an IANA time zone, or a `tzinfo`.
            start: Years are counted from the first such day on or after this date.

        Raises:
            PipelineError: If `number` is not a positive integer, not every year has the date, or the time zone is not
                known.
        """
        _positive("years", number)
        if month not in range(1, 13) or day not in range(1, 29):
            msg = (
                "`month` and `day` of CalendarWindows.years must be from 1 to 12 and from 1 to 28, which every year "
                f"has, got {shorten(month)} and {shorten(day)}"
            )
            raise PipelineError(msg)
        year = _date("years", start).year + ((month, day) < (start.month, start.day))
        return cls("months", 12 * number, datetime.date(year, month, day), timezone)

    def windows_at(self, timestamp: int) -> tuple[IntervalWindow, ...]:
        """The one window that holds the moment."""
        index = bisect.bisect_right(self._starts, timestamp) - 1
        if index >= 0 and timestamp < self._windows[index][0].end_micros:
            return self._windows[index]
        return self._make(timestamp)

    def span_at(self, timestamp: int) -> tuple[int, int]:
        """The window's own span."""
        window = self.windows_at(timestamp)[0]
        return bounded_span(window.start_micros, window.end_micros)

    def _make(self, timestamp: int) -> tuple[IntervalWindow, ...]:
        if not MIN_MICROS <= timestamp <= LAST_MOMENT:
            return self.windows_at(max(MIN_MICROS, min(timestamp, LAST_MOMENT)))
        number = self._number_near(timestamp)
        # Months may start on a later day, and clock changes give a date two midnights or none.
        while (start := self._start_of(number)) > timestamp:
            number -= 1
        while (end := self._start_of(number + 1)) <= timestamp:
            start = end
            number += 1
        if len(self._starts) >= MOST_KNOWN:
            self._starts.clear()
            self._windows.clear()
        index = bisect.bisect_right(self._starts, start)
        self._starts.insert(index, start)
        self._windows.insert(index, (IntervalWindow.of_micros(start, end),))
        return self._windows[index]

    def _number_near(self, timestamp: int) -> int:
        """The number of the window that holds the moment's local date, counted from `start`, or that of the next."""
        second = min(max(timestamp // MICROS_PER_SECOND, _FIRST_SECOND), _LAST_SECOND)
        local = (_EPOCH_TIME + second * _SECOND).astimezone(self.timezone).date()
        if self.unit == "days":
            return (local - self.start).days // self.number
        months = (local.year - self.start.year) * 12 + local.month - self.start.month
        return months // self.number

    def _start_of(self, number: int) -> int:
        """The first moment of the window with this number."""
        if self.unit == "days":
            date = self.start.toordinal() + number * self.number
        else:
            year, month = divmod(self.start.year * 12 + self.start.month - 1 + number * self.number, 12)
            if not 1 <= year <= 9999:
                return MIN_MICROS if year < 1 else LAST_END
            date = datetime.date(year, month + 1, self.start.day).toordinal()
        if date < _FIRST_DATE:
            return MIN_MICROS
        if date > _LAST_DATE:
            return LAST_END
        return _first_second(datetime.date.fromordinal(date), self.timezone) * MICROS_PER_SECOND

    def __repr__(self) -> str:
        zone = str(self.timezone)
        return f"{type(self).__name__}({self.unit!r}, {self.number}, start={self.start!r}, timezone={zone!r})"


def _first_second(date: datetime.date, zone: datetime.tzinfo) -> int:
    """The second since the epoch at which a date begins in a time zone.

    A midnight that comes twice has two offsets, and one that is left out has those from before and after the change:
    `fold` chooses. The first is right but for a midnight that is left out, where the date begins at the change.
    """
    midnight = datetime.datetime.combine(date, datetime.time.min, zone)
    before, after = midnight.utcoffset(), midnight.replace(fold=1).utcoffset()
    if before is None or after is None:
        msg = f"the time zone {zone!r} of CalendarWindows gives no offset at {midnight!r}"
        raise PipelineError(msg)
    first = (midnight.replace(tzinfo=datetime.UTC) - _EPOCH_TIME - before) // _SECOND
    if before >= after:
        return first
    low, high = first - (after - before) // _SECOND, first
    while low < high:
        middle = (low + high) // 2
        if (_EPOCH_TIME + middle * _SECOND).astimezone(zone).utcoffset() == before:
            low = middle + 1
        else:
            high = middle
    return low


def _positive(unit: str, number: int) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        msg = f"`number` of CalendarWindows.{unit} must be a positive integer, got {shorten(number)}"
        raise PipelineError(msg)
    return number


def _date(unit: str, start: datetime.date) -> datetime.date:
    if isinstance(start, datetime.datetime) or not isinstance(start, datetime.date):
        msg = f"`start` of CalendarWindows.{unit} must be a datetime.date, got {shorten(start)}"
        raise TransformTypeError(msg)
    return start


def _zone(timezone: str | datetime.tzinfo) -> datetime.tzinfo:
    if hasattr(timezone, "localize") and isinstance(name := getattr(timezone, "zone", None), str):
        timezone = name  # one of pytz, which outside of its `localize` gives the offset that the place had at first
    # UTC needs no database of time zones.
    if getattr(timezone, "key", timezone) == "UTC":
        return datetime.UTC
    if isinstance(timezone, datetime.tzinfo):
        return timezone
    if not isinstance(timezone, str):
        msg = f"`timezone` of CalendarWindows must be a name or a tzinfo, got {shorten(timezone)}"
        raise TransformTypeError(msg)
    try:
        return zoneinfo.ZoneInfo(timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        msg = (
            f"the time zone {timezone!r} of CalendarWindows is not known; use an IANA name such as 'Europe/London', "
            "and where the system has no time zones, pip install tzdata"
        )
        raise PipelineError(msg) from error
