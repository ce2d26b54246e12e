from __future__ import annotations

import datetime
from typing import Any

import pytest

from streamcore.errors import PipelineError, TransformTypeError
from streamcore.model.window import IntervalWindow
from streamcore.model.windowing import WindowFn
from streamcore.timestamp import (
    END_OF_GLOBAL_WINDOW,
    MAX_MICROS,
    MAX_TIMESTAMP,
    MIN_MICROS,
    MIN_TIMESTAMP,
    Duration,
    Timestamp,
)
from streamcore.windowing import FixedWindows
from streamcore.windowing.interning import MOST_KNOWN


@pytest.mark.parametrize(
    ("size", "offset", "timestamp", "start", "end"),
    [
        (5, 0, 5, 5, 10),  # the first moment is in
        (5, 0, 9, 5, 10),
        (5, 0, 10, 10, 15),  # the end is not
        (5, 2, 7, 7, 12),
        (5, 2, 11, 7, 12),
        (5, 2, 12, 12, 17),
        (5, 12, 11, 7, 12),  # an offset beyond the size
        (5, -3, 11, 7, 12),  # and a negative one
        (5, 0, -1, -5, 0),  # before the epoch
        (5, 0, -5, -5, 0),
        (5, 0, -5.000001, -10, -5),
        (0.1, 0, 0.25, 0.2, 0.3),  # fractions are exact
        (1.5, 0.25, 1.75, 1.75, 3.25),
    ],
)
def test_assigns(size: float, offset: float, timestamp: float, start: float, end: float) -> None:
    windows = FixedWindows(size, offset).assign(WindowFn.AssignContext(timestamp))
    assert windows == [IntervalWindow(start, end)]


@pytest.mark.parametrize("size", [90, 90.0, Duration(90), datetime.timedelta(minutes=1.5)])
def test_size_is_any_span(size: Any) -> None:
    window_fn = FixedWindows(size, offset=100)
    assert window_fn == FixedWindows(90, 10)
    assert hash(window_fn) == hash(FixedWindows(90, 10))
    assert (window_fn.size, window_fn.offset) == (Duration(90), Duration(10))
    assert (window_fn.size_micros, window_fn.offset_micros) == (90_000_000, 10_000_000)


def test_offset_may_be_a_timestamp() -> None:
    assert FixedWindows(60, Timestamp(90)) == FixedWindows(60, 30)


def test_differs_by_size_and_offset() -> None:
    assert len({FixedWindows(5), FixedWindows(5, 5), FixedWindows(5, 1), FixedWindows(6)}) == 3


def test_text() -> None:
    assert repr(FixedWindows(60)) == "FixedWindows(60.0)"
    assert repr(FixedWindows(0.5, 0.25)) == "FixedWindows(0.5, offset=0.25)"


def test_windows_end_within_time() -> None:
    window_fn = FixedWindows(10)
    (first,) = window_fn.windows_at(MIN_MICROS)
    (last,) = window_fn.windows_at(MAX_MICROS)
    # Elements without a timestamp get a window of full length, as in Beam, though time begins within it.
    assert (first.start, first.end) == (MIN_TIMESTAMP - 5.225, MIN_TIMESTAMP + 4.775)
    assert window_fn.span_at(MIN_MICROS) == (MIN_MICROS, first.end_micros)
    # What comes after the end of the global window counts as its last moment.
    assert last.max_timestamp() == END_OF_GLOBAL_WINDOW
    assert window_fn.windows_at(END_OF_GLOBAL_WINDOW.micros) == (last,)
    assert window_fn.span_at(MAX_MICROS) == (last.start_micros, MAX_MICROS + 1)
    assert last.max_timestamp() < MAX_TIMESTAMP


def test_a_window_longer_than_time() -> None:
    window_fn = FixedWindows(Duration.of_micros(10**20), offset=Duration.of_micros(MIN_MICROS * 2))
    assert window_fn.windows_at(MIN_MICROS) is window_fn.windows_at(MAX_MICROS)
    assert window_fn.span_at(0) == (MIN_MICROS, MAX_MICROS + 1)


def test_the_same_window_is_the_same_object() -> None:
    window_fn = FixedWindows(10)
    assert window_fn.windows_at(11_000_000) is window_fn.windows_at(19_999_999)


def test_what_is_remembered_is_bounded() -> None:
    window_fn = FixedWindows(1)
    for second in range(2 * MOST_KNOWN):
        window_fn.windows_at(second * 1_000_000)
        assert len(window_fn._known) <= MOST_KNOWN
    assert window_fn.windows_at(0) == (IntervalWindow(0, 1),)


def test_a_subclass_need_not_call_init() -> None:
    class Minutes(FixedWindows):
        def __init__(self) -> None:
            self.size_micros, self.offset_micros = 60_000_000, 0

    assert Minutes().windows_at(61_000_000) == (IntervalWindow(60, 120),)


@pytest.mark.parametrize("size", [0, -5, -0.5, Duration(0), datetime.timedelta(0)])
def test_refuses_a_size_that_is_not_positive(size: Any) -> None:
    with pytest.raises(PipelineError) as caught:
        FixedWindows(size)
    assert (
        str(caught.value) == f"`size` of FixedWindows must be positive, got {size!r}; the smallest is one microsecond"
    )


@pytest.mark.parametrize("value", ["60", None, float("nan"), float("inf")])
def test_refuses_what_is_not_a_span(value: Any) -> None:
    message = f"of FixedWindows must be seconds, a Duration or a timedelta, got {value!r}"
    with pytest.raises(TransformTypeError) as caught:
        FixedWindows(value)
    assert str(caught.value) == f"`size` {message}"
    with pytest.raises(TransformTypeError) as caught:
        FixedWindows(60, offset=value)
    assert str(caught.value) == f"`offset` {message}"
