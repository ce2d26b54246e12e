"""PCollections that somebody iterates over while they come out."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from streamcore.engine.core.egress import SinkNode
from streamcore.engine.execution import Execution
from streamcore.engine.outlet import Outlet, StreamSink
from streamcore.engine.planning import SINK_CAPACITY
from streamcore.engine.writing import Writing
from streamcore.graph.pvalue import PCollection
from streamcore.model.windowed_value import WindowedValue


class Streams:
    """Has what PCollections hold go to whoever iterates over them, also after a run has gone back to a checkpoint.

    Args:
        writing: Where the tasks are that write to them.
        on_room: Called when something has been taken.
        tell_failure: Raises what has made the run fail, if anything has; awaited behind the last element.
    """

    def __init__(
        self, writing: Writing, on_room: Callable[[], None], tell_failure: Callable[[], Awaitable[None]]
    ) -> None:
        self._writing = writing
        self._on_room = on_room
        self._tell_failure = tell_failure
        self._execution: Execution | None = None
        self._watched: dict[Outlet, PCollection[Any]] = {}

    def open(self, pcoll: PCollection[Any], is_over: bool) -> AsyncIterator[WindowedValue[Any]]:
        """The elements of a PCollection from now on; whoever stops to iterate over them is forgotten.

        Args:
            pcoll: The PCollection.
            is_over: Whether nothing will come any more.

        Raises:
            PipelineError: If the PCollection is of another pipeline.
        """
        assert self._execution is not None
        producer, tag = self._execution.plan.producer(pcoll)
        node = SinkNode(f"{producer.label}/stream", self._execution.scheduler, SINK_CAPACITY)
        sink = StreamSink(SINK_CAPACITY)
        outlet = Outlet(node, sink, self._on_room)
        if is_over:
            sink.queue.put_nowait(None)
        else:
            self._watched[outlet] = pcoll
            producer.consumers[tag].append(node)
            self._writing.start(outlet)
        return self._elements(outlet, sink)

    def attach(self, execution: Execution) -> None:
        """Goes on with another execution."""
        self._execution = execution
        for outlet, pcoll in self._watched.items():
            producer, tag = execution.plan.producer(pcoll)
            producer.consumers[tag].append(outlet.node)

    def outlets(self) -> list[Outlet]:
        """What is being written to."""
        return list(self._watched)

    async def abort(self) -> None:
        """Tells everybody that nothing follows."""
        for outlet in self.outlets():
            with contextlib.suppress(Exception):
                await outlet.sink.abort()

    async def _elements(self, outlet: Outlet, sink: StreamSink) -> AsyncIterator[WindowedValue[Any]]:
        try:
            while (element := await sink.queue.get()) is not None:
                yield element
        finally:
            sink.abandon()
            self._close(outlet)
        await self._tell_failure()

    def _close(self, outlet: Outlet) -> None:
        pcoll = self._watched.pop(outlet, None)
        if pcoll is not None and self._execution is not None:
            producer, tag = self._execution.plan.producer(pcoll)
            producer.consumers[tag].remove(outlet.node)
            outlet.node.discard()
            self._writing.forget(outlet)
