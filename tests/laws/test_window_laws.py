"""Every window kind keeps the laws, for any size, offset, zone and moment."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

import pytest
from hypothesis import given, strategies as st

from streamcore.model.window import BoundedWindow, IntervalWindow
from streamcore.model.windowing import TimeWindowFn, WindowFn
from streamcore.timestamp import MAX_MICROS, MIN_MICROS, Duration, Timestamp
from streamcore.windowing import (
    CalendarWindows,
    FixedWindows,
    GlobalWindows,
    MergingWindowSet,
    Sessions,
    SlidingWindows,
)
from tests.laws.cases import UNIT, WINDOWS
from tests.laws.window_fn_laws import check_window_fn

DAY = 86_400_000_000
ZONES = ["UTC", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kolkata", "America/Sao_Paulo"]
ODD_ZONES = ["Pacific/Apia", "America/Havana", "America/Toronto", "Africa/Casablanca", "Asia/Manila", "America/Juneau"]

extremes = st.sampled_from([MIN_MICROS, MIN_MICROS + 1, -1, 0, 1, MAX_MICROS - DAY, MAX_MICROS - 1, MAX_MICROS])
near_zero = st.integers(-1000, 1000)
recent = st.integers(-100 * 365 * DAY, 100 * 365 * DAY)
moments = st.lists(st.one_of(near_zero, recent, st.integers(MIN_MICROS, MAX_MICROS), extremes), min_size=1, max_size=8)
spans = st.one_of(st.integers(1, 40), st.integers(1, 100 * DAY)).map(Duration.of_micros)
offsets = st.integers(-100 * DAY, 100 * DAY).map(Duration.of_micros)


@given(spans, offsets, moments)
def test_fixed(size: Duration, offset: Duration, stamps: list[int]) -> None:
    window_fn = FixedWindows(size, offset)
    check_window_fn(window_fn, stamps)
    assert all(len(window_fn.windows_at(stamp)) == 1 for stamp in stamps)


@given(st.integers(1, 40), st.integers(1, 40), offsets, moments)
def test_sliding(size: int, period: int, offset: Duration, stamps: list[int]) -> None:
    check_window_fn(SlidingWindows(Duration(micros=size), Duration(micros=period), offset), stamps)


@given(spans, st.integers(1, 12), st.integers(1, 12), offsets, moments)
def test_sliding_of_any_length(unit: Duration, size: int, period: int, offset: Duration, stamps: list[int]) -> None:
    check_window_fn(SlidingWindows(unit * size, unit * period, offset), stamps)


@given(spans, offsets, st.one_of(near_zero, recent))
def test_sliding_by_its_own_size_is_fixed(size: Duration, offset: Duration, stamp: int) -> None:
    fixed, sliding = FixedWindows(size, offset), SlidingWindows(size, size, offset)
    assert sliding.windows_at(stamp) == fixed.windows_at(stamp)
    assert sliding.span_at(stamp) == fixed.span_at(stamp)


@given(moments)
def test_global(stamps: list[int]) -> None:
    check_window_fn(GlobalWindows(), stamps)


@given(
    st.integers(1, 40).map(Duration.of_micros),
    st.lists(st.one_of(st.integers(-100, 100), extremes), min_size=1, max_size=12),
)
def test_sessions(gap: Duration, stamps: list[int]) -> None:
    check_window_fn(Sessions(gap), stamps)


class OwnGap(WindowFn):
    """Sessions whose gap differs from element to element, merged pair by pair: a kind as a user may write it."""

    def assign(self, assign_context: WindowFn.AssignContext) -> Iterable[BoundedWindow]:
        start = assign_context.timestamp.micros
        yield IntervalWindow.of_micros(start, start + 1 + start % 7)

    def merge(self, merge_context: WindowFn.MergeContext) -> None:
        rest = list(merge_context.windows)
        while rest:
            window = rest.pop()
            other = next((one for one in rest if one.intersects(window)), None)  # type: ignore[attr-defined]
            if other is not None:
                union = window.union(other)  # type: ignore[attr-defined]
                merge_context.merge([window, other], union)
                rest[rest.index(other)] = union


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=12))
def test_custom_merging(stamps: list[int]) -> None:
    check_window_fn(OwnGap(), stamps)


class OwnTimes(TimeWindowFn):
    """Windows that follow from the timestamp, made anew for each answer: a kind as a user may write it."""

    def windows_at(self, timestamp: int) -> tuple[BoundedWindow, ...]:
        return (IntervalWindow.of_micros(*self.span_at(timestamp)),)

    def span_at(self, timestamp: int) -> tuple[int, int]:
        start = timestamp // 7 * 7
        return start, start + 7


@given(st.lists(near_zero, min_size=1, max_size=8))
def test_custom_times(stamps: list[int]) -> None:
    check_window_fn(OwnTimes(), stamps)


class SlowSessions(Sessions):
    """Sessions whose `merge` is asked."""

    def merge(self, merge_context: WindowFn.MergeContext) -> None:
        super().merge(merge_context)


@given(st.integers(1, 20).map(Duration.of_micros), st.lists(st.integers(0, 100), max_size=20), st.integers(0, 20))
def test_the_short_way_for_sessions_is_the_long_way(gap: Duration, stamps: list[int], restored: int) -> None:
    quick, slow = MergingWindowSet(Sessions(gap)), MergingWindowSet(SlowSessions(gap))
    for number, stamp in enumerate(stamps):
        if number == restored:
            quick = MergingWindowSet(Sessions(gap), reversed(list(quick)))
        window = Sessions(gap).window_at(stamp)
        assert quick.add(window) == slow.add(window)
        assert list(quick) == list(slow)


calendars = st.one_of(
    st.builds(CalendarWindows.days, st.integers(1, 40), timezone=st.sampled_from(ZONES + ODD_ZONES)),
    st.builds(CalendarWindows.weeks, st.integers(1, 5), st.integers(0, 6), timezone=st.sampled_from(ZONES + ODD_ZONES)),
    st.builds(
        CalendarWindows.months, st.integers(1, 14), st.integers(1, 28), timezone=st.sampled_from(ZONES + ODD_ZONES)
    ),
    st.builds(
        CalendarWindows.years,
        st.integers(1, 3),
        st.integers(1, 12),
        st.integers(1, 28),
        timezone=st.sampled_from(ZONES + ODD_ZONES),
        start=st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 1, 1)),
    ),
)


@given(calendars, moments)
def test_calendar(window_fn: CalendarWindows, stamps: list[int]) -> None:
    check_window_fn(window_fn, stamps)
    assert all(len(window_fn.windows_at(stamp)) == 1 for stamp in stamps)


@given(WINDOWS, st.lists(st.integers(-50 * UNIT, 50 * UNIT), min_size=1, max_size=8))
def test_all_kinds(window_fn: WindowFn, stamps: list[int]) -> None:
    check_window_fn(window_fn, stamps)


class Careless(FixedWindows):
    """Breaks one law: the offset moves with every call."""

    def assign(self, assign_context: WindowFn.AssignContext) -> Iterable[BoundedWindow]:
        self.offset_micros += 1
        return super().assign(assign_context)


class Askew(FixedWindows):
    """Breaks one law: its windows do not hold the moment."""

    def assign(self, assign_context: WindowFn.AssignContext) -> Iterable[BoundedWindow]:
        yield IntervalWindow(assign_context.timestamp + 1, assign_context.timestamp + 2)


class Narrow(FixedWindows):
    """Breaks one law: its spans are not the widest."""

    def span_at(self, timestamp: int) -> tuple[int, int]:
        return timestamp, timestamp + 1


class Greedy(OwnGap):
    """Breaks one law: what is united depends on what comes first."""

    def merge(self, merge_context: WindowFn.MergeContext) -> None:
        first, *rest = merge_context.windows
        for other in rest:
            if first.intersects(other):  # type: ignore[attr-defined]
                merge_context.merge([first, other], first)


@pytest.mark.parametrize("window_fn", [Careless(10), Askew(10), Narrow(10), Greedy()], ids=lambda it: type(it).__name__)
def test_the_check_finds_what_is_wrong(window_fn: WindowFn) -> None:
    with pytest.raises(AssertionError):
        check_window_fn(window_fn, [11, 12, 10, 13, 15])


def test_timestamps_are_exact() -> None:
    third = Duration(micros=333_333)
    stamp = Timestamp.from_rfc3339("2024-02-29T12:00:00.000001Z").micros
    start, end = FixedWindows(third).span_at(stamp)
    assert start % 333_333 == 0
    assert end - start == 333_333
