"""WindowInto on the windowing of another PCollection."""

from __future__ import annotations

from typing import Any

import pytest

import streamcore as sc
from streamcore.model.windowing import Windowing
from streamcore.testing import TestStream
from streamcore.timestamp import MICROS_PER_SECOND

EARLY_AND_LATE = sc.AfterWatermark(early=sc.AfterCount(1), late=sc.AfterCount(1))
GIVEN = Windowing(
    sc.FixedWindows(60),
    EARLY_AND_LATE,
    sc.AccumulationMode.ACCUMULATING,
    sc.TimestampCombiner.OUTPUT_AT_LATEST,
    1000 * MICROS_PER_SECOND,
    sc.ClosingBehavior.FIRE_ALWAYS,
    sc.OnTimeBehavior.FIRE_IF_NON_EMPTY,
)


def test_arguments_win_over_the_given_windowing() -> None:
    panes: list[Any] = []
    elements = [sc.TimestampedValue(("k", 1), second) for second in (5, 6, 7)]
    stream = (
        TestStream()
        .add_elements(elements[:1])
        .add_elements(elements[1:2])
        .advance_watermark_to(100)
        .add_elements(elements[2:])
        .advance_watermark_to_infinity()
    )
    with sc.Pipeline() as p:
        first = p | stream | sc.WindowInto(sc.FixedWindows(60))
        second = sc.WindowInto(
            first.windowing,
            trigger=EARLY_AND_LATE,
            accumulation_mode=sc.AccumulationMode.ACCUMULATING,
            allowed_lateness=1000,
        )
        _ = first | "second" >> second | sc.CombinePerKey(sum) | sc.Map(panes.append)
    assert panes == [("k", 1), ("k", 2), ("k", 2), ("k", 3)]


def test_what_is_not_given_stays() -> None:
    assert sc.WindowInto(GIVEN).windowing == GIVEN


@pytest.mark.parametrize(
    ("argument", "field", "value"),
    [
        ("trigger", "triggerfn", sc.Always()),
        ("accumulation_mode", "accumulation_mode", sc.AccumulationMode.DISCARDING),
        ("timestamp_combiner", "timestamp_combiner", sc.TimestampCombiner.OUTPUT_AT_EOW),
        ("allowed_lateness", "allowed_lateness", 0),
        ("closing_behavior", "closing_behavior", sc.ClosingBehavior.FIRE_IF_NON_EMPTY),
        ("on_time_behavior", "on_time_behavior", sc.OnTimeBehavior.FIRE_ALWAYS),
    ],
)
def test_one_argument_changes_one_thing(argument: str, field: str, value: Any) -> None:
    given: dict[str, Any] = {argument: value}
    assert vars(sc.WindowInto(GIVEN, **given).windowing) == vars(GIVEN) | {field: value}


def test_a_new_trigger_goes_on_in_the_mode_of_the_given_windowing() -> None:
    plain = sc.WindowInto(sc.FixedWindows(60)).windowing
    assert sc.WindowInto(plain, sc.Always()).windowing.accumulation_mode == sc.AccumulationMode.DISCARDING


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"trigger": sc.AfterCount}, "`trigger` must be a trigger such as AfterCount(10), got the class AfterCount; "),
        ({"accumulation_mode": 7}, "`accumulation_mode` must be AccumulationMode.DISCARDING or "),
        ({"allowed_lateness": -5}, "`allowed_lateness` must not be negative, got -5s; use 0 to drop late data"),
    ],
)
def test_arguments_beside_a_windowing_are_checked(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(sc.PipelineError) as error:
        sc.WindowInto(GIVEN, **arguments)
    assert str(error.value).startswith(message)
