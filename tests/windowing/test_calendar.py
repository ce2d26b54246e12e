"""Calendar windows against a computation of their own: minute by minute through the local clock's dates."""

from __future__ import annotations

import calendar
import copy
import datetime
import pickle
import zoneinfo
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from streamcore.errors import PipelineError, StreamcoreError, TransformTypeError
from streamcore.model.window import IntervalWindow
from streamcore.model.windowing import WindowFn
from streamcore.timestamp import END_OF_GLOBAL_WINDOW, MAX_MICROS, MIN_MICROS, Timestamp
from streamcore.windowing import CalendarWindows
from streamcore.windowing.interning import MOST_KNOWN

HOUR = 3600 * 1_000_000
DAY = 24 * HOUR
UTC = datetime.UTC
DATE = datetime.date


def micros(text: str) -> int:
    return Timestamp.from_rfc3339(text).micros


def local_date(second: int, zone: str) -> datetime.date:
    return datetime.datetime.fromtimestamp(second, zoneinfo.ZoneInfo(zone)).date()


def beginning(date: datetime.date, zone: str) -> int:
    """The first minute, of those that are not before the date everywhere on earth, at which a local clock shows it."""
    second = int(datetime.datetime(date.year, date.month, date.day, tzinfo=UTC).timestamp()) - 16 * 3600
    while local_date(second, zone) < date:
        second += 60
    return second * 1_000_000


