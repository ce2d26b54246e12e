"""What comes out is a function of the order of arrival: never of how sources and bundles are cut."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings, strategies as st

from streamcore import CoGroupByKey, CombinePerKey, Filter, FlatMap, GroupByKey, Map, WithTimestamps
from streamcore.model.watermark import WatermarkEstimator
from streamcore.model.windowing import ClosingBehavior, TimestampCombiner, Windowing
from streamcore.timestamp import Duration
from streamcore.transforms.flatten import Flatten
from streamcore.transforms.group import Reduce
from streamcore.triggers import AfterCount, AfterWatermark, DefaultTrigger, Repeatedly
from streamcore.windowing import FixedWindows, GlobalWindows, Sessions
from tests.laws.arrivals import Element, Event, Mark, Pause
from tests.laws.cases import (
    ESTIMATORS,
    UNIT,
    Marking,
    OwnGap,
    ShownBounded,
    ShownMonotonous,
    ShownPunctuated,
    arrivals,
    units,
    windowings,
)
from tests.laws.cuts import Cut, check, cuts
from tests.laws.runs import Build
from tests.laws.trigger_strategies import TRIGGERS

estimators = st.none() | ESTIMATORS
reduces: st.SearchStrategy[Callable[[], Reduce]] = st.sampled_from([GroupByKey, lambda: CombinePerKey(sum)])


@given(
    estimators.flatmap(lambda it: st.tuples(st.just(it), arrivals(marks=it is None))),
    windowings(),
    reduces,
    st.booleans(),
    st.lists(cuts, max_size=3),
)
def test_one_aggregation(
    case: tuple[WatermarkEstimator | None, list[Event]],
    windowing: Windowing,
    reduce: Callable[[], Reduce],
    stamped: bool,
    ways: list[Cut],
) -> None:
    estimator, events = case

    def build(pipeline: Build) -> None:
        pipeline.group(pipeline.read(estimator, [0], late=stamped), windowing, reduce(), "panes")

    check(events, 1, ways, build)


@given(estimators, arrivals(ports=2), windowings(), reduces, st.lists(cuts, max_size=3))
def test_two_splits(
    estimator: WatermarkEstimator | None,
    events: list[Event],
    windowing: Windowing,
    reduce: Callable[[], Reduce],
    ways: list[Cut],
) -> None:
    def build(pipeline: Build) -> None:
        pipeline.group(pipeline.read(estimator, [0, 1]), windowing, reduce(), "panes")

    check(events, 2, ways, build)


@given(st.tuples(estimators, estimators), arrivals(ports=2, marks=True), windowings(), st.lists(cuts, max_size=3))
def test_two_sources(
    pair: tuple[WatermarkEstimator | None, WatermarkEstimator | None],
    events: list[Event],
    windowing: Windowing,
    ways: list[Cut],
) -> None:
    def build(pipeline: Build) -> None:
        both = (pipeline.read(pair[0], [0]), pipeline.read(pair[1], [1])) | Flatten()
        pipeline.group(both, windowing, GroupByKey(), "panes")

    check(events, 2, ways, build)


def test_last_panes_that_come_behind_the_watermark() -> None:
    events: list[Event] = [Element(0, "a", number, time * UNIT) for number, time in enumerate((0, 1, 3, 3))]
    windows = FixedWindows(_units(1))
    lateness, always = 2 * UNIT, ClosingBehavior.FIRE_ALWAYS
    windowing = Windowing(windows, DefaultTrigger(), allowed_lateness=lateness, closing_behavior=always)

    def build(pipeline: Build) -> None:
        panes = pipeline.group(pipeline.read(ShownMonotonous(), [0]), windowing, GroupByKey(), "first")
        pipeline.group(panes, None, GroupByKey(), "second")

    check(events, 1, [], build)


def test_a_hold_that_is_moved_within_a_bundle() -> None:
    moves_the_hold, comes_behind_it = Element(0, "a", 1, 5 * UNIT), Element(0, "b", 2, 3 * UNIT)
    events: list[Event] = [Element(0, "a", 0, 0), Mark(0, 4 * UNIT), moves_the_hold, comes_behind_it]
    windows = FixedWindows(_units(8))
    windowing = Windowing(windows, DefaultTrigger(), timestamp_combiner=TimestampCombiner.OUTPUT_AT_LATEST)

    def build(pipeline: Build) -> None:
        pipeline.group(pipeline.read(None, [0]), windowing, GroupByKey(), "panes")

    check(events, 1, [], build)


@given(
    estimators.flatmap(lambda it: st.tuples(st.just(it), arrivals(marks=it is None))),
    windowings(),
    st.none() | windowings(),
    reduces,
    st.booleans(),
    st.lists(cuts, max_size=3),
)
def test_two_in_a_row(
    case: tuple[WatermarkEstimator | None, list[Event]],
    first: Windowing,
    second: Windowing | None,
    reduce: Callable[[], Reduce],
    rekey: bool,
    ways: list[Cut],
) -> None:
    estimator, events = case

    def build(pipeline: Build) -> None:
        panes = pipeline.group(pipeline.read(estimator, [0]), first, reduce(), "first")
        if rekey:
            panes = panes | Map(_to_one_key)
        pipeline.group(panes, second, GroupByKey(), "second")

    check(events, 1, ways, build)


@given(
    estimators.flatmap(lambda it: st.tuples(st.just(it), arrivals(marks=it is None))),
    windowings(),
    reduces,
    st.lists(cuts, max_size=3),
)
def test_branches_that_meet_again(
    case: tuple[WatermarkEstimator | None, list[Event]],
    windowing: Windowing,
    reduce: Callable[[], Reduce],
    ways: list[Cut],
) -> None:
    estimator, events = case

    def build(pipeline: Build) -> None:
        pairs = pipeline.read(estimator, [0])
        odd = pairs | Filter(lambda pair: pair[1] % 2)
        several = pairs | FlatMap(lambda pair: [(pair[0], 100 + pair[1])] * (pair[1] % 3))
        pipeline.group((odd, several, pairs) | Flatten(), windowing, reduce(), "panes")

    check(events, 1, ways, build)


@settings(max_examples=50)
@given(
    estimators.flatmap(lambda it: st.tuples(st.just(it), arrivals(marks=it is None))),
    windowings(),
    windowings(),
    windowings(),
    st.lists(cuts, max_size=3),
)
def test_aggregations_that_meet_again(
    case: tuple[WatermarkEstimator | None, list[Event]],
    left: Windowing,
    right: Windowing,
    common: Windowing,
    ways: list[Cut],
) -> None:
    estimator, events = case

    def build(pipeline: Build) -> None:
        pairs = pipeline.read(estimator, [0])
        sums = pipeline.group(pairs, left, CombinePerKey(sum), "sums")
        lists = pipeline.group(pairs, right, GroupByKey(), "lists")
        both = tuple(pipeline.windowed(pcoll, common) for pcoll in (sums, lists))
        pipeline.group(both | Flatten(), None, GroupByKey(), "panes")

    check(events, 1, ways, build)


@settings(max_examples=50)
@given(
    estimators.flatmap(lambda it: st.tuples(st.just(it), arrivals(marks=it is None))),
    windowings(),
    st.booleans(),
    st.lists(cuts, max_size=3),
)
def test_branches_that_are_joined(
    case: tuple[WatermarkEstimator | None, list[Event]], windowing: Windowing, meet: bool, ways: list[Cut]
) -> None:
    estimator, events = case

    def build(pipeline: Build) -> None:
        pairs = pipeline.windowed(pipeline.read(estimator, [0]), windowing)
        odd, third = (pairs | f"{n}" >> Filter(lambda pair, n: pair[1] % n, n) for n in (2, 3))
        pipeline.keep((odd, (third, pairs) | Flatten() if meet else third) | CoGroupByKey(), "joined")

    check(events, 1, ways, build)


@settings(max_examples=50)
@given(
    estimators.flatmap(lambda it: st.tuples(st.just(it), arrivals(marks=it is None))),
    windowings(),
    windowings(),
    reduces,
    st.lists(cuts, max_size=3),
)
def test_branches_of_an_aggregation_that_meet_again(
    case: tuple[WatermarkEstimator | None, list[Event]],
    first: Windowing,
    second: Windowing,
    reduce: Callable[[], Reduce],
    ways: list[Cut],
) -> None:
    estimator, events = case

    def build(pipeline: Build) -> None:
        panes = pipeline.group(pipeline.read(estimator, [0]), first, reduce(), "first")
        branches = panes | "left" >> Map(_to_one_key), panes | "right" >> Map(_to_one_key)
        pipeline.group(branches | Flatten(), second, GroupByKey(), "second")

    check(events, 1, ways, build)


@settings(max_examples=50)
@given(arrivals(), st.builds(ShownBounded, units(0, 6)), windowings(), reduces, st.lists(cuts, max_size=3))
def test_branches_that_meet_in_front_of_a_watermark(
    events: list[Event],
    estimator: WatermarkEstimator,
    windowing: Windowing,
    reduce: Callable[[], Reduce],
    ways: list[Cut],
) -> None:
    times = {event.number: event.time for event in events if isinstance(event, Element)}

    def build(pipeline: Build) -> None:
        pairs = pipeline.read(None, [0])
        odd = pairs | Filter(lambda pair: pair[1] % 2)
        stamped = (odd, pairs) | Flatten() | WithTimestamps(lambda pair: times[pair[1]], unit="us", watermark=estimator)
        pipeline.group(stamped, windowing, reduce(), "panes")

    check(events, 1, ways, build)


@settings(max_examples=50)
@given(
    estimators.flatmap(lambda it: st.tuples(st.just(it), arrivals(marks=it is None, keys="abcdef"))),
    st.tuples(windowings(), windowings(), windowings()),
    reduces,
    st.lists(cuts, max_size=3),
)
def test_three_in_a_row(
    case: tuple[WatermarkEstimator | None, list[Event]],
    windowings: tuple[Windowing, Windowing, Windowing],
    reduce: Callable[[], Reduce],
    ways: list[Cut],
) -> None:
    estimator, events = case

    def build(pipeline: Build) -> None:
        panes = pipeline.group(pipeline.read(estimator, [0]), windowings[0], reduce(), "first")
        panes = panes | "one key" >> Map(_to_one_key)
        panes = pipeline.group(panes, windowings[1], GroupByKey(), "second") | "again" >> Map(_to_one_key)
        pipeline.group(panes, windowings[2], GroupByKey(), "third")

    check(events, 1, ways, build)


@given(
    estimators.flatmap(lambda it: st.tuples(st.just(it), arrivals(marks=it is None, keys="abcdef"))),
    st.none() | windowings(),
    windowings(st.builds(Sessions, units(1, 5)) | st.builds(OwnGap), st.just(DefaultTrigger()) | TRIGGERS),
    st.booleans(),
    reduces,
    st.lists(cuts, max_size=3),
)
def test_windows_that_are_united_again(
    case: tuple[WatermarkEstimator | None, list[Event]],
    before: Windowing | None,
    merging: Windowing,
    meet: bool,
    reduce: Callable[[], Reduce],
    ways: list[Cut],
) -> None:
    estimator, events = case

    def build(pipeline: Build) -> None:
        panes = pipeline.read(estimator, [0])
        if before is not None:
            panes = pipeline.group(panes, before, GroupByKey(), "before") | "numbers" >> Map(_numbers)
        panes = pipeline.group(panes, merging, reduce(), "sessions") | "one key" >> Map(_to_one_key)
        if meet:
            panes = (panes,) | Flatten()
        pipeline.group(panes, None, GroupByKey(), "united")

    check(events, 1, ways, build)


def test_a_late_pane_behind_an_element_that_moves_a_hold() -> None:
    events: list[Event] = [
        Element(0, "e", 0, 0),
        Pause(1),
        Element(0, "e", 1, 2 * UNIT),
        Element(0, "a", 2, -3 * UNIT),
    ]
    latest = TimestampCombiner.OUTPUT_AT_LATEST
    sessions = Windowing(Sessions(_units(4)), DefaultTrigger(), timestamp_combiner=latest, allowed_lateness=2 * UNIT)

    def build(pipeline: Build) -> None:
        panes = pipeline.group(pipeline.read(ShownPunctuated(Marking(3, -1)), [0]), sessions, GroupByKey(), "first")
        pipeline.group(panes | Map(_to_one_key), None, GroupByKey(), "second")

    check(events, 1, [([256], 256, False, [256])], build)


def test_panes_of_one_window_that_set_off_more_than_one_pane_each() -> None:
    events: list[Event] = [Element(0, "x", 0, 2 * UNIT)]
    events += [Element(0, key, 1, 12 * UNIT) for key in ("x", "y1", "y2", "y3", "y4", "y5", "y6")]
    pairs, early = Repeatedly(AfterCount(2)), AfterWatermark(early=AfterCount(1))
    earliest = TimestampCombiner.OUTPUT_AT_EARLIEST

    def build(pipeline: Build) -> None:
        first = Windowing(FixedWindows(_units(10)), DefaultTrigger())
        panes = pipeline.group(pipeline.read(ShownMonotonous(), [0]), first, GroupByKey(), "first")
        second = Windowing(GlobalWindows(), pairs, timestamp_combiner=earliest)
        panes = panes | Map(lambda pair: (pair[0][0], pair))
        panes = pipeline.group(panes, second, GroupByKey(), "second") | "one key" >> Map(_to_one_key)
        pipeline.group(panes, Windowing(FixedWindows(_units(5)), early), GroupByKey(), "third")

    check(events, 1, [([256], 256, False, [1])], build)


def test_panes_that_move_a_hold_which_others_wait_for() -> None:
    events: list[Event] = [Element(0, "a", 0, 2 * UNIT), Mark(0, 10 * UNIT), Element(0, "a", 1, 12 * UNIT)]
    events += [Element(0, "b", number, 11 * UNIT) for number in (2, 3)]
    pairs, early = Repeatedly(AfterCount(2)), AfterWatermark(early=AfterCount(1))
    earliest = TimestampCombiner.OUTPUT_AT_EARLIEST

    def build(pipeline: Build) -> None:
        first = Windowing(FixedWindows(_units(100)), pairs, timestamp_combiner=earliest)
        panes = pipeline.group(pipeline.read(None, [0]), first, GroupByKey(), "first") | "one" >> Map(_to_one_key)
        panes = pipeline.group(panes, Windowing(FixedWindows(_units(5)), early), GroupByKey(), "second")
        pipeline.group(panes, Windowing(GlobalWindows(), Repeatedly(AfterCount(3))), GroupByKey(), "third")

    check(events, 1, [], build)


def _units(number: int) -> Duration:
    return Duration.of_micros(number * UNIT)


def _to_one_key(pair: tuple[str, Any]) -> tuple[str, Any]:
    return "all", pair


def _numbers(pair: tuple[str, list[int]]) -> tuple[str, int]:
    return pair[0], sum(pair[1])
