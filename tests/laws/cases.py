"""Strategies for whatever a pipeline can be asked to do: windows, triggers, lateness, estimators, arrivals."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import strategies as st

from streamcore.model.trigger import DataLossReason, Trigger
from streamcore.model.watermark import BoundedOutOfOrderness, Monotonous, Punctuated, WatermarkEstimator
from streamcore.model.window import BoundedWindow, IntervalWindow
from streamcore.model.windowing import (
    AccumulationMode,
    ClosingBehavior,
    NonMergingWindowFn,
    OnTimeBehavior,
    TimestampCombiner,
    WindowFn,
    Windowing,
)
from streamcore.timestamp import Duration, Timestamp
from streamcore.triggers import DefaultTrigger
from streamcore.windowing import CalendarWindows, FixedWindows, GlobalWindows, Sessions, SlidingWindows
from tests.laws.arrivals import Element, Event, Mark, Pause
from tests.laws.trigger_strategies import TRIGGERS

SECOND = 1_000_000
# Long enough for days, short enough for the other windows to have several elements.
UNIT = 4 * 3600 * SECOND


class OwnGap(WindowFn):
    """A merging kind as a user may write it: sessions whose gap differs from element to element."""

    def assign(self, assign_context: WindowFn.AssignContext) -> Iterable[BoundedWindow]:
        start = assign_context.timestamp.micros
        yield IntervalWindow.of_micros(start, start + UNIT * (1 + start // UNIT % 4))

    def merge(self, merge_context: WindowFn.MergeContext) -> None:
        group: list[Any] = []
        for window in sorted(merge_context.windows, key=lambda it: it.start):
            if group and window.start < max(one.end for one in group):
                group.append(window)
                continue
            _unite(merge_context, group)
            group = [window]
        _unite(merge_context, group)


def _unite(merge_context: WindowFn.MergeContext, group: list[Any]) -> None:
    if len(group) > 1:
        start, end = min(one.start_micros for one in group), max(one.end_micros for one in group)
        merge_context.merge(group, IntervalWindow.of_micros(start, end))


class ByElement(NonMergingWindowFn):
    """A kind that looks at the element, not only at its time."""

    def assign(self, assign_context: WindowFn.AssignContext) -> Iterable[BoundedWindow]:
        size = UNIT * (3 + len(str(assign_context.element)) % 3)
        start = assign_context.timestamp.micros // size * size
        yield IntervalWindow.of_micros(start, start + size)


def units(low: int, high: int) -> st.SearchStrategy[Duration]:
    return st.integers(low, high).map(lambda number: Duration.of_micros(number * UNIT))


# An element may be late for some of its windows, and what they have in common is long enough for several elements.
OVERLAPPING: st.SearchStrategy[WindowFn] = st.builds(SlidingWindows, units(8, 12), units(4, 6))

WINDOWS: st.SearchStrategy[WindowFn] = st.one_of(
    st.builds(FixedWindows, units(2, 8), units(0, 3)),
    st.builds(SlidingWindows, units(2, 8), units(1, 6)),
    OVERLAPPING,
    st.builds(Sessions, units(1, 5)),
    st.builds(CalendarWindows.days, st.integers(1, 2), timezone=st.sampled_from(["UTC", "America/New_York"])),
    st.just(GlobalWindows()),
    st.just(OwnGap()),
    st.just(ByElement()),
)


def is_safe(trigger: Trigger, lateness: int) -> bool:
    """Whether nothing is lost that is not later than allowed."""
    return not trigger.may_lose_data(lateness) & DataLossReason.MAY_FINISH


LATENESS = st.sampled_from([0, 0, 2, 5, 1000])


@st.composite
def windowings(
    draw: st.DrawFn,
    windows: st.SearchStrategy[WindowFn] = WINDOWS,
    triggers: st.SearchStrategy[Trigger] = TRIGGERS,
    safe: bool = False,
    lateness: st.SearchStrategy[int] = LATENESS,
    modes: Sequence[AccumulationMode] = tuple(AccumulationMode),
) -> Windowing:
    if draw(st.sampled_from([False, False, True])):
        # As most pipelines have it: one pane, at the end of the window. There are nodes of their own for that.
        return Windowing(draw(windows), DefaultTrigger(), draw(st.sampled_from(modes)))
    allowed = draw(lateness) * UNIT
    return Windowing(
        draw(windows),
        draw(triggers.filter(lambda trigger: is_safe(trigger, allowed)) if safe else triggers),
        draw(st.sampled_from(modes)),
        draw(st.sampled_from(TimestampCombiner)),
        allowed,
        draw(st.sampled_from(ClosingBehavior)),
        draw(st.sampled_from(OnTimeBehavior)),
    )


@dataclasses.dataclass(frozen=True)
class Marking:
    """A watermark that some elements carry; a class, so that a failing case prints what it is."""

    every: int
    lag: int

    def __call__(self, element: Element, timestamp: Timestamp) -> Timestamp | None:
        return None if element.number % self.every else timestamp - Duration.of_micros(self.lag * UNIT)


class Shown:
    """Prints an estimator by its arguments."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({vars(self)})"


class ShownBounded(Shown, BoundedOutOfOrderness):
    pass


class ShownMonotonous(Shown, Monotonous):
    pass


class ShownPunctuated(Shown, Punctuated):
    pass


ESTIMATORS: st.SearchStrategy[WatermarkEstimator] = st.one_of(
    st.builds(ShownBounded, units(0, 6)),
    st.builds(ShownMonotonous),
    st.builds(ShownPunctuated, st.builds(Marking, st.integers(1, 4), st.integers(-1, 3))),
)


@st.composite
def arrivals(
    draw: st.DrawFn,
    ports: int = 1,
    keys: str = "ab",
    disorder: int = 10,
    marks: bool = False,
    pauses: bool = True,
    most: int = 24,
) -> list[Event]:
    """What arrives: elements whose times go on by and by, some of them up to `disorder` units back.

    With `marks` the source tells its watermark now and then, which passes elements that come later.
    """
    events: list[Event] = []
    front = 0
    tops = [0] * ports
    for number in range(draw(st.integers(0, most))):
        kind = draw(st.integers(0, 9))
        port = draw(st.integers(0, ports - 1))
        if kind == 0 and pauses:
            events.append(Pause(draw(st.integers(1, 5))))
        elif kind < 3 and marks:
            tops[port] = max(tops[port], (front - draw(st.integers(-2, 4))) * UNIT)
            events.append(Mark(port, tops[port]))
        else:
            front += draw(st.sampled_from([0, 0, 1, 1, 2, 7]))
            time = front - draw(st.sampled_from([0, 0, 0, 1, disorder // 2, disorder]) | st.integers(0, disorder))
            events.append(Element(port, draw(st.sampled_from(keys)), number, time * UNIT))
    return events
