from __future__ import annotations

import datetime
from collections.abc import Sequence

import pytest

from streamcore import Create, DoFn, GroupByKey, Map, Pipeline, TimestampedValue, WindowInto
from streamcore.errors import PipelineError, TransformTypeError
from streamcore.model.window import LAST_MOMENT, BoundedWindow, IntervalWindow
from streamcore.model.windowing import WindowFn
from streamcore.timestamp import MAX_MICROS, MAX_TIMESTAMP, MIN_MICROS, Duration, Timestamp, TimestampTypes
from streamcore.windowing import Sessions


class Merges(WindowFn.MergeContext):
    """Records what is asked for."""

    def __init__(self, *windows: BoundedWindow) -> None:
        super().__init__(windows)
        self.merges: list[tuple[list[BoundedWindow], BoundedWindow]] = []

    def merge(self, to_be_merged: Sequence[BoundedWindow], merge_result: BoundedWindow) -> None:
        self.merges.append((list(to_be_merged), merge_result))


def window(start: int, end: int) -> IntervalWindow:
    return IntervalWindow(start, end)


@pytest.mark.parametrize(
    ("windows", "merges"),
    [
        ([], []),
        ([(0, 10)], []),
        ([(0, 10), (10, 20)], []),  # they only touch
        ([(0, 10), (9, 19)], [([(0, 10), (9, 19)], (0, 19))]),
        ([(9, 19), (0, 10)], [([(0, 10), (9, 19)], (0, 19))]),  # in any order
        ([(0, 30), (5, 15)], [([(0, 30), (5, 15)], (0, 30))]),  # one lies in the other
        ([(0, 30), (5, 15), (20, 35)], [([(0, 30), (5, 15), (20, 35)], (0, 35))]),
        ([(2, 12), (10, 20), (15, 25)], [([(2, 12), (10, 20), (15, 25)], (2, 25))]),  # a chain
        ([(0, 10), (5, 15), (20, 30), (25, 35)], [([(0, 10), (5, 15)], (0, 15)), ([(20, 30), (25, 35)], (20, 35))]),
    ],
)
def test_merges(windows: list[tuple[int, int]], merges: list[tuple[list[tuple[int, int]], tuple[int, int]]]) -> None:
    context = Merges(*(window(*bounds) for bounds in windows))
    Sessions(10).merge(context)
    assert context.merges == [([window(*part) for part in parts], window(*result)) for parts, result in merges]


def test_assigns() -> None:
    assert Sessions(10).assign(WindowFn.AssignContext(27)) == [window(27, 37)]
    assert Sessions(0.5).assign(WindowFn.AssignContext(-1.25)) == [IntervalWindow(-1.25, -0.75)]
    assert Sessions(10).window_at(27_000_000) == window(27, 37)


def test_windows_are_within_time() -> None:
    assert Sessions(10).window_at(MIN_MICROS).start_micros == MIN_MICROS
    last = Sessions(10).window_at(MAX_MICROS)
    assert (last.start_micros, last.end_micros) == (MAX_MICROS - 86_400_000_000, MAX_MICROS - 86_400_000_000 + 1)


@pytest.mark.parametrize("lateness", [0, 1])
@pytest.mark.parametrize(
    ("gap", "times", "start"),
    [
        (10**13, [1_700_000_000, 1_700_000_002], 1_700_000_000 * 10**6),
        (10, [Timestamp.of_micros(LAST_MOMENT), Timestamp.of_micros(MAX_MICROS - 1)], LAST_MOMENT),
        (10, [Timestamp.of_micros(LAST_MOMENT - 9_000_000), MAX_TIMESTAMP], LAST_MOMENT - 9_000_000),
    ],
)
def test_nothing_is_lost_at_the_end_of_time(gap: int, times: list[TimestampTypes], start: int, lateness: int) -> None:
    found: list[object] = []
    with Pipeline() as p:
        _ = (
            p
            | Create([TimestampedValue(("k", number), time) for number, time in enumerate(times)])
            | WindowInto(Sessions(gap), allowed_lateness=lateness)
            | GroupByKey()
            | Map(lambda group, window=DoFn.WindowParam: found.append((group, window)))
        )
    assert found == [(("k", [0, 1]), IntervalWindow.of_micros(start, LAST_MOMENT + 1))]


def test_is_a_value() -> None:
    assert Sessions(90) == Sessions(datetime.timedelta(minutes=1.5))
    assert hash(Sessions(90)) == hash(Sessions(Duration(90)))
    assert Sessions(90) != Sessions(91)
    assert Sessions(90).gap_size == Duration(90)
    assert Sessions(90).gap_micros == 90_000_000
    assert repr(Sessions(90)) == "Sessions(90.0)"
    assert Sessions(90).is_merging()


@pytest.mark.parametrize("gap", [0, -10])
def test_refuses_a_gap_that_is_not_positive(gap: int) -> None:
    with pytest.raises(PipelineError) as caught:
        Sessions(gap)
    assert str(caught.value) == f"`gap_size` of Sessions must be positive, got {gap}; the smallest is one microsecond"


def test_refuses_what_is_not_a_span() -> None:
    with pytest.raises(TransformTypeError) as caught:
        Sessions("10")  # type: ignore[arg-type]
    assert str(caught.value) == "`gap_size` of Sessions must be seconds, a Duration or a timedelta, got '10'"
