"""Times that lie outside of time, where no window would hold their elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from streamcore import (
    MAX_TIMESTAMP,
    MIN_TIMESTAMP,
    AccumulationMode,
    AfterCount,
    Batch,
    BoundedOutOfOrderness,
    CombinePerKey,
    Create,
    DefaultTrigger,
    DoFn,
    FixedWindows,
    GlobalWindow,
    GlobalWindows,
    IntervalWindow,
    ManualWatermark,
    Map,
    NonMergingWindowFn,
    ParDo,
    Pipeline,
    PipelineError,
    Punctuated,
    Read,
    Repeatedly,
    Sessions,
    SourceError,
    TaggedOutput,
    Timestamp,
    TimestampedValue,
    UserCodeError,
    WindowedValue,
    WindowFn,
    WindowInto,
    WithTimestamps,
)
from streamcore.model.trigger import Trigger
from streamcore.model.window import BoundedWindow
from streamcore.timestamp import END_OF_GLOBAL_WINDOW, MAX_MICROS, MIN_MICROS
from tests.engine.test_source_results import Returning

MONTHS = 10_000_000
MICROSECONDS = 1_700_000_000_000_000  # taken for seconds
BEYOND = "its time lies beyond the end of time, Timestamp(9223371950454.775000); check the unit that the times are in"
BEFORE = (
    "its time lies before the beginning of time, Timestamp(-9223372036854.775000); check the unit that the times are in"
)


class Closing(DoFn):
    """Puts out its last element at the end of a bundle, at the time that it tells."""

    def process(self, element: int) -> None:
        self.last = element

    def finish_bundle(self) -> list[WindowedValue[int]]:
        return [WindowedValue(self.last, self.last, (GlobalWindow(),))]


def stamp(p: Pipeline, *times: int) -> Any:
    return p | Create(times) | "step" >> WithTimestamps(lambda time: time)


def stamp_with_watermark(p: Pipeline, *times: int) -> Any:
    return p | Create(times) | "step" >> WithTimestamps(lambda time: time, watermark=BoundedOutOfOrderness(5))


def create(p: Pipeline, *times: int) -> Any:
    return p | "step" >> Create([TimestampedValue(time, time) for time in times])


def read(p: Pipeline, *times: int) -> Any:
    return p | "step" >> Read(Returning(Batch(list(times), [Timestamp.of(time).micros for time in times])))


def read_at_one_time(p: Pipeline, *times: int) -> Any:
    return p | "step" >> Read(Returning(Batch([times[-1]], Timestamp.of(times[-1]).micros)))


def read_with_watermark(p: Pipeline, *times: int) -> Any:
    source = Returning(Batch(list(times), [Timestamp.of(time).micros for time in times]))
    return p | "step" >> Read(source, watermark=BoundedOutOfOrderness(5))


def tag(p: Pipeline, *times: int) -> Any:
    outputs = p | Create(times) | "step" >> ParDo(Tagging()).with_outputs("late")
    return outputs.late


class Tagging(DoFn):
    def process(self, element: int) -> list[TaggedOutput[str, Any]]:
        return [TaggedOutput("late", TimestampedValue(element, element))]


def close(p: Pipeline, *times: int) -> Any:
    return p | Create(times) | "step" >> ParDo(Closing())


def put_out(p: Pipeline, *times: int) -> Any:
    return p | Create(times) | "step" >> Map(lambda time: TimestampedValue(time, time))


PLACES = [stamp, stamp_with_watermark, create, read, read_at_one_time, read_with_watermark, tag, close, put_out]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("time", "told"), [(MICROSECONDS, BEYOND), (-MICROSECONDS, BEFORE)])
@pytest.mark.parametrize("windowfn", [FixedWindows(60), GlobalWindows()])
def test_a_time_outside_of_time_is_refused(place: Callable[..., Any], time: int, told: str, windowfn: Any) -> None:
    p = Pipeline()
    _ = place(p, 1, time) | WindowInto(windowfn) | Map(lambda time: ("k", time)) | CombinePerKey(sum)
    with pytest.raises(UserCodeError) as error:
        p.run()
    assert str(error.value) == f"step 'step' failed on element {error.value.element!r} in window GlobalWindow: {told}"
    assert str(time) in str(error.value.element)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("time", [MIN_TIMESTAMP, MAX_TIMESTAMP, END_OF_GLOBAL_WINDOW])
def test_the_ends_of_time_are_times(place: Callable[..., Any], time: Timestamp) -> None:
    seen: list[Any] = []
    with Pipeline() as p:
        _ = place(p, time) | Map(lambda _, time=DoFn.TimestampParam: seen.append(time))
    assert seen == [time]


def test_a_pane_of_all_times_is_at_the_end_of_time_and_may_be_put_out_again() -> None:
    seen: list[Any] = []
    with Pipeline() as p:
        totals = p | Create([("k", 1)]) | CombinePerKey(sum)
        again = totals | Map(lambda total, time=DoFn.TimestampParam: TimestampedValue(total, time))
        _ = again | WithTimestamps(lambda _: END_OF_GLOBAL_WINDOW) | Map(seen.append)
    assert seen == [("k", 1)]


@pytest.mark.parametrize("watermark", [MAX_MICROS, MIN_MICROS - 1])
def test_a_source_may_say_that_time_has_ended(watermark: int) -> None:
    with Pipeline() as p:
        _ = p | Read(Returning(Batch([1], watermark=watermark)))


class Beginning(NonMergingWindowFn):
    """Windows that begin with their element."""

    def assign(self, assign_context: WindowFn.AssignContext) -> list[BoundedWindow]:
        start = assign_context.timestamp
        return [IntervalWindow(start, start + 4)]


class BeginningMerged(WindowFn):
    """The same, all united in one that goes on for longer."""

    def assign(self, assign_context: WindowFn.AssignContext) -> list[BoundedWindow]:
        start = assign_context.timestamp
        return [IntervalWindow(start, start + 4)]

    def merge(self, merge_context: WindowFn.MergeContext) -> None:
        first, *others = merge_context.windows
        if others:
            merge_context.merge(merge_context.windows, IntervalWindow(first.start, first.end + MONTHS))


@pytest.mark.parametrize("windowfn", [Beginning(), BeginningMerged(), Sessions(4)])
@pytest.mark.parametrize("trigger", [DefaultTrigger(), Repeatedly(AfterCount(1))])
def test_what_comes_out_of_the_global_window_is_in_time_for_windows_that_would_end_after_it(
    windowfn: WindowFn, trigger: Trigger
) -> None:
    seen: list[Any] = []
    with Pipeline() as p:
        totals = p | Create([("a", 1), ("a", 2), ("b", 4)]) | "global" >> CombinePerKey(sum)
        moved = totals | Map(lambda pair, at=DoFn.TimestampParam: TimestampedValue(("all", pair[1]), at + pair[1]))
        again = moved | "its own" >> WindowInto(windowfn) | "once more" >> CombinePerKey(sum)
        fixed = again | "fixed" >> WindowInto(FixedWindows(10), trigger, AccumulationMode.DISCARDING)
        _ = fixed | "in the end" >> CombinePerKey(sum) | Map(seen.append)
    assert sum(total for _, total in seen) == 7
    assert p.result.metrics.total("dropped_late") == 0


def test_what_user_code_puts_in_a_window_that_would_end_after_the_global_one_is_in_time() -> None:
    seen: list[Any] = []
    with Pipeline() as p:
        windowed = p | Create([("a", 1)]) | WindowInto(FixedWindows(10))
        moved = windowed | Map(lambda pair: WindowedValue(pair, 0, (IntervalWindow(0, MAX_TIMESTAMP),)))
        totals = moved | "once" >> CombinePerKey(sum)
        fixed = totals | "fixed" >> WindowInto(FixedWindows(10), Repeatedly(AfterCount(1)), AccumulationMode.DISCARDING)
        _ = fixed | "in the end" >> CombinePerKey(sum) | Map(seen.append)
    assert seen == [("a", 1)]


def test_a_source_may_not_put_its_watermark_beyond_the_end_of_time() -> None:
    p = Pipeline()
    _ = p | Read(Returning(Batch([1], watermark=MAX_MICROS + 1)))
    with pytest.raises(SourceError) as error:
        p.run()
    assert str(error.value) == (
        "step 'Read(Returning)' could not read split 'all': `poll` returned a Batch with the watermark "
        "9223372036854775001, beyond the end of time, 9223372036854775000; give whole microseconds: "
        "int(seconds * 1_000_000), or the `micros` of a Timestamp"
    )


MARK = "the watermark 1700000000000000 lies beyond the end of time, Timestamp(9223372036854.775000); give it in seconds"


def test_an_element_may_not_carry_a_watermark_beyond_the_end_of_time() -> None:
    p = Pipeline()
    _ = p | Create([1]) | "step" >> WithTimestamps(float, watermark=Punctuated(lambda *_: MICROSECONDS))
    with pytest.raises(UserCodeError) as error:
        p.run()
    assert str(error.value) == (
        f"step 'step' failed in the function of Punctuated on element 1 in window GlobalWindow: {MARK}"
    )


def test_a_watermark_is_not_moved_beyond_the_end_of_time_by_hand() -> None:
    manual = ManualWatermark()
    with pytest.raises(PipelineError) as error:
        manual.advance_to(MICROSECONDS)
    assert str(error.value) == MARK
    manual.advance_to(MAX_TIMESTAMP)
