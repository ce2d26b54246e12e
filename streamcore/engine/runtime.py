"""The asyncio shell around the core: reads sources, drives the core in short slices, writes sinks, shuts down."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from typing import Any, TypeVar

from streamcore.engine.clock import WallClock
from streamcore.engine.core.egress import SinkNode
from streamcore.engine.core.ingress import SourceNode
from streamcore.engine.core.node import NEVER, Node
from streamcore.engine.intake import Arrivals, SplitReading, list_splits, open_split
from streamcore.engine.outlet import SLICE_SECONDS, Outlet, StreamSink
from streamcore.engine.planning import SINK_CAPACITY, Plan
from streamcore.errors import PipelineError
from streamcore.graph.pipeline import Pipeline
from streamcore.graph.pvalue import PCollection
from streamcore.model.clock import Clock
from streamcore.model.metrics import MetricResults, StepMetrics
from streamcore.model.source import Reader, Source
from streamcore.model.windowed_value import WindowedValue

T = TypeVar("T")


class Job:
    """A run of a pipeline in the running event loop; the handle that `run_async` returns.

    Work is done in slices of at most a millisecond, between which other tasks of the loop get their turn.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._plan = Plan(pipeline)
        self._scheduler = self._plan.scheduler
        self._clock = _choose_clock(self._plan)
        self._arrivals = Arrivals()
        self._opened: list[Node] = []
        # What waits until the core is quiescent.
        self._at_rest: list[Callable[[], None]] = []
        self._readings: list[SplitReading] = []
        # Splits whose last batch has been processed, and which may be polled again.
        self._held: list[SplitReading] = []
        self._open_splits: dict[SourceNode, int] = {}
        self._outlets: list[Outlet] = []
        self._readers: list[asyncio.Task[None]] = []
        self._writers: list[asyncio.Task[None]] = []
        self._failure: BaseException | None = None
        self._draining = False
        self._finishing = False
        self._state = "RUNNING"
        self._main = asyncio.create_task(self._run(), name="streamcore")

    # The handle.

    @property
    def state(self) -> str:
        """`RUNNING`, `DONE`, `FAILED`, `CANCELLED` or `DRAINED`."""
        return self._state

    @property
    def metrics(self) -> MetricResults:
        """What has been counted so far, by step."""
        steps: dict[str, StepMetrics] = {}
        for node in self._plan.nodes:
            steps.setdefault(node.label, node.metrics)
        return MetricResults(steps)

    @property
    def watermarks(self) -> Mapping[str, int]:
        """The output watermark of every step, in microseconds."""
        return {node.label: node.watermark for node in self._plan.nodes}

    def stream(self, pcoll: PCollection[T]) -> AsyncIterator[WindowedValue[T]]:
        """The elements of a PCollection from now on, as they come out; ends with the run.

        Elements that are not taken hold the pipeline up.
        """
        producer, tag = self._plan.producer(pcoll)
        node = SinkNode(f"{producer.label}/stream", self._scheduler, SINK_CAPACITY)
        sink = StreamSink(SINK_CAPACITY)
        if self._finishing or self._state != "RUNNING":
            sink.queue.put_nowait(None)
            return self._elements(sink)
        outlet = Outlet(node, sink, self._arrivals.wake.set)

        def attach() -> None:
            producer.consumers[tag].append(node)

        if self._scheduler.is_idle():
            attach()
        else:
            self._at_rest.append(attach)
        self._add_outlet(outlet)
        return self._elements(sink)

    async def wait(self) -> str:
        """Waits for the end of the run and returns its state; raises what made it fail."""
        await asyncio.wait({self._main})
        if not self._main.cancelled():
            self._main.result()
        return self._state

    async def run_to_end(self) -> None:
        """Waits for the end; if the waiting task is cancelled, as Ctrl-C does, so is the run."""
        try:
            await self.wait()
        except asyncio.CancelledError:
            await self.cancel()
            raise

    def wait_until_finish(self, duration: int | None = None) -> str:
        """The state of a run that has ended.

        Raises:
            PipelineError: If it is still running.
        """
        if self._state == "RUNNING":
            msg = "the run has not ended, and waiting for it here would block its event loop; use `await handle.wait()`"
            raise PipelineError(msg)
        return self._state

    async def drain(self) -> None:
        """Stops reading, lets the watermark go to its end so that all open windows come out, and waits for that."""
        self._draining = True
        self._arrivals.wake.set()
        await self.wait()

    async def cancel(self) -> None:
        """Ends the run without putting out what is open; sinks drop what they have not completed."""
        self._main.cancel()
        await asyncio.wait({self._main})
        if self._state == "RUNNING":  # it had not begun
            self._state = "CANCELLED"
            await self._abort()

    # The run.

    async def _run(self) -> None:
        try:
            await self._start()
            await self._work()
            await self._finish()
            self._state = "DRAINED" if self._draining else "DONE"
        except asyncio.CancelledError:
            self._state = "CANCELLED"
            await self._abort()
            raise
        except BaseException as error:
            self._state = "FAILED"
            self._failure = self._failure or error
            await self._abort()
            raise
        finally:
            await self._close()

    async def _start(self) -> None:
        self._scheduler.now = self._clock.now()
        for node in self._plan.nodes:
            node.open()
            self._opened.append(node)
        for node, sink in self._plan.sinks:
            outlet = Outlet(node, sink, self._arrivals.wake.set)
            await outlet.open()
            self._add_outlet(outlet)
        for node, source in self._plan.sources:
            # The search for new splits counts as one that is open.
            self._open_splits[node] = 1
            source.attach_clock(self._clock)
            for split in await list_splits(node, source):
                self._add_split(node, source, split)
            self._readers.append(self._start_task(self._find_splits, node, source))

    async def _find_splits(self, node: SourceNode, source: Source[Any]) -> None:
        async for split in source.new_splits():
            self._add_split(node, source, split)
        self._arrivals.put((node, None, None))

    def _add_split(self, node: SourceNode, source: Source[Any], split: str) -> None:
        node.add_split(split)
        reading = SplitReading(node, split, open_split(node, source, split), self._arrivals, self._clock)
        self._open_splits[node] += 1
        self._readings.append(reading)
        self._held.append(reading)
        self._arrivals.wake.set()
        self._readers.append(self._start_task(reading.run))

    async def _work(self) -> None:
        """Takes batches one after another, each to its end, until all sources have ended."""
        while True:
            await self._settle()
            while self._at_rest:
                self._at_rest.pop()()
            if not any(self._open_splits.values()) or (self._draining and not self._arrivals.queue):
                break
            if not self._draining:  # else what has been read is still processed
                self._held = [reading for reading in self._held if not reading.go_on()]
            if not self._arrivals.queue:
                await self._wait()
                self._tick()
                continue
            self._tick()  # what is due comes before what arrives
            node, reading, batch = self._arrivals.queue.popleft()
            if reading is not None and batch is not None:
                node.take(reading.split, batch)
                self._held.append(reading)
            else:
                await self._end_split(node, reading)
        for node, count in self._open_splits.items():
            if count:
                node.end()
                await self._settle()

    async def _end_split(self, node: SourceNode, reading: SplitReading | None) -> None:
        """A split has ended, or the search for new ones."""
        self._open_splits[node] -= 1
        if reading is not None:
            node.end_split(reading.split)
            await self._settle()
        if not self._open_splits[node]:
            node.end()

    async def _settle(self) -> None:
        """Drives the core until there is nothing left to do, with a break for other tasks after every slice."""
        began = time.perf_counter()
        step = self._scheduler.step
        while step():
            if time.perf_counter() - began > SLICE_SECONDS:
                await self._give_way()
                began = time.perf_counter()
        await self._give_way()

    async def _give_way(self) -> None:
        """Lets other tasks of the loop go on, sinks among them; waits while a sink is full."""
        for outlet in self._outlets:
            outlet.notify()
        await asyncio.sleep(0)
        self._check()
        while any(outlet.node.is_full() for outlet in self._outlets):
            self._arrivals.wake.clear()
            await self._arrivals.wake.wait()
            self._check()

    def _tick(self) -> None:
        """Tells the core what time it is."""
        now = self._clock.now()
        if now > self._scheduler.now:
            self._scheduler.now = now
            for node in self._plan.timed:
                node.advance_clock()
            for reading in self._readings:
                reading.note_idle(now)

    async def _wait(self) -> None:
        """Waits for a batch, or for the next timer of processing time."""
        self._arrivals.wake.clear()
        deadlines = [node.deadline() for node in self._plan.timed]
        deadline = min([*deadlines, *(reading.idle_at() for reading in self._readings)], default=NEVER)
        if deadline == NEVER:
            await self._arrivals.wake.wait()
        else:
            woken = asyncio.create_task(self._arrivals.wake.wait())
            timer = asyncio.create_task(self._clock.sleep_until(deadline))
            try:
                await asyncio.wait((woken, timer), return_when=asyncio.FIRST_COMPLETED)
            finally:
                timer.cancel()
                woken.cancel()
        self._check()

    async def _finish(self) -> None:
        """Waits until everything has been written."""
        self._finishing = True
        for outlet in self._outlets:
            outlet.finish()
        writing = set(self._writers)
        while writing:
            _, writing = await asyncio.wait(writing, return_when=asyncio.FIRST_COMPLETED)
            self._check()

    def _add_outlet(self, outlet: Outlet) -> None:
        self._outlets.append(outlet)
        self._writers.append(self._start_task(outlet.run))

    async def _elements(self, sink: StreamSink) -> AsyncIterator[WindowedValue[Any]]:
        try:
            while (element := await sink.queue.get()) is not None:
                yield element
        finally:
            sink.abandon()
        if self._failure is not None:
            await self.wait()

    def _start_task(self, work: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> asyncio.Task[None]:
        return asyncio.create_task(self._guarded(work, *args))

    async def _guarded(self, work: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        """Carries out the work of a task; what makes it fail makes the run fail."""
        try:
            await work(*args)
        except Exception as error:
            self._failure = self._failure or error
            self._arrivals.wake.set()

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    async def _abort(self) -> None:
        """Has the sinks drop what they have not completed."""
        await self._stop_tasks()
        for outlet in self._outlets:
            with contextlib.suppress(Exception):
                await outlet.sink.abort()

    async def _stop_tasks(self) -> None:
        tasks = [*self._readers, *self._writers]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _close(self) -> None:
        """Frees everything; what fails here is told only if nothing failed before."""
        await self._stop_tasks()
        errors: list[Exception] = []
        sources: list[Reader[Any] | Source[Any]] = [reading.reader for reading in self._readings]
        for closing in [*sources, *(source for _, source in self._plan.sources)]:
            try:
                await closing.close()
            except Exception as error:
                errors.append(error)
        for node in self._opened:
            try:
                node.close()
            except Exception as error:
                errors.append(error)
        if errors and self._failure is None:
            self._state, self._failure = "FAILED", errors[0]
            raise errors[0]


def _choose_clock(plan: Plan) -> Clock:
    """The clock that a source drives, as a replay does, else the wall clock."""
    for _, source in plan.sources:
        if source.clock is not None:
            return source.clock
    return WallClock()
