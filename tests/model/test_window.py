from __future__ import annotations

import copy
import pickle

import pytest

from streamcore.model.window import BoundedWindow, GlobalWindow, IntervalWindow
from streamcore.timestamp import END_OF_GLOBAL_WINDOW, MAX_TIMESTAMP, MIN_TIMESTAMP, Timestamp


def test_interval() -> None:
    window = IntervalWindow(1.5, Timestamp(3))
    assert (window.start, window.end) == (Timestamp(1.5), Timestamp(3))
    assert (window.start_micros, window.end_micros) == (1_500_000, 3_000_000)
    assert window.max_timestamp() == Timestamp.of_micros(2_999_999)
    assert window == IntervalWindow.of_micros(1_500_000, 3_000_000)
    assert repr(window) == "[1.5, 3.0)"


@pytest.mark.parametrize(
    ("one", "other", "intersects", "union"),
    [
        ((0, 10), (5, 15), True, (0, 15)),
        ((0, 10), (10, 20), False, (0, 20)),  # they only touch
        ((0, 10), (20, 30), False, (0, 30)),
        ((0, 30), (10, 20), True, (0, 30)),
        ((0, 10), (0, 10), True, (0, 10)),
    ],
)
def test_two_intervals(one: tuple[int, int], other: tuple[int, int], intersects: bool, union: tuple[int, int]) -> None:
    left, right = IntervalWindow(*one), IntervalWindow(*other)
    assert left.intersects(right) is right.intersects(left) is intersects
    assert left.union(right) == right.union(left) == IntervalWindow(*union)


def test_windows_are_in_the_order_of_their_ends() -> None:
    windows = [IntervalWindow(0, 10), IntervalWindow(5, 10), IntervalWindow(0, 20), GlobalWindow()]
    assert sorted([*windows[2:], *windows[:2]]) == windows
    assert IntervalWindow(0, 10) < IntervalWindow(5, 10)
    assert IntervalWindow(0, 10) <= IntervalWindow(0, 10)
    assert IntervalWindow(0, 20) > IntervalWindow(5, 10)
    assert IntervalWindow(0, 20) >= IntervalWindow(0, 20)
    with pytest.raises(TypeError):
        IntervalWindow(0, 10) < 5  # type: ignore[operator]  # noqa: B015


def test_the_global_window_is_one() -> None:
    window = GlobalWindow()
    assert copy.deepcopy(window) is pickle.loads(pickle.dumps(window)) is GlobalWindow() is window
    assert hash(window) == hash(GlobalWindow())
    assert (window.start, window.end, window.max_timestamp()) == (
        MIN_TIMESTAMP,
        END_OF_GLOBAL_WINDOW,
        END_OF_GLOBAL_WINDOW,
    )
    assert repr(window) == "GlobalWindow"
    assert window != IntervalWindow(MIN_TIMESTAMP, MAX_TIMESTAMP)
    assert IntervalWindow(MIN_TIMESTAMP, MAX_TIMESTAMP) != window


def test_copies_of_intervals_are_equal() -> None:
    window = IntervalWindow(1, 2)
    for same in (copy.deepcopy(window), pickle.loads(pickle.dumps(window))):
        assert same == window
        assert hash(same) == hash(window)


class Labelled(IntervalWindow):
    """Another kind of window."""


def test_windows_of_different_kinds_differ() -> None:
    assert Labelled(0, 10) != IntervalWindow(0, 10)


class Until(BoundedWindow):
    """A window without a start, as a user may write it."""


@pytest.mark.parametrize(
    "window",
    [
        IntervalWindow(0, MAX_TIMESTAMP),
        IntervalWindow.of_micros(0, MAX_TIMESTAMP.micros),
        IntervalWindow(0, 1).union(IntervalWindow(1, MAX_TIMESTAMP)),
        BoundedWindow(MAX_TIMESTAMP),
    ],
)
def test_no_window_goes_on_after_the_global_one(window: BoundedWindow) -> None:
    assert window.max_timestamp() == END_OF_GLOBAL_WINDOW


def test_a_bounded_window() -> None:
    window = Until(5)
    assert (window.end, window.max_timestamp()) == (Timestamp(5), Timestamp.of_micros(4_999_999))
    assert repr(window) == "[?, 5.0)"
    assert sorted([Until(7), window])[0] is window
    assert window < IntervalWindow(0, 7)
    with pytest.raises(NotImplementedError) as caught:
        _ = window.start
    assert str(caught.value) == "Until must define `start`"


def test_a_window_must_say_which_others_are_equal_to_it() -> None:
    end = "a window must define `__eq__` and `__hash__`, as elements are grouped by equal windows"
    with pytest.raises(NotImplementedError, match=f"^Until has no `__hash__`; {end}$"):
        hash(Until(5))
    with pytest.raises(NotImplementedError, match=f"^Until has no `__eq__`; {end}$"):
        _ = Until(5) == Until(5)


def test_text_is_that_of_beam() -> None:
    assert str(IntervalWindow(-2, 1.5)) == "[-2.0, 1.5)"