@pytest.mark.parametrize(
    ("zone", "date", "start", "hours"),
    [
        ("UTC", DATE(2013, 3, 10), "2013-03-10T00:00:00Z", 24),
        ("America/New_York", DATE(2013, 3, 9), "2013-03-09T05:00:00Z", 24),
        ("America/New_York", DATE(2013, 3, 10), "2013-03-10T05:00:00Z", 23),
        ("America/New_York", DATE(2013, 3, 11), "2013-03-11T04:00:00Z", 24),
        ("America/New_York", DATE(2013, 11, 3), "2013-11-03T04:00:00Z", 25),
        ("Europe/London", DATE(2024, 3, 31), "2024-03-31T00:00:00Z", 23),  # two midnights on one day of UTC
        ("Europe/London", DATE(2024, 4, 1), "2024-03-31T23:00:00Z", 24),
        ("Europe/London", DATE(2024, 10, 27), "2024-10-26T23:00:00Z", 25),
        ("Australia/Lord_Howe", DATE(2024, 4, 7), "2024-04-06T13:00:00Z", 24.5),
        ("Australia/Lord_Howe", DATE(2024, 10, 6), "2024-10-05T13:30:00Z", 23.5),
        ("Asia/Kolkata", DATE(2024, 3, 31), "2024-03-30T18:30:00Z", 24),  # no clock changes
        ("America/Sao_Paulo", DATE(2018, 11, 4), "2018-11-04T03:00:00Z", 23),  # begins at one o'clock
        ("America/Sao_Paulo", DATE(2018, 2, 17), "2018-02-17T02:00:00Z", 25),  # its last hour comes twice
        ("America/Havana", DATE(2024, 11, 3), "2024-11-03T04:00:00Z", 25),  # its first hour comes twice
        ("America/Toronto", DATE(1919, 3, 30), "1919-03-30T05:00:00Z", 23.5),  # no 23:30 to 0:30
        ("America/Toronto", DATE(1919, 3, 31), "1919-03-31T04:30:00Z", 23.5),
        ("Pacific/Apia", DATE(2011, 12, 29), "2011-12-29T10:00:00Z", 24),  # the 30th was left out
        ("Pacific/Apia", DATE(2011, 12, 31), "2011-12-30T10:00:00Z", 24),
    ],
)
def test_days(zone: str, date: datetime.date, start: str, hours: float) -> None:
    begin, end = micros(start), micros(start) + round(hours * HOUR)
    assert begin == beginning(date, zone)
    window_fn = CalendarWindows.days(timezone=zone)
    for moment in (begin, begin + 1, (begin + end) // 2, end - 1):
        assert window_fn.windows_at(moment) == (IntervalWindow.of_micros(begin, end),)
        assert window_fn.span_at(moment) == (begin, end)
    assert window_fn.windows_at(begin - 1)[0].end_micros == begin
    assert window_fn.windows_at(end)[0].start_micros == end


ZONES = ["UTC", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Auckland"]
MOMENTS = st.integers(micros("1975-01-01T00:00:00Z") // 1_000_000, micros("2035-01-01T00:00:00Z") // 1_000_000)


@given(st.sampled_from(ZONES), MOMENTS)
def test_any_day(zone: str, second: int) -> None:
    date = local_date(second, zone)
    (window,) = CalendarWindows.days(timezone=zone).windows_at(second * 1_000_000)
    assert window.start_micros == beginning(date, zone)
    assert window.end_micros == beginning(date + datetime.timedelta(days=1), zone)


@given(st.sampled_from(ZONES), MOMENTS, st.integers(2, 10), st.dates(DATE(1960, 1, 1), DATE(2040, 1, 1)))
def test_any_days(zone: str, second: int, number: int, start: datetime.date) -> None:
    date = local_date(second, zone)
    first = date - datetime.timedelta(days=(date - start).days % number)
    (window,) = CalendarWindows.days(number, timezone=zone, start=start).windows_at(second * 1_000_000)
    assert window.start_micros == beginning(first, zone)
    assert window.end_micros == beginning(first + datetime.timedelta(days=number), zone)


@given(st.sampled_from(ZONES), MOMENTS, st.integers(0, 6))
def test_any_week(zone: str, second: int, weekday: int) -> None:
    first = local_date(second, zone)
    while first.weekday() != weekday:
        first -= datetime.timedelta(days=1)
    (window,) = CalendarWindows.weeks(1, weekday, timezone=zone).windows_at(second * 1_000_000)
    assert window.start_micros == beginning(first, zone)
    assert window.end_micros == beginning(first + datetime.timedelta(days=7), zone)


@given(st.sampled_from(ZONES), MOMENTS, st.integers(1, 28))
def test_any_month(zone: str, second: int, day: int) -> None:
    first = local_date(second, zone)
    while first.day != day:
        first -= datetime.timedelta(days=1)
    after = first + datetime.timedelta(days=28)
    while after.day != day:
        after += datetime.timedelta(days=1)
    (window,) = CalendarWindows.months(1, day, timezone=zone).windows_at(second * 1_000_000)
    assert (window.start_micros, window.end_micros) == (beginning(first, zone), beginning(after, zone))


@given(st.sampled_from(ZONES), MOMENTS, st.integers(1, 12), st.integers(1, 28))
def test_any_year(zone: str, second: int, month: int, day: int) -> None:
    date = local_date(second, zone)
    first = DATE(date.year - ((date.month, date.day) < (month, day)), month, day)
    after = DATE(first.year + 1, month, day)
    (window,) = CalendarWindows.years(1, month, day, timezone=zone).windows_at(second * 1_000_000)
    assert (window.start_micros, window.end_micros) == (beginning(first, zone), beginning(after, zone))


@pytest.mark.parametrize(
    ("window_fn", "moment", "start", "end"),
    [
        (CalendarWindows.weeks(), "1970-01-01", "1969-12-29", "1970-01-05"),  # from Monday
        (CalendarWindows.weeks(1, calendar.SUNDAY), "2024-02-29", "2024-02-25", "2024-03-03"),
        (CalendarWindows.weeks(2), "1970-01-11", "1969-12-29", "1970-01-12"),  # counted from the epoch's week
        (CalendarWindows.weeks(2, calendar.SUNDAY), "1970-01-03", "1969-12-21", "1970-01-04"),
        (CalendarWindows.weeks(2, start=DATE(2024, 1, 3)), "2024-01-20", "2024-01-08", "2024-01-22"),  # a Wednesday
        (CalendarWindows.days(3), "1970-01-06", "1970-01-04", "1970-01-07"),
        (CalendarWindows.days(3), "1969-12-31", "1969-12-29", "1970-01-01"),
        (CalendarWindows.days(3, start=DATE(2024, 1, 2)), "2024-01-01", "2023-12-30", "2024-01-02"),
        (CalendarWindows.months(), "2024-02-29", "2024-02-01", "2024-03-01"),  # a leap year
        (CalendarWindows.months(), "2023-02-28", "2023-02-01", "2023-03-01"),
        (CalendarWindows.months(1, 15), "2024-02-14", "2024-01-15", "2024-02-15"),
        (CalendarWindows.months(1, 15), "2024-02-15", "2024-02-15", "2024-03-15"),
        (CalendarWindows.months(3), "2024-12-31", "2024-10-01", "2025-01-01"),  # quarters
        (CalendarWindows.months(3, start=DATE(2024, 1, 2)), "2024-02-01", "2024-02-01", "2024-05-01"),  # on or after
        (CalendarWindows.months(12, start=DATE(2024, 12, 15)), "2025-06-01", "2025-01-01", "2026-01-01"),
        (CalendarWindows.months(5), "1969-12-31", "1969-08-01", "1970-01-01"),  # before the start
        (CalendarWindows.years(), "2024-12-31", "2024-01-01", "2025-01-01"),
        (CalendarWindows.years(1, 4, 6), "2024-04-05", "2023-04-06", "2024-04-06"),  # the British tax year
        (CalendarWindows.years(10), "2024-02-29", "2020-01-01", "2030-01-01"),
        (CalendarWindows.years(10, start=DATE(2001, 1, 1)), "2024-02-29", "2021-01-01", "2031-01-01"),
        (CalendarWindows.years(2, 3, start=DATE(2001, 5, 1)), "2001-12-31", "2000-03-01", "2002-03-01"),  # on or after
        (CalendarWindows.years(100), "1900-01-01", "1870-01-01", "1970-01-01"),
    ],
)  # fmt: skip
def test_weeks_months_and_years(window_fn: CalendarWindows, moment: str, start: str, end: str) -> None:
    expected = IntervalWindow.of_micros(micros(f"{start}T00:00:00Z"), micros(f"{end}T00:00:00Z"))
    for time in ("00:00:00", "23:59:59.999999"):
        stamp = micros(f"{moment}T{time}Z")
        assert window_fn.windows_at(stamp) == (expected,)
        assert window_fn.assign(WindowFn.AssignContext(Timestamp.of_micros(stamp))) == [expected]


def test_months_are_local() -> None:
    (window,) = CalendarWindows.months(timezone="America/New_York").windows_at(micros("2024-03-31T12:00:00Z"))
    assert window.start_micros == micros("2024-03-01T05:00:00Z")
    assert window.end_micros == micros("2024-04-01T04:00:00Z")


def test_windows_are_within_time() -> None:
    for window_fn in (
        CalendarWindows.days(timezone="Asia/Tokyo"),
        CalendarWindows.weeks(timezone="America/Los_Angeles"),
        CalendarWindows.months(1, 28),
        CalendarWindows.years(3, 12, 28),
        CalendarWindows.days(10_000_000),
        CalendarWindows.years(100_000),
    ):
        (first,) = window_fn.windows_at(MIN_MICROS)
        (last,) = window_fn.windows_at(MAX_MICROS)
        assert first.start_micros == MIN_MICROS
        assert last.max_timestamp() == END_OF_GLOBAL_WINDOW
        assert window_fn.span_at(MAX_MICROS) == (last.start_micros, MAX_MICROS + 1)
        assert window_fn.windows_at(MIN_MICROS - 1) == (first,)
        # Next to them are windows of the usual length, or none where one holds all of time.
        if first != last:
            assert window_fn.windows_at(first.end_micros)[0].start_micros == first.end_micros
            assert window_fn.windows_at(last.start_micros - 1)[0].end_micros == last.start_micros


def test_the_same_window_is_the_same_object() -> None:
    window_fn = CalendarWindows.days()
    later = window_fn.windows_at(9 * DAY)
    assert window_fn.windows_at(5 * DAY) is window_fn.windows_at(6 * DAY - 1)
    assert window_fn.windows_at(9 * DAY + 1) is later


def test_what_is_remembered_is_bounded() -> None:
    window_fn = CalendarWindows.days()
    for day in range(2 * MOST_KNOWN):
        window_fn.windows_at(day * DAY)
        assert len(window_fn._starts) == len(window_fn._windows) <= MOST_KNOWN
    assert window_fn.windows_at(0) == (IntervalWindow.of_micros(0, DAY),)


def test_is_a_value() -> None:
    window_fn = CalendarWindows.weeks(timezone="Europe/London")
    window_fn.windows_at(0)
    for same in (
        CalendarWindows.days(7, timezone="Europe/London", start=DATE(1969, 12, 29)),
        CalendarWindows.weeks(timezone=zoneinfo.ZoneInfo("Europe/London")),
        copy.deepcopy(window_fn),
        pickle.loads(pickle.dumps(window_fn)),
    ):
        assert same == window_fn
        assert hash(same) == hash(window_fn)
        assert same.windows_at(0) == window_fn.windows_at(0)
    assert window_fn != CalendarWindows.weeks()
    assert CalendarWindows.months(12) == CalendarWindows.years()
    assert CalendarWindows.days(timezone="UTC") == CalendarWindows.days(timezone=UTC)
    assert CalendarWindows.days(timezone=zoneinfo.ZoneInfo("UTC")) == CalendarWindows.days()
    assert repr(window_fn) == (
        "CalendarWindows('days', 7, start=datetime.date(1969, 12, 29), timezone='Europe/London')"
    )


def test_a_fixed_offset_is_a_time_zone() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=5, minutes=45))
    assert CalendarWindows.days(timezone=zone).span_at(0) == (-5 * HOUR - 3 * HOUR // 4, 18 * HOUR + HOUR // 4)


class PytzZone(datetime.tzinfo):
    """Like the time zones of pytz: but for `localize` they know the oldest offset alone, that of local mean time."""

    def __init__(self, zone: str | None) -> None:
        self.zone = zone

    def localize(self, dt: datetime.datetime) -> datetime.datetime:
        raise NotImplementedError

    def utcoffset(self, dt: datetime.datetime | None) -> datetime.timedelta | None:
        return datetime.timedelta(minutes=53)

    def fromutc(self, dt: datetime.datetime) -> datetime.datetime:
        return dt + datetime.timedelta(minutes=53)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC"])
def test_a_zone_of_pytz_is_the_zone_of_that_name(zone: str) -> None:
    assert CalendarWindows.days(timezone=PytzZone(zone)) == CalendarWindows.days(timezone=zone)


def test_a_fixed_offset_of_pytz_stays_one() -> None:
    assert CalendarWindows.days(timezone=PytzZone(None)).span_at(0) == (-53 * 60_000_000, DAY - 53 * 60_000_000)


class NoOffset(datetime.tzinfo):
    """Like the time zone of a naive time."""

    def utcoffset(self, dt: datetime.datetime | None) -> datetime.timedelta | None:
        return None

    def fromutc(self, dt: datetime.datetime) -> datetime.datetime:
        return dt

    def __repr__(self) -> str:
        return "NoOffset()"


NUMBER = "`number` of CalendarWindows.{} must be a positive integer, got {}"
MONTH = "`month` and `day` of CalendarWindows.years must be from 1 to 12 and from 1 to 28, which every year has, got {}"
ZONE = (
    "the time zone {} of CalendarWindows is not known; use an IANA name such as 'Europe/London', and where the system "
    "has no time zones, pip install tzdata"
)
REFUSED: list[tuple[Callable[[], Any], type[StreamcoreError], str]] = [
    (lambda: CalendarWindows.days(0), PipelineError, NUMBER.format("days", "0")),
    (lambda: CalendarWindows.days(True), PipelineError, NUMBER.format("days", "True")),
    (lambda: CalendarWindows.weeks(-1), PipelineError, NUMBER.format("weeks", "-1")),
    (lambda: CalendarWindows.months(1.5), PipelineError, NUMBER.format("months", "1.5")),  # type: ignore[arg-type]
    (lambda: CalendarWindows.years("1"), PipelineError, NUMBER.format("years", "'1'")),  # type: ignore[arg-type]
    (
        lambda: CalendarWindows.weeks(1, 7),
        PipelineError,
        "`weekday` of CalendarWindows.weeks must be from 0 (Monday) to 6 (Sunday), got 7",
    ),
    (
        lambda: CalendarWindows.months(1, 29),
        PipelineError,
        "`day` of CalendarWindows.months must be from 1 to 28, which every month has, got 29",
    ),
    (lambda: CalendarWindows.years(1, 13), PipelineError, MONTH.format("13 and 1")),
    (lambda: CalendarWindows.years(1, 2, 29), PipelineError, MONTH.format("2 and 29")),
    (lambda: CalendarWindows.days(timezone="Europe/Lundon"), PipelineError, ZONE.format("'Europe/Lundon'")),
    (lambda: CalendarWindows.days(timezone="../secret"), PipelineError, ZONE.format("'../secret'")),
    (lambda: CalendarWindows.days(timezone=""), PipelineError, ZONE.format("''")),
    (
        lambda: CalendarWindows.days(timezone=5),  # type: ignore[arg-type]
        TransformTypeError,
        "`timezone` of CalendarWindows must be a name or a tzinfo, got 5",
    ),
    (
        lambda: CalendarWindows.days(start="2024-01-01"),  # type: ignore[arg-type]
        TransformTypeError,
        "`start` of CalendarWindows.days must be a datetime.date, got '2024-01-01'",
    ),
    (
        lambda: CalendarWindows.months(start=datetime.datetime(2024, 1, 1)),
        TransformTypeError,
        "`start` of CalendarWindows.months must be a datetime.date, got datetime.datetime(2024, 1, 1, 0, 0)",
    ),
    (
        lambda: CalendarWindows.days(timezone=NoOffset()).windows_at(0),
        PipelineError,
        "the time zone NoOffset() of CalendarWindows gives no offset at "
        "datetime.datetime(1970, 1, 1, 0, 0, tzinfo=NoOffset())",
    ),
]


@pytest.mark.parametrize(("make", "error", "message"), REFUSED, ids=[row[2] for row in REFUSED])
def test_refuses(make: Callable[[], Any], error: type[StreamcoreError], message: str) -> None:
    with pytest.raises(error) as caught:
        make()
    assert type(caught.value) is error
    assert str(caught.value) == message
