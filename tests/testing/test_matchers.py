from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from streamcore.model.window import IntervalWindow
from streamcore.testing import (
    BeamAssertException,
    TestWindowedValue,
    contains_in_any_order,
    equal_to,
    equal_to_approx,
    equal_to_per_window,
    in_window,
    is_empty,
    is_not_empty,
    matches_all,
    row_namedtuple_equals_fn,
)
from streamcore.timestamp import Timestamp

FIRST, SECOND = IntervalWindow(0, 10), IntervalWindow(10, 20)


def message(matcher: Any, actual: Any) -> str:
    with pytest.raises(BeamAssertException) as caught:
        matcher(actual)
    return str(caught.value)


class Even:
    def matches(self, item: int) -> bool:
        return item % 2 == 0

    def __repr__(self) -> str:
        return "Even()"


class Point(NamedTuple):
    x: int
    y: Any


class Place(NamedTuple):
    x: int
    y: Any


@pytest.mark.parametrize(
    ("matcher", "actual"),
    [
        (equal_to([1, 2, 2]), [2, 1, 2]),
        (equal_to([]), []),
        (equal_to([[1], {"a": 1}]), iter([{"a": 1}, [1]])),
        (equal_to([1, "a", None]), [None, 1, "a"]),
        (equal_to(["1"], equals_fn=lambda wanted, got: int(wanted) == got), [1]),
        (equal_to([("k", contains_in_any_order([1, 2]))]), [("k", [2, 1])]),
        (equal_to_approx([3.0000000001, 2.0, 1.0]), [1.0, 2, 3.0]),
        (equal_to_approx([("a", [1.0])]), [("a", [1.0000000001])]),
        (equal_to_approx([1e-10, "a"], abs_tol=1e-9), ["a", 0.0]),
        (equal_to_approx([100.00001], rel_tol=1e-6), [100.0]),
        (is_empty(), iter([])),
        (is_not_empty(), iter([None])),
        (matches_all([Even(), 3]), [3, 2]),
    ],
)
def test_matches(matcher, actual):
    matcher(actual)


@pytest.mark.parametrize(
    ("matcher", "actual", "expected"),
    [
        (
            equal_to(["a", "b", "d"]),
            ["a", "b", "c"],
            "expected ['a', 'b', 'd'] in any order, got ['a', 'b', 'c'], unexpected elements ['c'], "
            "missing elements ['d']",
        ),
        (equal_to([1, 1]), [1], "expected [1, 1] in any order, got [1], missing elements [1]"),
        (equal_to([[1]]), [[1], [1]], "expected [[1]] in any order, got [[1], [1]], unexpected elements [[1]]"),
        (
            equal_to([[1, 2]]),
            [[2, 1]],
            "expected [[1, 2]] in any order, got [[2, 1]], unexpected elements [[2, 1]], missing elements [[1, 2]]",
        ),
        (
            equal_to_approx([1.1]),
            [1.0],
            "expected [1.1] in any order, got [1.0], unexpected elements [1.0], missing elements [1.1]",
        ),
        (
            equal_to_approx([(1.0,)]),
            [[1.0]],
            "expected [(1.0,)] in any order, got [[1.0]], unexpected elements [[1.0]], missing elements [(1.0,)]",
        ),
        (is_empty(), [1], "expected no elements, got [1]"),
        (is_not_empty(), [], "expected at least one element, but the pcol is empty"),
        (
            matches_all([Even()]),
            [3],
            "expected [Even()] in any order, got [3], unexpected elements [3], missing elements [Even()]",
        ),
        (
            equal_to_per_window({FIRST: [1]}),
            [1],
            "expected TestWindowedValues, got 1; use the matcher in assert_that, which makes them",
        ),
    ],
)
def test_what_does_not_match_is_said(matcher, actual, expected):
    assert message(matcher, actual) == expected


def windowed(*pairs: tuple[Any, IntervalWindow]) -> list[TestWindowedValue]:
    return [TestWindowedValue(value, Timestamp(1), [window]) for value, window in pairs]


def test_per_window():
    matcher = equal_to_per_window({FIRST: ["a", "b"], SECOND: ["c"]})
    matcher(windowed(("b", FIRST), ("c", SECOND), ("a", FIRST)))
    matcher(windowed(("b", FIRST), ("c", SECOND), ("a", FIRST)))  # it can be used again
    assert message(matcher, windowed(("a", FIRST), ("b", FIRST))) == "unmatched elements ['c'] in window " + str(SECOND)
    assert message(matcher, windowed(("c", FIRST))) == (
        f"element 'c' not found in window {FIRST}, where there are left: ['a', 'b']"
    )
    assert message(matcher, windowed(("x", IntervalWindow(20, 30)))) == (
        f"window {IntervalWindow(20, 30)} of element 'x' not found in any expected window: [{FIRST!r}, {SECOND!r}]"
    )


def test_in_window():
    actual = windowed(("b", FIRST), ("c", SECOND))
    in_window(FIRST, equal_to(["b"]))(actual)
    assert message(in_window(SECOND, is_empty()), actual) == f"in window {SECOND}: expected no elements, got ['c']"


def test_any_order():
    one = contains_in_any_order([1, 2, 2])
    assert one == [2, 1, 2]
    assert one != [1, 2]
    assert one != 5
    assert hash(one) == hash(contains_in_any_order([2, 1, 2]))
    assert repr(one) == "contains_in_any_order([1, 2, 2])"


def test_named_tuples_count_by_their_fields():
    assert row_namedtuple_equals_fn(Point(1, Point(2, 3)), Place(1, Place(2, 3)))
    assert not row_namedtuple_equals_fn(Point(1, Point(2, 3)), Place(1, Place(2, 4)))
    assert row_namedtuple_equals_fn("a", "a")
    assert not row_namedtuple_equals_fn(Point(1, 2), (1, 3))
    assert row_namedtuple_equals_fn("a", "A", fallback_equals_fn=lambda wanted, got: wanted == got.lower())
