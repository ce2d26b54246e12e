"""Panes behind the end of their window: which they are, and what they hold up."""

from __future__ import annotations

from typing import Any

from streamcore import (
    AccumulationMode,
    CombinePerKey,
    DoFn,
    FixedWindows,
    Map,
    PCollection,
    TimestampCombiner,
    WindowInto,
)
from streamcore.model.pane import PaneInfoTiming
from streamcore.model.trigger import Trigger
from streamcore.testing import TestPipeline, TestStream
from streamcore.triggers import AfterCount, AfterWatermark, Repeatedly


def sums(
    elements: PCollection[Any], trigger: Trigger, combiner: TimestampCombiner = TimestampCombiner.OUTPUT_AT_EOW
) -> PCollection[Any]:
    """Sums in windows of 10 s, to which elements may come 100 s late."""
    windows = WindowInto(
        FixedWindows(10),
        trigger=trigger,
        accumulation_mode=AccumulationMode.DISCARDING,
        timestamp_combiner=combiner,
        allowed_lateness=100,
    )
    return elements | windows | CombinePerKey(sum)


def summed_again(panes: PCollection[Any], size: int) -> PCollection[Any]:
    """Sums of sums, which come out when the watermark has passed the end of their window."""
    windows = WindowInto(FixedWindows(size), AfterWatermark(), AccumulationMode.DISCARDING)
    return panes | "windows again" >> windows | "again" >> CombinePerKey(sum)


def test_late_elements_of_a_key_that_is_new_to_an_ended_window_are_put_out_one_by_one() -> None:
    stream = TestStream().add_elements([("a", 5)], event_timestamp=5).advance_watermark_to(20)
    for number in (6, 7):
        stream = stream.add_elements([("b", number)], event_timestamp=number)
    seen: list[Any] = []
    with TestPipeline() as p:
        elements = p | stream.advance_watermark_to_infinity()
        _ = sums(elements, AfterWatermark(late=AfterCount(1))) | Map(seen.append)
    assert seen == [("a", 5), ("b", 6), ("b", 7)]


def test_what_waits_for_a_count_until_its_window_expires_is_on_time() -> None:
    stream = TestStream().add_elements([("a", 5)], event_timestamp=5).advance_watermark_to(20)
    seen: list[Any] = []
    with TestPipeline() as p:
        panes = sums(p | stream.advance_watermark_to_infinity(), Repeatedly(AfterCount(2)))
        _ = panes | Map(lambda pair, pane=DoFn.PaneInfoParam: seen.append((pair, pane.timing, pane.is_last)))
    assert seen == [(("a", 5), PaneInfoTiming.ON_TIME, True)]


def test_the_watermark_waits_for_a_pane_at_its_timestamp_though_its_window_has_ended() -> None:
    stream = TestStream().add_elements([("a", 5)], event_timestamp=5).advance_watermark_to(50)
    seen: list[Any] = []
    with TestPipeline() as p:
        elements = p | stream.advance_watermark_to_infinity()
        panes = sums(elements, Repeatedly(AfterCount(2)), TimestampCombiner.OUTPUT_AT_EARLIEST)
        _ = summed_again(panes, 1) | Map(seen.append)
    assert seen == [("a", 5)]


def test_a_late_pane_that_waits_for_a_count_holds_nothing_up() -> None:
    stream = TestStream().add_elements([("a", 5)], event_timestamp=5).advance_watermark_to(20)
    stream = stream.add_elements([("a", 6)], event_timestamp=6)  # waits for another
    stream = stream.add_elements([("b", 35)], event_timestamp=35).advance_watermark_to(50)
    stream = stream.add_elements([("c", 60)], event_timestamp=60)
    seen: list[Any] = []
    with TestPipeline() as p:
        elements = p | stream.advance_watermark_to_infinity()
        _ = elements | "values" >> Map(lambda pair: seen.append(pair[1]))
        _ = summed_again(sums(elements, AfterWatermark(late=AfterCount(2))), 10) | Map(seen.append)
    assert seen.index(("b", 35)) < seen.index(60)
