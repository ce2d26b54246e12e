"""A plan that is being carried out: its nodes, and the tasks that read its sources."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from streamcore.engine.core.changes import Stateful
from streamcore.engine.core.ingress import SourceNode
from streamcore.engine.core.node import NEVER, Node
from streamcore.engine.inputs import Input, next_idle
from streamcore.engine.intake import Arrivals, SplitReading
from streamcore.engine.outlet import Outlet
from streamcore.engine.planning import Plan
from streamcore.engine.tasks import Tasks, end_tasks, free_all
from streamcore.model.clock import Clock
from streamcore.model.metrics import MetricResults, StepMetrics
from streamcore.model.source import Source


class Execution:
    """One attempt to run a pipeline. A run that goes back to a checkpoint begins another.

    Args:
        plan: The nodes.
        sources: Those of the run, in the order of the plan.
        clock: The clock of the run.
        arrivals: Where batches wait.
        tasks: Where tasks are started.
        is_durable: Whether its state is kept.

    Attributes:
        plan: The nodes.
        scheduler: What drives them.
        inputs: The sources by their nodes.
    """

    def __init__(
        self,
        plan: Plan,
        sources: Sequence[Source[Any]],
        clock: Clock,
        arrivals: Arrivals,
        tasks: Tasks,
        is_durable: bool,
    ) -> None:
        self.plan = plan
        self.scheduler = plan.scheduler
        self.arrivals = arrivals
        self.inputs: dict[SourceNode, Input] = {}
        self._clock = clock
        self._tasks = tasks
        self._opened: list[Node] = []
        self._readers: list[asyncio.Task[None]] = []
        self._is_draining = False
        for (source_node, _), source in zip(plan.sources, sources, strict=True):
            self.inputs[source_node] = Input(source_node, source, arrivals, clock, self._start_reading, is_durable)
        for node in plan.nodes:
            node.tracks = is_durable
        self.scheduler.now = clock.now()

    def parts(self) -> list[Stateful]:
        """All that has state."""
        return [*self.plan.nodes, *(one.positions for one in self.inputs.values())]

    def metrics(self) -> MetricResults:
        """What has been counted, by step."""
        steps: dict[str, StepMetrics] = {}
        for node in self.plan.nodes:
            steps.setdefault(node.label, node.metrics)
        return MetricResults(steps)

    def lags(self) -> dict[str, dict[str, int]]:
        """How many elements wait at the sources, by step and split, where a source knows."""
        lags: dict[str, dict[str, int]] = {}
        for reading in (reading for one in self.inputs.values() for reading in one.readings):
            lag = reading.reader.lag()
            if lag is not None:
                lags.setdefault(reading.node.label, {})[reading.split] = lag
        return lags

    def open_nodes(self, outlets: Sequence[Outlet]) -> None:
        """Opens the nodes, and connects them with the sinks."""
        for outlet, (sink_node, _) in zip(outlets, self.plan.sinks, strict=True):
            outlet.attach(sink_node)
        for node in self.plan.nodes:
            node.open()
            self._opened.append(node)

    async def open_inputs(self) -> None:
        """Opens the sources; a split is polled when it is let go on."""
        for one in self.inputs.values():
            await one.open()

    def is_fed(self) -> bool:
        """Whether more may come from the sources."""
        return any(one.is_open() for one in self.inputs.values())

    def take(self) -> bool:
        """Hands the next batch to the core; or the end of a split, or of the search for splits: then it is True."""
        node, reading, batch = self.arrivals.queue.popleft()
        source = self.inputs[node]
        if reading is not None and batch is not None:
            source.take(reading)
            node.take(reading.split, batch)
            self.arrivals.held.append(reading)
            return False
        source.end(reading)
        if reading is not None:
            node.end_split(reading.split)
        return True

    def is_reading(self) -> bool:
        """Whether the present task is one that reads, and has not been told to end."""
        task = asyncio.current_task()
        return task in self._readers and not task.cancelling()

    async def drain(self) -> None:
        """Has the splits whose last batch has been processed give what they have taken in, now that none is polled."""
        if not self._is_draining:
            self._is_draining = True
            arrived = {reading for _, reading, _ in self.arrivals.queue}
            readings = (reading for one in self.inputs.values() for reading in one.readings)
            self.arrivals.held = [reading for reading in readings if reading not in arrived]
        held, self.arrivals.held = self.arrivals.held, []
        for reading in held:
            await reading.drain()

    def end_sources(self) -> None:
        """Tells the core which sources have ended; they may have been told before."""
        for node, one in self.inputs.items():
            if not one.is_open():
                node.end()

    def tick(self) -> None:
        """Tells the core what time it is."""
        now = self._clock.now()
        has_moved = now > self.scheduler.now
        if has_moved:
            self.scheduler.now = now
        # First, as the watermark follows the clock only while all splits are idle. And in the order in which they
        # became so, however late this is called: the last one that counts says where the watermark stays.
        idle = [reading for one in self.inputs.values() for reading in one.readings if reading.is_idle()]
        for reading in sorted(idle, key=SplitReading.idle_order):
            reading.note_idle()
        if has_moved:
            for node in self.plan.timed:
                node.advance_clock()

    def next_deadline(self) -> int:
        """The processing time at which something will be due; `NEVER` if nothing is."""
        deadlines = [node.deadline() for node in self.plan.timed]
        return min([*deadlines, next_idle(self.inputs.values())], default=NEVER)

    async def stop(self) -> None:
        """Ends the tasks that read."""
        await end_tasks(self._readers)

    async def close(self, ends_run: bool = True) -> list[BaseException]:
        """Frees everything; returns what failed.

        Args:
            ends_run: Whether no further execution follows, which would need the sources and know the watermarks that
                the program has moved.
        """
        readers = [reading.close for one in self.inputs.values() for reading in one.readings]
        sources = [one.close for one in self.inputs.values() if ends_run]
        errors = await free_all([self.stop, *readers, *sources, *map(_closing, self._take_opened())])
        if ends_run:
            self.plan.reset_watermarks()
        return errors

    def forget(self) -> None:
        """Drops what is open, after `close`; keeps what has been counted, and how far the watermarks have come."""
        self.plan.forget()
        self.inputs.clear()
        self.arrivals.clear()
        self._readers.clear()

    def _take_opened(self) -> list[Node]:
        opened, self._opened = self._opened, []
        return opened

    def _start_reading(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._readers.append(self._tasks.start(work))


def _closing(node: Node) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        node.close()

    return close
