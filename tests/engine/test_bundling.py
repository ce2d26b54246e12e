"""Cases in which the cut of a bundle, or a watermark that overtakes it, used to show in results."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from streamcore import (
    AccumulationMode,
    AfterCount,
    AfterWatermark,
    BoundedOutOfOrderness,
    CombineGlobally,
    CombinePerKey,
    Create,
    DoFn,
    Filter,
    FixedWindows,
    FlatMap,
    Flatten,
    GlobalWindow,
    GroupByKey,
    IntervalWindow,
    Map,
    ParDo,
    Pipeline,
    PipelineError,
    PipelineOptions,
    Sessions,
    SlidingWindows,
    TaggedOutput,
    Timestamp,
    TimestampedValue,
    UserCodeError,
    WatermarkEstimator,
    WindowedValue,
    WindowInto,
    WithTimestamps,
)
from streamcore.engine.core.pace import BUNDLE_SIZE
from streamcore.model.windowing import WindowFn
from streamcore.testing import TestStream

Step = Callable[[Any], Any]
SIZES = (1, 3, 100)


class Tagging(DoFn):
    """Hands everything to a tagged output."""

    def process(self, element: Any) -> Iterator[Any]:
        """The element."""
        yield TaggedOutput("all", element)


def totals(size: int, windowfn: WindowFn, build: Callable[[Pipeline], Any]) -> tuple[list[Any], list[Any]]:
    """What a sum puts out, and what came too late for it."""
    panes: list[Any] = []
    dropped: list[Any] = []
    with Pipeline(options=PipelineOptions(bundle_size=size)) as p:
        main, late = build(p) | WindowInto(windowfn) | CombinePerKey(sum).with_late_output()
        _ = main | Map(panes.append)
        _ = late | "late" >> Map(dropped.append)
    return panes, dropped


def timed(p: Pipeline, label: str, times: list[int]) -> Any:
    """Elements whose value is their time, under a watermark of their own."""
    pairs = p | label >> Create([("k", time) for time in times])
    return pairs | f"{label}/times" >> WithTimestamps(lambda pair: pair[1], watermark=BoundedOutOfOrderness(0))


@pytest.mark.parametrize("size", [-1, 0, 2.5, True, "many"])
def test_a_bundle_has_one_element_at_least(size: Any) -> None:
    p = Pipeline(options=PipelineOptions(bundle_size=size))
    _ = p | Create([1])
    message = f"`bundle_size` must be a whole number from 1 on, got {size!r}; leave it out for {BUNDLE_SIZE}"
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        p.run()


class Numbering(DoFn):
    """Numbers its elements, as they are by the time its outputs are looked at."""

    def setup(self) -> None:
        """Begins with none."""
        self.seen = 0

    def process(self, element: Any) -> Iterator[str]:
        """The element and how many there have been."""
        self.seen += 1
        return (f"{element}{self.seen}" for _ in range(1))


class Reusing(DoFn):
    """Returns the same list every time."""

    def setup(self) -> None:
        """Makes it."""
        self.outputs: list[Any] = []

    def process(self, element: Any) -> list[Any]:
        """The list, with the element in it."""
        self.outputs[:] = [element]
        return self.outputs


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("dofn", "outputs"), [(Numbering, ["a1", "b2", "c3"]), (Reusing, ["a", "b", "c"])])
def test_outputs_are_taken_before_the_next_element(size: int, dofn: type[DoFn], outputs: list[str]) -> None:
    found: list[Any] = []
    with Pipeline(options=PipelineOptions(bundle_size=size)) as p:
        _ = p | Create(list("abc")) | ParDo(dofn()) | Map(found.append)
    assert found == outputs


class Counting(DoFn):
    """Puts out how many elements a bundle had."""

    def start_bundle(self) -> None:
        """Begins with none."""
        self.seen = 0

    def process(self, element: Any) -> None:
        """One more."""
        self.seen += 1

    def finish_bundle(self) -> Iterator[WindowedValue[int]]:
        """How many there were."""
        yield WindowedValue(self.seen, Timestamp(0), (GlobalWindow(),))


@pytest.mark.parametrize(("kept", "counts"), [((), []), ((1, 3), [2])])
def test_a_bundle_has_elements(kept: tuple[int, ...], counts: list[int]) -> None:
    found: list[Any] = []
    with Pipeline() as p:
        _ = p | Create([1, 2, 3]) | Filter(lambda x: x in kept) | ParDo(Counting()) | Map(found.append)
    assert found == counts


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "step",
    [
        lambda pairs: pairs | WithTimestamps(lambda pair: pair[1]),
        lambda pairs: pairs | Map(lambda pair: TimestampedValue(pair, pair[1])),
        lambda pairs: (pairs | ParDo(Tagging()).with_outputs("all")).all,
    ],
    ids=["timestamps", "timestamped", "tagged"],
)
def test_sessions_know_the_watermark_behind_any_step(step: Step, size: int) -> None:
    def build(p: Pipeline) -> Any:
        return step(timed(p, "in", [0, 1, 30, 2, 31, 70, 33, 3, 200]))

    assert totals(size, Sessions(5), build) == (
        [("k", 1), ("k", 61), ("k", 70), ("k", 200)],
        [("k", 2), ("k", 33), ("k", 3)],
    )


@pytest.mark.parametrize("size", SIZES)
def test_sessions_behind_a_flatten_wait_for_the_slowest_input(size: int) -> None:
    def build(p: Pipeline) -> Any:
        return (timed(p, "fast", [0, 100, 1, 200]), timed(p, "slow", [2, 4])) | Flatten()

    assert totals(size, Sessions(5), build) == ([("k", 7), ("k", 100), ("k", 200)], [])


@pytest.mark.parametrize("size", SIZES)
def test_a_watermark_that_starts_where_branches_have_met(size: int) -> None:
    def build(p: Pipeline) -> Any:
        trips = p | Create([(start, start + 3) for start in range(0, 100, 10)])
        starts = trips | "starts" >> Map(lambda trip: ("k", trip[0]))
        ends = trips | "ends" >> Map(lambda trip: ("k", trip[1]))
        return (starts, ends) | Flatten() | WithTimestamps(lambda pair: pair[1], watermark=BoundedOutOfOrderness(5))

    panes = [("k", sum((time, time + 3, time + 10, time + 13))) for time in range(0, 100, 20)]
    assert totals(size, FixedWindows(20), build) == (panes, [])


@pytest.mark.parametrize("size", SIZES)
def test_a_function_in_whose_result_the_order_of_branches_shows(size: int) -> None:
    found: list[str] = []
    with Pipeline(options=PipelineOptions(bundle_size=size)) as p:
        words = p | Create(["1", "2", "3"])
        branches = (words | "a" >> Map(lambda x: f"a{x}"), words | "b" >> Map(lambda x: f"b{x}"))
        _ = branches | Flatten() | CombineGlobally(" ".join) | "keep" >> Map(found.append)
    assert found == ["a1 b1 a2 b2 a3 b3"]


@pytest.mark.parametrize("size", SIZES)
def test_times_that_are_moved_behind_the_watermark_are_late(size: int) -> None:
    def build(p: Pipeline) -> Any:
        return timed(p, "in", [100, 109, 105]) | "back" >> WithTimestamps(lambda pair: pair[1] - 50)

    assert totals(size, FixedWindows(10), build) == ([("k", 100)], [("k", 109), ("k", 105)])


def grouped(pairs: Any) -> Any:
    """The pairs, as they come out of an aggregation by seconds."""
    groups = pairs | "seconds" >> WindowInto(FixedWindows(1)) | GroupByKey()
    return groups | "apart" >> FlatMap(lambda pair: [(pair[0], time) for time in pair[1]])


@pytest.mark.parametrize("size", SIZES)
def test_panes_that_are_moved_behind_the_watermark_are_late(size: int) -> None:
    def build(p: Pipeline) -> Any:
        return grouped(timed(p, "in", [0, 5, 9, 11, 14])) | "back" >> WithTimestamps(lambda pair: max(0, pair[1] - 11))

    assert totals(size, FixedWindows(10), build) == ([("k", 14)], [("k", 11), ("k", 14)])


def back(pair: tuple[str, int]) -> TimestampedValue[Any]:
    """The pair, moved to the beginning."""
    return TimestampedValue(pair, 0)


def into_an_old_window(pair: tuple[str, int]) -> WindowedValue[Any]:
    """The pair with its time, in the first window."""
    return WindowedValue(pair, pair[1], (IntervalWindow(0, 1),))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "step",
    [
        lambda pairs: pairs | "stamp" >> Map(lambda pair: TimestampedValue(pair, pair[1])) | Map(back),
        lambda pairs: (pairs | ParDo(Tagging()).with_outputs("all")).all | Map(back),
        lambda pairs: (pairs | Map(lambda pair: TaggedOutput("all", back(pair))).with_outputs("all")).all,
        lambda pairs: (pairs,) | Flatten() | Map(back),
        lambda pairs: grouped(pairs) | Map(back),
        lambda pairs: pairs | "seconds" >> WindowInto(FixedWindows(1)) | Map(into_an_old_window),
    ],
    ids=["timestamped", "tagged", "tagging", "flattened", "grouped", "windowed"],
)
def test_no_element_may_go_back_behind_its_watermark(step: Step, size: int) -> None:
    with pytest.raises(UserCodeError, match="the step moves an element back in time, behind the step that takes"):
        totals(size, FixedWindows(10), lambda p: step(timed(p, "in", [0, 5, 9, 11, 14])))


@pytest.mark.parametrize(
    ("step", "times"),
    [
        (lambda pairs: pairs | Map(back), [0, 0]),
        (lambda pairs: grouped(pairs) | Map(back), [0, 0]),
        (lambda pairs: pairs | Map(back) | WithTimestamps(lambda _: 7, watermark=BoundedOutOfOrderness(0)), [7, 7]),
    ],
    ids=["not aggregated", "not aggregated again", "under another watermark"],
)
def test_elements_that_are_not_aggregated_with_their_watermark_may_go_back(step: Step, times: list[int]) -> None:
    found: list[Any] = []
    with Pipeline() as p:
        moved = step(timed(p, "in", [5, 9]))
        _ = moved | "keep" >> Map(lambda _, time=DoFn.TimestampParam: found.append(time.seconds()))
        _ = timed(p, "other", [1]) | CombinePerKey(sum)
    assert found == times


class Ending(DoFn):
    """Puts something out at the end of its bundle."""

    def process(self, element: Any) -> None:
        """Nothing."""

    def finish_bundle(self) -> Iterator[WindowedValue[Any]]:
        """A pair at the beginning of time."""
        yield WindowedValue(("k", 1), Timestamp(0), (IntervalWindow(0, 1),))


def test_what_a_bundle_ends_with_is_of_no_element_and_may_have_any_time() -> None:
    assert totals(100, FixedWindows(10), lambda p: timed(p, "in", [5, 9]) | ParDo(Ending())) == ([("k", 1)], [])


@pytest.mark.parametrize("size", SIZES)
def test_elements_that_travel_one_by_one_may_go_back(size: int) -> None:
    def build(p: Pipeline) -> Any:
        early, mode = AfterWatermark(early=AfterCount(1)), AccumulationMode.DISCARDING
        pairs = timed(p, "in", [0, 5, 9, 11, 14]) | "early" >> WindowInto(FixedWindows(10), early, mode)
        return pairs | "sums" >> CombinePerKey(sum) | Map(back)

    assert totals(size, FixedWindows(10), build) == ([("k", 25)], [("k", 14), ("k", 0)])


@pytest.mark.parametrize("size", SIZES)
def test_every_element_is_late_for_those_of_its_windows_that_have_ended(size: int) -> None:
    def build(p: Pipeline) -> Any:
        return timed(p, "in", [65, 50, 45, 40, 70, 35])

    dropped = [("k", 50), ("k", 45), ("k", 40), ("k", 35)]
    assert totals(size, SlidingWindows(60, 30), build) == ([("k", 305), ("k", 135)], dropped)


def test_the_pane_of_no_elements_comes_before_the_end_of_its_watermark() -> None:
    counts: list[int] = []
    with Pipeline() as p:
        _ = (
            p
            | Create([])
            | CombineGlobally(sum)
            | WithTimestamps(lambda _: 5, watermark=BoundedOutOfOrderness(0))
            | WindowInto(FixedWindows(10))
            | "count" >> CombineGlobally(len).without_defaults()
            | Map(counts.append)
        )
    assert counts == [1]


@pytest.mark.parametrize(
    ("time", "hint"),
    [(float("nan"), "return a number or a Timestamp"), (float("inf"), "such a time lies beyond the end of time")],
)
def test_a_time_that_is_no_number_is_told_with_its_element(time: float, hint: str) -> None:
    message = f"failed on element 7 .*returned {time}; {hint}"
    with pytest.raises(UserCodeError, match=message), Pipeline() as p:
        _ = p | Create([7]) | WithTimestamps(lambda _: time)


class LastTime(WatermarkEstimator):
    """The time of the last element, which may go back."""

    def observe(self, state: int, value: Any, timestamp: int) -> int:
        """The time of the element."""
        return timestamp

    def current(self, state: int) -> int:
        """That time."""
        return state


@pytest.mark.parametrize("size", SIZES)
def test_an_estimator_that_goes_back_within_a_bundle(size: int) -> None:
    def build(p: Pipeline) -> Any:
        times = p | Create([5, 150, 40, 30, 130, 300, 7]) | WithTimestamps(lambda time: time, watermark=LastTime())
        return times | Map(lambda time: ("all", time))

    panes, late = totals(size, FixedWindows(60), build)
    assert panes == [("all", 5), ("all", 280), ("all", 300)]
    assert late == [("all", 40), ("all", 30), ("all", 7)]


class ShortSessions(Sessions):
    """Sessions of which each element opens a second, whatever the gap."""

    def assign(self, assign_context: WindowFn.AssignContext) -> list[IntervalWindow]:
        """The second after the element."""
        return [IntervalWindow(assign_context.timestamp, assign_context.timestamp + 1)]


@pytest.mark.parametrize("size", SIZES)
def test_sessions_that_a_subclass_opens_in_its_own_way(size: int) -> None:
    def build(p: Pipeline) -> Any:
        return timed(p, "in", [0, 3, 1, 30])

    assert totals(size, ShortSessions(10), build) == ([("k", 0), ("k", 3), ("k", 30)], [("k", 1)])


@pytest.mark.parametrize("size", SIZES)
def test_a_late_output_that_is_aggregated_again(size: int) -> None:
    counts: list[int] = []
    with Pipeline(options=PipelineOptions(bundle_size=size)) as p:
        times = (
            p
            | Create([3, 20, 3, 30, 3, 40])
            | WithTimestamps(lambda time: time, watermark=BoundedOutOfOrderness(1))
            | WindowInto(Sessions(3))
            | Map(lambda time: ("all", time))
        )
        _, late = times | GroupByKey().with_late_output()
        tens = late | "tens" >> WindowInto(FixedWindows(10))
        _ = tens | CombineGlobally(len).without_defaults() | Map(counts.append)
    assert counts == [], "those too late for their session are so for these windows, too"


@pytest.mark.parametrize("size", SIZES)
def test_late_elements_of_branches_that_meet(size: int) -> None:
    panes: list[Any] = []
    events = TestStream().add_elements([TimestampedValue(("all", 0), 5)]).advance_watermark_to(100)
    events = events.add_elements([TimestampedValue(("all", number), 6) for number in (1, 2)])
    with Pipeline(options=PipelineOptions(bundle_size=size)) as p:
        one = p | events.advance_watermark_to_infinity() | WindowInto(FixedWindows(60), allowed_lateness=1000)
        other = one | Map(lambda pair: ("all", 10 * pair[1]))
        _ = (one, other) | Flatten() | CombinePerKey(sum) | "panes" >> Map(panes.append)
    assert panes == [("all", 0), ("all", 10), ("all", 1), ("all", 20), ("all", 2)]
