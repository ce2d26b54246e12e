"""Elements that are moved in time behind a watermark: late or not whatever the bundles, or refused whatever these."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from hypothesis import given, strategies as st

from streamcore import (
    DoFn,
    Filter,
    FlatMap,
    Flatten,
    GroupByKey,
    Map,
    TaggedOutput,
    TimestampedValue,
    UserCodeError,
    WindowedValue,
    WithTimestamps,
)
from streamcore.graph.pvalue import PCollection
from streamcore.model.watermark import WatermarkEstimator
from streamcore.model.windowing import Windowing
from streamcore.timestamp import MAX_MICROS, Timestamp
from tests.laws.arrivals import Element, Event
from tests.laws.cases import ESTIMATORS, UNIT, arrivals, windowings
from tests.laws.cuts import Cut, check, cuts
from tests.laws.runs import Build, Seen

Pair = tuple[str, int]
MAIN, TAG = "main", "tagged"


@dataclasses.dataclass(frozen=True)
class Moves:
    """By how many units elements are moved, in turn by their numbers; a class, so that a failing case prints it."""

    units: tuple[int, ...]

    def moved(self, pair: Pair, timestamp: Timestamp) -> Timestamp:
        """Where the element is moved to."""
        moved = timestamp.micros + self.units[pair[1] % len(self.units)] * UNIT
        return Timestamp.of_micros(min(moved, MAX_MICROS))


# Steps that hand elements on, some of which move them.
Step = Callable[[PCollection[Any], Moves, dict[int, Timestamp]], PCollection[Any]]


def stamped_anew(pairs: PCollection[Any], moves: Moves, times: dict[int, Timestamp]) -> PCollection[Any]:
    return pairs | f"stamp {pairs}" >> WithTimestamps(lambda pair: moves.moved(pair, times[pair[1]]))


def timestamped(pairs: PCollection[Any], moves: Moves, times: dict[int, Timestamp]) -> PCollection[Any]:
    def move(pair: Pair, timestamp: Any = DoFn.TimestampParam) -> Any:
        return TimestampedValue(pair, moves.moved(pair, timestamp))

    return pairs | f"move {pairs}" >> Map(move)


def windowed(pairs: PCollection[Any], moves: Moves, times: dict[int, Timestamp]) -> PCollection[Any]:
    """Into the window of the first element, which may have ended."""
    windows: list[Any] = []

    def move(pair: Pair, timestamp: Any = DoFn.TimestampParam, window: Any = DoFn.WindowParam) -> Any:
        windows.append(window)
        return WindowedValue(pair, timestamp, (windows[0],))

    return pairs | f"windows of {pairs}" >> Map(move)


def tagged(pairs: PCollection[Any], moves: Moves, times: dict[int, Timestamp]) -> PCollection[Any]:
    return (pairs | f"tag {pairs}" >> Map(lambda pair: TaggedOutput(TAG, pair)).with_outputs(TAG, main=MAIN))[TAG]


def split(pairs: PCollection[Any], moves: Moves, times: dict[int, Timestamp]) -> PCollection[Any]:
    def tag(pair: Pair) -> Any:
        return TaggedOutput(TAG, pair) if pair[1] % 2 else pair

    return (pairs | f"split {pairs}" >> Map(tag).with_outputs(TAG, main=MAIN))[MAIN]


def flattened(pairs: PCollection[Any], moves: Moves, times: dict[int, Timestamp]) -> PCollection[Any]:
    return (pairs,) | f"alone {pairs}" >> Flatten()


def met(pairs: PCollection[Any], moves: Moves, times: dict[int, Timestamp]) -> PCollection[Any]:
    return (pairs, pairs | f"odd {pairs}" >> Filter(lambda pair: pair[1] % 2)) | f"met {pairs}" >> Flatten()


units = st.sampled_from([-12, -7, -3, -1, 0, 4])
moves = st.builds(Moves, st.lists(units, min_size=1, max_size=3).map(tuple))
forward = st.builds(Moves, st.tuples(st.integers(0, 8)))
CARRIERS: list[Step] = [tagged, split, flattened, met]
MOVERS: list[Step] = [timestamped, stamped_anew, windowed]
carrying = st.tuples(st.sampled_from([*CARRIERS, timestamped]), forward)
moved = st.tuples(st.sampled_from(MOVERS), moves)
cases = ESTIMATORS.flatmap(lambda it: st.tuples(st.just(it), arrivals(keys="abcd")))


def follow(steps: list[tuple[Step, Moves]], pairs: PCollection[Any], events: list[Event]) -> PCollection[Any]:
    """The elements behind some steps."""
    times = {event.number: Timestamp.of_micros(event.time) for event in events if isinstance(event, Element)}
    for step, moves in steps:
        pairs = step(pairs, moves, times)
    return pairs


def unless_refused(pipeline: Build) -> Seen | None:
    """What a run shows; nothing if it refuses a move."""
    try:
        return pipeline.run()
    except UserCodeError as error:
        if "moves an element back in time" not in str(error):
            raise
        return None


@given(cases, st.lists(carrying, min_size=1, max_size=2), moved, windowings(), st.lists(cuts, max_size=3))
def test_moved_in_front_of_an_aggregation(
    case: tuple[WatermarkEstimator, list[Event]],
    before: list[tuple[Step, Moves]],
    moved: tuple[Step, Moves],
    windowing: Windowing,
    ways: list[Cut],
) -> None:
    estimator, events = case

    def build(pipeline: Build) -> None:
        pairs = pipeline.windowed(pipeline.read(estimator, [0]), windowing)
        pairs = follow([*before, moved], pairs, events)
        pipeline.group(pairs, None, GroupByKey(), "panes")

    check(events, 1, ways, build, unless_refused)


@given(cases, windowings(), st.lists(carrying, max_size=2), moved, windowings(), st.lists(cuts, max_size=3))
def test_moved_behind_an_aggregation(
    case: tuple[WatermarkEstimator, list[Event]],
    first: Windowing,
    between: list[tuple[Step, Moves]],
    moved: tuple[Step, Moves],
    second: Windowing,
    ways: list[Cut],
) -> None:
    estimator, events = case

    def build(pipeline: Build) -> None:
        panes = pipeline.group(pipeline.read(estimator, [0]), first, GroupByKey(), "first")
        pairs = pipeline.windowed(panes | "apart" >> FlatMap(_apart), second)
        pairs = follow([*between, moved], pairs, events)
        pipeline.group(pairs, None, GroupByKey(), "second")

    check(events, 1, ways, build, unless_refused)


def _apart(pair: tuple[str, list[int]]) -> list[Pair]:
    return [(pair[0], number) for number in pair[1]]
