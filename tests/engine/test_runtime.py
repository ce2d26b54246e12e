"""The asyncio shell: the handle of a run, its ends, back-pressure, and what holds the watermark."""

from __future__ import annotations

from typing import Any

import pytest

from streamcore.engine.runtime import Job
from streamcore.errors import PipelineError
from streamcore.graph.pipeline import Pipeline
from streamcore.model.bundle import Bundle
from streamcore.model.sink import Sink
from streamcore.model.watermark import BoundedOutOfOrderness
from streamcore.testing import VirtualClock
from streamcore.transforms.dofn import DoFn
from streamcore.transforms.elementwise import Map
from streamcore.transforms.group import CombinePerKey, GroupByKey
from streamcore.transforms.read import Create, Read
from streamcore.transforms.window_into import WindowInto
from streamcore.transforms.write import Write
from streamcore.windowing import FixedWindows, Sessions
from tests.engine.sources import FedSource, calm


class Collected(Sink[Any]):
    """Keeps what is written, and how it ended."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.end = ""

    async def write(self, bundle: Bundle) -> None:
        self.values += bundle.values

    async def close(self) -> None:
        self.end = "closed"

    async def abort(self) -> None:
        self.end = "aborted"


def windowed_counts(p: Pipeline, source: FedSource, estimator: BoundedOutOfOrderness) -> Collected:
    """Counts in windows of 10 s."""
    sink = Collected()
    _ = (
        p
        | Read(source, watermark=estimator)
        | WindowInto(FixedWindows(10))
        | Map(lambda value, w=DoFn.WindowParam: (w.start.micros // 1_000_000, value))
        | GroupByKey()
        | Write(sink)
    )
    return sink


async def start(p: Pipeline) -> Job:
    handle = await p.run_async()
    assert isinstance(handle, Job)
    await calm()
    return handle


async def test_a_run_ends_when_its_sources_do() -> None:
    p = Pipeline()
    source = FedSource("a")
    sink = windowed_counts(p, source, BoundedOutOfOrderness(0))
    handle = await start(p)
    source.feed("a", 1, 2, 11)
    await calm()
    assert handle.state == "RUNNING"
    assert sink.values == [(0, [1, 2])]
    source.end()
    assert await handle.wait() == "DONE"
    assert sink.values == [(0, [1, 2]), (10, [11])]
    assert sink.end == "closed"
    assert source.closed == source.readers["a"].closed == 1


async def test_drain_puts_out_what_is_open() -> None:
    p = Pipeline()
    source = FedSource("a")
    sink = windowed_counts(p, source, BoundedOutOfOrderness(0))
    handle = await start(p)
    source.feed("a", 1, 2)
    await calm()
    await handle.drain()
    assert handle.state == handle.wait_until_finish() == "DRAINED"
    assert (sink.values, sink.end) == ([(0, [1, 2])], "closed")


async def test_cancel_puts_out_nothing_more() -> None:
    p = Pipeline()
    source = FedSource("a")
    sink = windowed_counts(p, source, BoundedOutOfOrderness(0))
    handle = await start(p)
    source.feed("a", 1, 2)
    await calm()
    await handle.cancel()
    assert await handle.wait() == "CANCELLED"
    assert (sink.values, sink.end) == ([], "aborted")
    assert source.closed == source.readers["a"].closed == 1


async def test_waiting_for_a_running_pipeline_in_its_own_loop_is_refused() -> None:
    p = Pipeline()
    windowed_counts(p, FedSource("a"), BoundedOutOfOrderness(0))
    handle = await start(p)
    with pytest.raises(PipelineError) as error:
        handle.wait_until_finish()
    assert str(error.value) == (
        "the run has not ended, and waiting for it here would block its event loop; use `await handle.wait()`"
    )
    await handle.cancel()


async def test_the_slowest_split_holds_the_watermark() -> None:
    p = Pipeline()
    source = FedSource("a", "b")
    sink = windowed_counts(p, source, BoundedOutOfOrderness(0))
    handle = await start(p)
    source.feed("a", 1, 25)
    await calm()
    assert sink.values == []
    source.feed("b", 2, 12)
    await calm()
    assert sink.values == [(0, [1, 2])]
    source.end("a")
    await calm()
    source.feed("b", 21)
    await calm()
    assert sink.values == [(0, [1, 2]), (10, [12])]
    await handle.cancel()


async def test_an_idle_split_stops_counting_after_its_timeout_and_counts_again() -> None:
    p = Pipeline()
    clock = VirtualClock()
    source = FedSource("a", "b", clock=clock)
    sink = windowed_counts(p, source, BoundedOutOfOrderness(0, idle_timeout=30))
    handle = await start(p)
    source.feed("a", 1, 12)
    source.feed("b", 3)
    await calm()
    clock.advance(20)
    source.feed("a", 15)
    await calm()
    assert sink.values == []
    clock.advance(15)  # b has been silent for 35 s, a for 15 s
    await calm()
    assert sink.values == [(0, [1, 3])]
    source.feed("b", 16)
    source.feed("a", 29)
    await calm()
    assert sink.values == [(0, [1, 3])]  # b counts again: its 16 holds the window up to 20
    await handle.cancel()


@pytest.mark.parametrize("name", ["a", "b", "c"])
@pytest.mark.parametrize("silence", [0, 5])
async def test_splits_that_become_idle_between_two_looks(name: str, silence: int) -> None:
    p = Pipeline()
    clock = VirtualClock()
    source = FedSource("a", "b", "c", clock=clock)
    sink = windowed_counts(p, source, BoundedOutOfOrderness(0, idle_timeout=30))
    handle = await start(p)
    await calm()
    clock.advance(silence)
    source.feed(name, 1, 12)
    await calm()
    assert sink.values == []
    clock.advance(100)  # the others have become idle before it, or at the same moment and are behind it
    await calm()
    assert sink.values == [(0, [1])]
    await handle.cancel()


async def test_an_empty_batch_does_not_end_the_wait_of_an_idle_split() -> None:
    p = Pipeline()
    clock = VirtualClock()
    source = FedSource("a", "b", clock=clock)
    sink = windowed_counts(p, source, BoundedOutOfOrderness(0, idle_timeout=30))
    handle = await start(p)
    source.feed("a", 1)
    source.feed("b", 3)
    await calm()
    for _ in range(3):
        clock.advance(12)
        source.feed("b")
        source.feed("a", 15)
        await calm()
    assert sink.values == [(0, [1, 3])]
    await handle.cancel()


async def test_the_watermark_follows_the_clock_while_all_splits_are_idle() -> None:
    p = Pipeline()
    clock = VirtualClock(start=5)
    source = FedSource("a", clock=clock)
    sink = windowed_counts(p, source, BoundedOutOfOrderness(0, idle_timeout=2, follow_clock=3))
    handle = await start(p)
    source.feed("a", 5)
    await calm()
    clock.advance(4)  # 9: idle, and the watermark at 6
    await calm()
    assert sink.values == []
    clock.advance(4)  # 13: the watermark at 10
    await calm()
    assert sink.values == [(0, [5])]
    await handle.cancel()


async def test_a_split_does_not_run_too_far_ahead_of_the_others() -> None:
    p = Pipeline()
    source = FedSource("fast", "slow")
    windowed_counts(p, source, BoundedOutOfOrderness(0, max_drift=60))
    handle = await start(p)
    source.feed("slow", 0)
    source.feed("fast", 100)
    await calm()
    source.feed("fast", 200)
    await calm()
    assert source.readers["fast"].polls == 1
    source.feed("slow", 50)
    await calm()
    assert source.readers["fast"].polls == 2  # which brought it too far ahead again
    await handle.cancel()


async def test_sources_that_share_an_estimator_are_kept_together() -> None:
    p = Pipeline()
    estimator = BoundedOutOfOrderness(0, max_drift=60)
    fast, slow = FedSource("a"), FedSource("a")
    _ = p | "fast" >> Read(fast, watermark=estimator) | "one" >> Write(Collected())
    _ = p | "slow" >> Read(slow, watermark=estimator) | "two" >> Write(Collected())
    handle = await start(p)
    slow.feed("a", 0)
    fast.feed("a", 100)
    await calm()
    fast.feed("a", 101)
    await calm()
    assert fast.readers["a"].polls == 1
    slow.end()
    await calm()
    assert fast.readers["a"].polls == 3
    await handle.cancel()


async def test_a_split_that_is_found_later_joins_at_the_present_watermark() -> None:
    p = Pipeline()
    source = FedSource("a")
    sink = windowed_counts(p, source, BoundedOutOfOrderness(0))
    handle = await start(p)
    source.feed("a", 1, 15)
    await calm()
    source.found.put_nowait("b")
    await calm()
    source.feed("b", 2, 16)
    await calm()
    assert sink.values == [(0, [1])]
    assert handle.metrics["GroupByKey"].dropped_late == 1
    source.end()
    assert await handle.wait() == "DONE"
    assert sink.values == [(0, [1]), (10, [15, 16])]


async def test_what_a_split_that_is_found_later_brings_is_judged_by_the_watermark_it_has_joined_at() -> None:
    p = Pipeline()
    source = FedSource("a")
    numbers = p | Read(source, watermark=BoundedOutOfOrderness(0)) | WindowInto(Sessions(10))
    _ = numbers | Map(lambda value: ("all", value)) | "groups" >> GroupByKey()
    handle = await start(p)
    source.feed("a", 300)
    await calm()
    source.found.put_nowait("b")
    await calm()
    source.feed("a", 500)
    await calm()
    source.feed("b", 5, 6, 400)
    await calm()
    assert handle.metrics["groups"].dropped_late == 2
    await handle.cancel()


async def test_results_can_be_read_while_the_run_goes_on() -> None:
    p = Pipeline()
    source = FedSource("a")
    totals = (
        p
        | Read(source, watermark=BoundedOutOfOrderness(0))
        | WindowInto(FixedWindows(10))
        | Map(lambda value: ("all", value))
        | CombinePerKey(sum)
    )
    handle = await p.run_async()
    panes = handle.stream(totals)
    source.feed("a", 1, 2, 11)
    first = await anext(panes)
    assert (first.value, float(first.windows[0].start), first.pane_info.index) == (("all", 3), 0.0, 0)
    source.end()
    assert [pane.value async for pane in panes] == [("all", 11)]
    assert await handle.wait() == "DONE"


async def test_a_stream_that_nobody_reads_any_more_holds_nothing_up() -> None:
    p = Pipeline()
    source = FedSource("a")
    numbers = p | Read(source)
    handle = await p.run_async()
    elements = handle.stream(numbers)
    source.feed("a", 1)
    assert (await anext(elements)).value == 1
    await elements.aclose()
    for _ in range(10):
        source.feed("a", *range(2000))
    source.end()
    assert await handle.wait() == "DONE"


async def test_run_inside_a_running_loop_is_refused() -> None:
    p = Pipeline()
    _ = p | Create([1])
    with pytest.raises(PipelineError) as error:
        p.run()
    assert str(error.value) == (
        "an event loop is running in this thread; use `async with Pipeline() as p:` or `await pipeline.run_async()`"
    )


async def test_a_pipeline_runs_at_the_end_of_an_async_with_block() -> None:
    sink = Collected()
    async with Pipeline() as p:
        _ = p | Create([1, 2]) | Write(sink)
    assert sink.values == [1, 2]
    assert p.result.state == "DONE"
