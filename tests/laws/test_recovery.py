"""Crash anywhere == no crash: an engine that goes on from what was kept of another does what that would have done.

It has not been asked for a while what the splits have. So the other one is cut off from its sources for as long.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from unittest import mock

from hypothesis import given, strategies as st

from streamcore import CombinePerKey, Filter, FlatMap, GroupByKey, Map
from streamcore.engine.core import cell_log, changes, entry_log
from streamcore.model.source import Batch
from streamcore.model.watermark import BoundedOutOfOrderness, WatermarkEstimator
from streamcore.model.windowing import Windowing
from streamcore.timestamp import MIN_MICROS
from streamcore.transforms.combiners.tuples import SingleInputTupleCombineFn
from streamcore.transforms.flatten import Flatten
from streamcore.transforms.group import Reduce
from tests.laws.arrivals import Event, Poll, cut
from tests.laws.cases import ESTIMATORS, SECOND, Shown, arrivals, units, windowings
from tests.laws.runs import Build
from tests.laws.stops import Stop, play

reduces: st.SearchStrategy[Callable[[], Reduce]] = st.sampled_from(
    [GroupByKey, lambda: CombinePerKey(sum), lambda: CombinePerKey(SingleInputTupleCombineFn(sum, len))]
)
# Some seconds, as triggers wait, or as long as windows are.
downtimes = st.just(0) | st.integers(1, 5) | units(1, 8).map(lambda span: span.micros // SECOND)
stops = st.lists(st.builds(Stop, st.integers(0, 26), st.booleans() | st.just(True), downtimes), min_size=1, max_size=8)
sizes = st.tuples(st.lists(st.sampled_from([1, 2, 3, 7]), min_size=1, max_size=4), st.sampled_from([1, 3, 256]))


class ClockBound(Shown, BoundedOutOfOrderness):
    pass


class EveryThird(Shown, WatermarkEstimator):
    """Moves the watermark at every third element, so that it has more to remember than the watermark."""

    def create(self) -> tuple[int, int, int]:
        return 0, MIN_MICROS, MIN_MICROS

    def current(self, state: tuple[int, int, int]) -> int:
        return state[2]

    def observe(self, state: Any, value: Any, timestamp: int) -> tuple[int, int, int]:
        count, top, mark = state
        top = max(top, timestamp)
        return count + 1, top, top if count % 3 == 2 else mark


estimators = st.none() | ESTIMATORS | st.builds(EveryThird)
# While all splits are idle the watermark goes on with the clock.
idle_estimators = st.builds(ClockBound, units(0, 3), follow_clock=units(0, 2))


def check(
    events: list[Event],
    ports: int,
    cuts: tuple[list[int], int],
    where: Sequence[Stop],
    construct: Callable[[Build], None],
    idle: Sequence[tuple[int, int]] = (),
) -> None:
    polls = cut(events, cuts[0])
    for number, port in idle:
        polls.insert(number, Poll(port, Batch([], idle=True)))
    expected = play(polls, ports, cuts[1], construct, where, is_durable=False)
    assert play(polls, ports, cuts[1], construct, where) == expected
    with small_scopes():
        assert play(polls, ports, cuts[1], construct, where) == expected


@contextlib.contextmanager
def small_scopes() -> Iterator[None]:
    """Cells by the dozen are cut into pieces, share scopes, and have these written anew, as they are by the million."""
    with (
        mock.patch.object(changes, "WASTE_FACTOR", 1),
        mock.patch.object(changes, "WASTE_ROWS", 1),
        mock.patch.object(cell_log, "PIECE_ROWS", 2),
        mock.patch.object(entry_log, "PIECE_ROWS", 2),
        mock.patch.object(entry_log, "BLOCK_SIZE", 3),
    ):
        yield


@given(
    estimators.flatmap(lambda it: st.tuples(st.just(it), arrivals(marks=it is None))),
    windowings(),
    reduces,
    st.booleans(),
    sizes,
    stops,
)
def test_one_aggregation(
    case: tuple[WatermarkEstimator | None, list[Event]],
    windowing: Windowing,
    reduce: Callable[[], Reduce],
    stamped: bool,
    cuts: tuple[list[int], int],
    where: list[Stop],
) -> None:
    estimator, events = case

    def construct(pipeline: Build) -> None:
        pipeline.group(pipeline.read(estimator, [0], late=stamped), windowing, reduce(), "panes")

    check(events, 1, cuts, where, construct)


@given(
    idle_estimators,
    arrivals(ports=2),
    windowings(),
    reduces,
    sizes,
    stops,
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 1))),
)
def test_two_splits_that_may_be_idle(
    estimator: WatermarkEstimator,
    events: list[Event],
    windowing: Windowing,
    reduce: Callable[[], Reduce],
    cuts: tuple[list[int], int],
    where: list[Stop],
    idle: list[tuple[int, int]],
) -> None:
    def construct(pipeline: Build) -> None:
        pipeline.group(pipeline.read(estimator, [0, 1]), windowing, reduce(), "panes")

    check(events, 2, cuts, where, construct, idle)


@given(st.tuples(estimators, estimators), arrivals(ports=2, marks=True), windowings(), sizes, stops)
def test_two_sources(
    pair: tuple[WatermarkEstimator | None, WatermarkEstimator | None],
    events: list[Event],
    windowing: Windowing,
    cuts: tuple[list[int], int],
    where: list[Stop],
) -> None:
    def construct(pipeline: Build) -> None:
        both = (pipeline.read(pair[0], [0]), pipeline.read(pair[1], [1])) | Flatten()
        pipeline.group(both, windowing, GroupByKey(), "panes")

    check(events, 2, cuts, where, construct)


@given(
    estimators.flatmap(lambda it: st.tuples(st.just(it), arrivals(marks=it is None))),
    windowings(),
    st.none() | windowings(),
    reduces,
    st.booleans(),
    sizes,
    stops,
)
def test_two_in_a_row(
    case: tuple[WatermarkEstimator | None, list[Event]],
    first: Windowing,
    second: Windowing | None,
    reduce: Callable[[], Reduce],
    rekey: bool,
    cuts: tuple[list[int], int],
    where: list[Stop],
) -> None:
    estimator, events = case

    def construct(pipeline: Build) -> None:
        panes = pipeline.group(pipeline.read(estimator, [0]), first, reduce(), "first")
        if rekey:
            panes = panes | Map(_to_one_key)
        pipeline.group(panes, second, GroupByKey(), "second")

    check(events, 1, cuts, where, construct)


@given(
    estimators.flatmap(lambda it: st.tuples(st.just(it), arrivals(marks=it is None))),
    windowings(),
    windowings(),
    sizes,
    stops,
)
def test_branches_that_meet_again(
    case: tuple[WatermarkEstimator | None, list[Event]],
    left: Windowing,
    common: Windowing,
    cuts: tuple[list[int], int],
    where: list[Stop],
) -> None:
    estimator, events = case

    def construct(pipeline: Build) -> None:
        pairs = pipeline.read(estimator, [0])
        odd = pairs | Filter(lambda pair: pair[1] % 2)
        several = pairs | FlatMap(lambda pair: [(pair[0], 100 + pair[1])] * (pair[1] % 3))
        sums = pipeline.group((odd, several, pairs) | Flatten(), left, CombinePerKey(sum), "sums")
        both = tuple(pipeline.windowed(pcoll, common) for pcoll in (sums, pairs))
        pipeline.group(both | "again" >> Flatten(), None, GroupByKey(), "panes")

    check(events, 1, cuts, where, construct)


def _to_one_key(pair: tuple[str, Any]) -> tuple[str, Any]:
    return "all", pair
