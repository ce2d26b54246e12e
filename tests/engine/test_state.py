"""What is kept follows the open windows: nothing of those that have expired, and no more for more elements."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterable, Iterator

import pytest

from streamcore.engine.core.cell_reduce import CellReduce
from streamcore.engine.core.merging import MergingReduce
from streamcore.engine.core.node import Scheduler
from streamcore.engine.core.reduce import Aggregation
from streamcore.engine.reductions import make_reduce
from streamcore.engine.runtime import Job
from streamcore.graph.pipeline import Pipeline
from streamcore.model.bundle import Bundle
from streamcore.model.watermark import BoundedOutOfOrderness
from streamcore.model.windowing import AccumulationMode, WindowFn, Windowing
from streamcore.transforms.combine_fn import CombineFn
from streamcore.transforms.elementwise import Map
from streamcore.transforms.group import CombinePerKey, GroupByKey
from streamcore.transforms.read import Create
from streamcore.transforms.window_into import WindowInto
from streamcore.transforms.with_timestamps import WithTimestamps
from streamcore.triggers import AfterAny, AfterCount, AfterProcessingTime, AfterWatermark, Repeatedly
from streamcore.windowing import FixedWindows, Sessions


class Value:
    """Something whose life can be watched."""


@pytest.mark.parametrize("windowfn", [FixedWindows(10), Sessions(10)])
async def test_a_deadline_to_come_keeps_no_elements(windowfn: WindowFn) -> None:
    made: list[weakref.ref[Value]] = []

    def make(time: int) -> tuple[str, Value]:
        value = Value()
        made.append(weakref.ref(value))
        return "k", value

    p = Pipeline()
    _ = (
        p
        | Create([0, 5, 12, 40, 70])
        | WithTimestamps(lambda time: time, watermark=BoundedOutOfOrderness(0))
        | Map(make)
        | WindowInto(windowfn, AfterWatermark(early=AfterProcessingTime(3600)), AccumulationMode.ACCUMULATING)
        | GroupByKey()
    )
    job = Job(p)
    await job.wait()
    gc.collect()
    assert [value() for value in made] == [None] * 5


def pushed(node: CellReduce, times: Iterable[int], windowfn: WindowFn) -> Iterator[CellReduce]:
    """Hands a node elements one by one, at times in seconds, by the clock and by themselves."""
    latest = 0
    for second in times:
        latest = max(latest, second * 1_000_000)
        node.scheduler.now = latest
        node.push(Bundle([("k", 1)], second * 1_000_000, windowfn))
        node.advance(latest)
        node.advance_clock()
        node.scheduler.run()
        yield node


BRIDGED = [20 * block + second for block in range(3_000) for second in (0, 15, 8)]


@pytest.mark.parametrize("times", [range(10_000), BRIDGED], ids=["growing", "bridged"])
def test_timers_follow_the_open_sessions_and_not_their_elements(times: Iterable[int]) -> None:
    windowing = Windowing(Sessions(10), AfterWatermark(late=AfterCount(1)), allowed_lateness=86_400_000_000)
    node = MergingReduce("sum", Scheduler(), windowing, Aggregation(CombineFn.from_callable(sum)))
    for step in pushed(node, times, windowing.windowfn):
        assert len(step.timers) <= 20


@pytest.mark.parametrize("windowfn", [FixedWindows(1_000_000), Sessions(10)])
def test_deadlines_follow_the_open_cells_and_not_their_panes(windowfn: WindowFn) -> None:
    trigger = Repeatedly(AfterAny(AfterCount(2), AfterProcessingTime(1_000_000)))
    windowing = Windowing(windowfn, trigger, allowed_lateness=86_400_000_000)
    node = make_reduce("sum", Scheduler(), windowing, CombinePerKey(sum))
    assert isinstance(node, CellReduce)
    for step in pushed(node, range(5_000), windowfn):
        assert len(step.deadlines._heap) <= 20
