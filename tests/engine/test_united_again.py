"""Merging windows that one aggregation puts out and the next one unites, with no windowing between."""

from __future__ import annotations

from typing import Any

import pytest

from streamcore import (
    AccumulationMode,
    BoundedOutOfOrderness,
    CoGroupByKey,
    CombinePerKey,
    Create,
    DoFn,
    FixedWindows,
    Flatten,
    GroupByKey,
    Map,
    PCollection,
    Pipeline,
    PipelineOptions,
    Sessions,
    TimestampedValue,
    WindowInto,
    WithTimestamps,
)
from streamcore.testing import TestPipeline, assert_that, equal_to
from streamcore.triggers import AfterCount, AfterWatermark

EVENTS = [("x", 2), ("x", 5), ("x", 9), ("y", 2), ("y", 7), ("y", 3)]
UNITED = [("[2.0, 13.0)", [1, 1, 2, 2])]


def shown(pair: tuple[str, Any], window: Any = DoFn.WindowParam) -> tuple[str, Any]:
    return str(window), sorted(pair[1])


def counts_of_all(p: Pipeline) -> PCollection[Any]:
    """Counts per session, under one key."""
    elements = p | Create([TimestampedValue((key, 1), at) for key, at in EVENTS])
    counts = elements | WindowInto(Sessions(4)) | "counts" >> CombinePerKey(sum)
    return counts | "all" >> Map(lambda pair: ("all", pair[1]))


def branch(counts: PCollection[Any]) -> None:
    """Another aggregation of the same panes, which cares in what order they come and the watermark moves."""
    early = AfterWatermark(early=AfterCount(1))
    windows = WindowInto(FixedWindows(5), trigger=early, accumulation_mode=AccumulationMode.DISCARDING)
    _ = counts | "others" >> windows | "other" >> CombinePerKey(len)


def test_in_a_batch_all_are_there_before_one_is_closed() -> None:
    with TestPipeline() as p:
        assert_that(counts_of_all(p) | GroupByKey() | Map(shown), equal_to(UNITED))


def test_a_flatten_between_changes_nothing() -> None:
    with TestPipeline() as p:
        assert_that((counts_of_all(p),) | Flatten() | GroupByKey() | Map(shown), equal_to(UNITED))


def test_another_branch_changes_nothing() -> None:
    with TestPipeline() as p:
        counts = counts_of_all(p)
        branch(counts)
        assert_that(counts | GroupByKey() | Map(shown), equal_to(UNITED))


def test_an_aggregation_behind_changes_nothing() -> None:
    with TestPipeline() as p:
        groups = counts_of_all(p) | GroupByKey()
        branch(groups)
        assert_that(groups | Map(shown), equal_to(UNITED))


def test_sessions_are_joined_with_those_that_they_overlap() -> None:
    with TestPipeline() as p:
        clicks, orders = (
            p
            | f"{name} come" >> Create([TimestampedValue(("ann", n), at) for n, at in events])
            | f"{name} in sessions" >> WindowInto(Sessions(30))
            | name >> CombinePerKey(sum)
            for name, events in (("clicks", [(1, 0), (1, 25)]), ("orders", [(7, 40)]))
        )
        joined = {"clicks": clicks, "orders": orders} | CoGroupByKey()
        assert_that(
            joined | Map(lambda pair, window=DoFn.WindowParam: (str(window), pair)),
            equal_to([("[0.0, 70.0)", ("ann", {"clicks": [2], "orders": [7]}))]),
        )


@pytest.mark.parametrize("size", [1, 2, 256])
def test_in_a_stream_those_are_united_that_end_at_one_move_of_the_watermark(size: int) -> None:
    events = [("a", 5), ("b", 7), ("c", 9), ("d", 20)]
    with TestPipeline(options=PipelineOptions(bundle_size=size)) as p:
        elements = p | Create(events) | WithTimestamps(lambda event: event[1], watermark=BoundedOutOfOrderness(0))
        counts = elements | WindowInto(Sessions(3)) | Map(lambda event: (event[0], 1)) | CombinePerKey(sum)
        again = counts | "all" >> Map(lambda pair: ("all", pair[1])) | GroupByKey() | "shown" >> Map(shown)
        assert_that(again, equal_to([("[5.0, 8.0)", [1]), ("[7.0, 12.0)", [1, 1]), ("[20.0, 23.0)", [1])]))
