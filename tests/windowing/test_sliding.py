from __future__ import annotations

from typing import Any

import pytest

from streamcore.errors import PipelineError, TransformTypeError
from streamcore.model.window import IntervalWindow
from streamcore.model.windowing import WindowFn
from streamcore.timestamp import MAX_MICROS, MIN_MICROS, Duration
from streamcore.windowing import SlidingWindows


@pytest.mark.parametrize(
    ("size", "period", "offset", "timestamp", "expected"),
    [
        (15, 5, 2, 7, [(7, 22), (2, 17), (-3, 12)]),  # the one that starts last in front
        (15, 5, 2, 8, [(7, 22), (2, 17), (-3, 12)]),
        (15, 5, 2, 11, [(7, 22), (2, 17), (-3, 12)]),
        (15, 5, 2, 12, [(12, 27), (7, 22), (2, 17)]),
        (3.5, 2.5, 1.5, 1.7, [(1.5, 5.0), (-1.0, 2.5)]),  # fractions
        (3.5, 2.5, 1.5, 3, [(1.5, 5.0)]),
        (3.5, 2.5, 4.0, 1.7, [(1.5, 5.0), (-1.0, 2.5)]),  # an offset beyond the period
        (3.5, 2.5, 4.0, 4.5, [(4.0, 7.5), (1.5, 5.0)]),
        (2, 4, 0, 1, [(0, 2)]),  # gaps between the windows
        (2, 4, 0, 2, []),
        (2, 4, 0, 3.999999, []),
        (2, 4, 0, 4, [(4, 6)]),
        (5, 5, 0, 7, [(5, 10)]),  # fixed windows
        (4, 2, 0, -1, [(-2, 2), (-4, 0)]),  # before the epoch
    ],
)
def test_assigns(
    size: float, period: float, offset: float, timestamp: float, expected: list[tuple[float, float]]
) -> None:
    windows = SlidingWindows(size, period, offset).assign(WindowFn.AssignContext(timestamp))
    assert windows == [IntervalWindow(start, end) for start, end in expected]


@pytest.mark.parametrize(
    ("size", "period", "timestamp", "span"),
    [
        (15, 5, 7, (5, 10)),  # windows end where others start
        (15, 10, 2, (0, 5)),  # one ends in between
        (15, 10, 5, (5, 10)),
        (15, 10, -1, (-5, 0)),
        (2, 4, 1, (0, 2)),  # one window
        (2, 4, 2, (2, 4)),  # none
        (4, 6, 5, (4, 6)),
        (1, 1, 0, (0, 1)),
    ],
)
def test_spans(size: int, period: int, timestamp: int, span: tuple[int, int]) -> None:
    window_fn = SlidingWindows(Duration(micros=size), Duration(micros=period))
    assert window_fn.span_at(timestamp) == span


def test_attributes() -> None:
    window_fn = SlidingWindows(size=15, period=5, offset=12)
    assert (window_fn.size, window_fn.period, window_fn.offset) == (Duration(15), Duration(5), Duration(2))
    assert window_fn.size_micros == 15_000_000
    assert window_fn.period_micros == 5_000_000
    assert window_fn.offset_micros == 2_000_000
    assert window_fn == SlidingWindows(15, 5, 2)
    assert hash(window_fn) == hash(SlidingWindows(15, 5, 2))
    assert window_fn != SlidingWindows(15, 5, 3)
    assert window_fn != SlidingWindows(20, 5, 2)
    assert window_fn != SlidingWindows(15, 6, 2)


def test_text() -> None:
    assert repr(SlidingWindows(15, 5)) == "SlidingWindows(size=15.0, period=5.0)"
    assert repr(SlidingWindows(15, 5, 1)) == "SlidingWindows(size=15.0, period=5.0, offset=1.0)"


def test_windows_end_within_time() -> None:
    window_fn = SlidingWindows(10, 5)
    first = window_fn.windows_at(MIN_MICROS)
    assert [MIN_MICROS - window.start_micros for window in first] == [5_225_000, 225_000]
    last = window_fn.windows_at(MAX_MICROS)
    assert last[0].end_micros == last[1].end_micros == MAX_MICROS - 24 * 3600 * 1_000_000 + 1
    assert last[0].start_micros < last[1].start_micros
    assert window_fn.span_at(MAX_MICROS)[1] == MAX_MICROS + 1


def test_windows_longer_than_time() -> None:
    window_fn = SlidingWindows(*(Duration.of_micros(micros) for micros in (10**21, 5 * 10**20, 0)))
    end = MAX_MICROS - 86_400_000_000 + 1
    assert window_fn.windows_at(0) == tuple(IntervalWindow.of_micros(start, end) for start in (-5 * 10**20, 0))


@pytest.mark.parametrize(("name", "arguments"), [("size", (0, 5)), ("period", (5, 0)), ("period", (5, -1))])
def test_refuses_what_is_not_positive(name: str, arguments: tuple[int, int]) -> None:
    with pytest.raises(PipelineError) as caught:
        SlidingWindows(*arguments)
    got = arguments[0] if name == "size" else arguments[1]
    assert (
        str(caught.value) == f"`{name}` of SlidingWindows must be positive, got {got}; the smallest is one microsecond"
    )


@pytest.mark.parametrize(("name", "arguments"), [("size", ("5", 5)), ("period", (5, None)), ("offset", (5, 5, []))])
def test_refuses_what_is_not_a_span(name: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TransformTypeError) as caught:
        SlidingWindows(*arguments)
    got = {"size": "'5'", "period": "None", "offset": "[]"}[name]
    assert str(caught.value) == f"`{name}` of SlidingWindows must be seconds, a Duration or a timedelta, got {got}"
