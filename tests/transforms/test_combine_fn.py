"""What a CombineFn may do with its accumulators."""

import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from streamcore import (
    AccumulationMode,
    AfterCount,
    AfterWatermark,
    ClosingBehavior,
    CombineFn,
    CombinePerKey,
    FixedWindows,
    Map,
    OnTimeBehavior,
    Pipeline,
    SlidingWindows,
    TimestampedValue,
    UserCodeError,
    WindowInto,
)
from streamcore.testing import TestStream
from streamcore.transforms.combiners import SingleInputTupleCombineFn


class Returned(CombineFn[int, list[int], list[int]]):
    """Gives its accumulator away."""

    def create_accumulator(self) -> list[int]:
        return []

    def add_input(self, mutable_accumulator: list[int], element: int) -> list[int]:
        mutable_accumulator.append(element)
        return mutable_accumulator

    def merge_accumulators(self, accumulators: Iterable[list[int]]) -> list[int]:
        return [element for accumulator in accumulators for element in accumulator]

    def extract_output(self, accumulator: list[int]) -> list[int]:
        return accumulator


class Consumed(Returned):
    """Takes its accumulator apart."""

    def extract_output(self, accumulator: list[int]) -> list[int]:
        return [accumulator.pop(0) for _ in range(len(accumulator))]


def whole(values: list[int]) -> list[int]:
    """A function that gives back what it is given."""
    return values


def at(*times: int) -> list[TimestampedValue[tuple[str, int]]]:
    return [TimestampedValue(("k", time), time) for time in times]


def panes(stream: TestStream, window_into: WindowInto, fn: Any) -> list[Any]:
    """The panes, as they are when all of them have come out."""
    found: list[Any] = []
    with Pipeline() as p:
        _ = p | stream | window_into | CombinePerKey(fn) | Map(lambda pair: found.append(pair[1]))
    return found


OWN = pytest.mark.parametrize("make", [Returned, Consumed, lambda: whole])


@OWN
def test_a_pane_that_has_come_out_does_not_change(make: Callable[[], Any]) -> None:
    stream = TestStream().add_elements(at(5)).add_elements(at(6)).advance_watermark_to(60).add_elements(at(7))
    trigger = AfterWatermark(early=AfterCount(1), late=AfterCount(1))
    minute = WindowInto(FixedWindows(60), trigger, AccumulationMode.ACCUMULATING, allowed_lateness=100)
    expected = [[5], [5, 6], [5, 6], [5, 6, 7]]
    assert panes(stream.advance_watermark_to_infinity(), minute, make()) == expected


@OWN
def test_windows_that_overlap_have_panes_of_their_own(make: Callable[[], Any]) -> None:
    stream = TestStream().add_elements(at(5)).advance_watermark_to(31).add_elements(at(6))
    assert panes(stream.advance_watermark_to_infinity(), WindowInto(SlidingWindows(60, 30)), make()) == [[5], [5, 6]]


def test_several_at_once_have_results_of_their_own() -> None:
    stream = TestStream().add_elements(at(5)).advance_watermark_to(31).add_elements(at(6))
    fn = SingleInputTupleCombineFn(Consumed(), sum, Returned())
    found = panes(stream.advance_watermark_to_infinity(), WindowInto(SlidingWindows(60, 30)), fn)
    assert found == [([5], 5, [5]), ([5, 6], 11, [5, 6])]


NOTHING_NEW = (
    "the pane has no new elements, and no result can be made of none (ValueError: min and max need at least one "
    "element, got none); write WindowInto(..., {}) to leave such panes out, or let extract_output take an "
    "accumulator without elements"
)
LAST = {"closing_behavior": ClosingBehavior.FIRE_ALWAYS, "on_time_behavior": OnTimeBehavior.FIRE_IF_NON_EMPTY}


@pytest.mark.parametrize(
    ("behavior", "remedy"),
    [
        ({}, "on_time_behavior=OnTimeBehavior.FIRE_IF_NON_EMPTY"),
        (LAST, "closing_behavior=ClosingBehavior.FIRE_IF_NON_EMPTY"),
    ],
    ids=["on time", "last"],
)
def test_a_pane_that_has_nothing_new_needs_a_result_of_no_elements(behavior: dict[str, Any], remedy: str) -> None:
    stream = TestStream().add_elements(at(5)).advance_watermark_to_infinity()
    trigger = AfterWatermark(early=AfterCount(1))
    minute = WindowInto(FixedWindows(60), trigger, AccumulationMode.DISCARDING, **behavior)
    where = "step 'CombinePerKey(max)' failed for key 'k' in window [0.0, 60.0): "
    with pytest.raises(UserCodeError, match=f"^{re.escape(where + NOTHING_NEW.format(remedy))}$") as error:
        panes(stream, minute, max)
    assert type(error.value.__cause__) is ValueError


def test_a_pane_that_has_nothing_new_can_be_left_out() -> None:
    stream = TestStream().add_elements(at(5)).advance_watermark_to_infinity()
    trigger, behavior = AfterWatermark(early=AfterCount(1)), OnTimeBehavior.FIRE_IF_NON_EMPTY
    minute = WindowInto(FixedWindows(60), trigger, AccumulationMode.DISCARDING, on_time_behavior=behavior)
    assert panes(stream, minute, max) == [5]
