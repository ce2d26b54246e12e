"""What every window kind has to keep to, as a check that takes any window function."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence

from streamcore.model.window import BoundedWindow
from streamcore.model.windowing import TimeWindowFn, WindowFn
from streamcore.timestamp import GLOBAL_WINDOW_MAX_MICROS, MAX_MICROS, MIN_MICROS, Timestamp
from streamcore.windowing import MergingWindowSet


def check_window_fn(window_fn: WindowFn, timestamps: Iterable[int]) -> None:
    """Asserts that the window function keeps the laws for elements at these timestamps, in this order.

    Args:
        window_fn: Any window function whose windows depend on nothing but the timestamp.
        timestamps: Microseconds.
    """
    stamps = list(timestamps)
    twin = copy.deepcopy(window_fn)
    assert twin == window_fn
    assert hash(twin) == hash(window_fn)
    for stamp in stamps:
        windows = assigned(window_fn, stamp)
        check_windows(windows, stamp)
        assert len(windows) == 1 or not window_fn.has_one_window
        assert assigned(window_fn, stamp) == windows
        assert assigned(twin, stamp) == windows
        if isinstance(window_fn, TimeWindowFn):
            check_time_window_fn(window_fn, stamp)
    assert twin == window_fn
    assert hash(twin) == hash(window_fn)
    if window_fn.is_merging():
        check_merging(window_fn, stamps)
    else:
        window_fn.merge(Untouched([window for stamp in stamps for window in assigned(window_fn, stamp)]))


def assigned(window_fn: WindowFn, stamp: int) -> list[BoundedWindow]:
    return list(window_fn.assign(WindowFn.AssignContext(Timestamp.of_micros(stamp))))


def check_windows(windows: Sequence[BoundedWindow], stamp: int) -> None:
    """Each window ends within time and holds the moment."""
    assert len(set(windows)) == len(windows)
    # No window goes beyond the end of the global one, and what comes later belongs to its last moment.
    moment = min(stamp, GLOBAL_WINDOW_MAX_MICROS)
    for window in windows:
        assert window.start.micros <= moment < window.end_micros <= GLOBAL_WINDOW_MAX_MICROS + 1


def check_time_window_fn(window_fn: TimeWindowFn, stamp: int) -> None:
    """`windows_at` and `span_at` tell of the same windows."""
    windows = window_fn.windows_at(stamp)
    assert set(windows) == set(assigned(window_fn, stamp))
    assert [window.end_micros for window in windows] == sorted(window.end_micros for window in windows)
    begin, end = window_fn.span_at(stamp)
    assert MIN_MICROS <= begin <= stamp < end <= MAX_MICROS + 1
    for inside in (begin, (begin + stamp) // 2, (stamp + end) // 2, end - 1):
        assert window_fn.windows_at(inside) == windows
        assert window_fn.span_at(inside) == (begin, end)
    if begin > MIN_MICROS:
        assert window_fn.windows_at(begin - 1) != windows
        assert window_fn.span_at(begin - 1)[1] == begin
    if end <= MAX_MICROS:
        assert window_fn.windows_at(end) != windows
        assert window_fn.span_at(end)[0] == end


def check_merging(window_fn: WindowFn, stamps: Sequence[int]) -> None:
    """The open windows are the same for any order of the elements, and a set keeps account of what it merges."""
    expected = merged(window_fn, stamps)
    for order in (sorted(stamps), sorted(stamps, reverse=True), stamps[::-1], stamps[::2] + stamps[1::2]):
        assert merged(window_fn, order) == expected
    together = Recorded(window for stamp in stamps for window in assigned(window_fn, stamp))
    window_fn.merge(together)
    assert together.open == expected


def merged(window_fn: WindowFn, stamps: Sequence[int]) -> set[BoundedWindow]:
    """The open windows after elements at these timestamps, with every step checked."""
    windows = MergingWindowSet(window_fn)
    holds: dict[BoundedWindow, set[BoundedWindow]] = {}
    for stamp in stamps:
        for window in assigned(window_fn, stamp):
            result, away = windows.add(window)
            parts = holds.setdefault(result, set())
            parts.add(window)
            for part in away:
                assert part != result
                parts |= holds.pop(part)
            assert set(holds) == set(windows)
            assert [one.end_micros for one in windows] == sorted(one.end_micros for one in windows)
    return set(windows)


class Recorded(WindowFn.MergeContext):
    """Does at once what `merge` asks for."""

    def __init__(self, windows: Iterable[BoundedWindow]) -> None:
        super().__init__(dict.fromkeys(windows))
        self.open = set(self.windows)

    def merge(self, to_be_merged: Sequence[BoundedWindow], merge_result: BoundedWindow) -> None:
        assert set(to_be_merged) <= self.open
        self.open = self.open.difference(to_be_merged) | {merge_result}


class Untouched(WindowFn.MergeContext):
    """For window kinds that do not merge."""

    def merge(self, to_be_merged: Sequence[BoundedWindow], merge_result: BoundedWindow) -> None:
        raise AssertionError(f"{to_be_merged} became {merge_result}, though is_merging() is false")
