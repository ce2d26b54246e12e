"""PCollections that somebody iterates over while they come out."""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections.abc import Awaitable, Callable
from typing import Any, Final

from streamcore.engine.core.egress import SinkNode
from streamcore.engine.core.footprint import Scales
from streamcore.engine.execution import Execution
from streamcore.engine.outlet import Outlet
from streamcore.engine.own_loop import require_loop
from streamcore.engine.planning import SINK_BYTES, SINK_CAPACITY
from streamcore.engine.writing import Writing
from streamcore.graph.pvalue import PCollection
from streamcore.graph.runner import Stream
from streamcore.model.bundle import Bundle
from streamcore.model.sink import Sink
from streamcore.model.windowed_value import WindowedValue

_REMEDY: Final = (
    "call it in a coroutine of that loop, such as an `async def` endpoint in place of a `def`, which a web framework "
    "runs in a thread"
)


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
        self._loop = asyncio.get_running_loop()
        self._writing = writing
        self._on_room = on_room
        self._tell_failure = tell_failure
        self._execution: Execution | None = None
        self._watched: dict[Outlet, PCollection[Any]] = {}

    def open(self, pcoll: PCollection[Any], is_over: bool) -> Stream[WindowedValue[Any]]:
        """The elements of a PCollection from now on; whoever closes or drops the stream is forgotten.

        Args:
            pcoll: The PCollection.
            is_over: Whether nothing will come any more.

        Raises:
            PipelineError: If the PCollection is of another pipeline, or this is not called in the loop of the run.
        """
        assert self._execution is not None
        if not is_over:
            require_loop(self._loop, "stream(...)", _REMEDY)
        producer, tag = self._execution.plan.producer(pcoll)
        node = SinkNode(f"{producer.label}/stream", self._execution.scheduler, SINK_CAPACITY, SINK_BYTES)
        sink = StreamSink(SINK_CAPACITY, SINK_BYTES)
        outlet = Outlet(node, sink, self._on_room)

        def leave() -> None:
            sink.abandon()
            self._close(outlet)

        stream = OutletStream(sink, leave, self._tell_failure)
        if is_over:
            sink.queue.put_nowait(None)
        else:
            self._watched[outlet] = pcoll
            producer.consumers[tag].append(node)
            self._writing.start(outlet)
            weakref.finalize(stream, _call_in, self._loop, leave)
        return stream

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

    def forget(self) -> None:
        """The run is over: nothing follows, and nobody has to leave any more."""
        for outlet in self._watched:
            outlet.node.discard()
        self._watched.clear()

    def _close(self, outlet: Outlet) -> None:
        pcoll = self._watched.pop(outlet, None)
        if pcoll is not None and self._execution is not None:
            producer, tag = self._execution.plan.producer(pcoll)
            producer.consumers[tag].remove(outlet.node)
            outlet.node.discard()
            self._writing.forget(outlet)
            self._on_room()


class StreamSink(Sink[Any]):
    """Hands elements to whoever iterates over `handle.stream(...)`; waits while they are not taken.

    Args:
        capacity: How many elements may wait for that.
        most_bytes: How much memory these may take.
    """

    def __init__(self, capacity: int, most_bytes: int) -> None:
        self.queue: asyncio.Queue[WindowedValue[Any] | None] = asyncio.Queue()
        self._capacity = capacity
        self._most_bytes = most_bytes
        self._scales = Scales()
        self._has_room = asyncio.Event()
        self._is_abandoned = False

    async def take(self) -> WindowedValue[Any] | None:
        """The next element, or None at the end."""
        value = await self.queue.get()
        self._has_room.set()
        return value

    async def write(self, bundle: Bundle) -> None:
        """Queues the elements one by one."""
        most = min(self._capacity, max(self._most_bytes * len(bundle) // max(self._scales.weigh(bundle), 1), 1))
        for value in bundle.windowed_values():
            while self.queue.qsize() >= most and not self._is_abandoned:
                self._has_room.clear()
                await self._has_room.wait()
            if self._is_abandoned:
                return
            self.queue.put_nowait(value)

    async def close(self) -> None:
        """Tells the iterator that nothing follows."""
        if not self._is_abandoned:
            self.queue.put_nowait(None)

    def abandon(self) -> None:
        """Nobody iterates any more: further elements are dropped, so that they do not hold the pipeline up."""
        self._is_abandoned = True
        self._end()

    async def abort(self) -> None:
        """Drops what has not been taken, and tells the iterator that nothing follows."""
        self._end()

    def _end(self) -> None:
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(None)
        self._has_room.set()


class OutletStream:
    """The elements that a sink has been given.

    Args:
        sink: The sink.
        leave: Has the pipeline do without this stream; may be called again.
        tell_failure: Raises what has made the run fail, if anything has; awaited behind the last element.
    """

    def __init__(
        self, sink: StreamSink, leave: Callable[[], None], tell_failure: Callable[[], Awaitable[None]]
    ) -> None:
        self._sink = sink
        self._leave = leave
        self._tell_failure = tell_failure
        self._is_closed = False

    def __aiter__(self) -> OutletStream:
        return self

    async def __anext__(self) -> WindowedValue[Any]:
        try:
            element = await self._sink.take()
        except asyncio.CancelledError:  # else a task that was cancelled, and that somebody keeps, would keep it open
            await self.aclose()
            raise
        if element is not None:
            return element
        self._leave()
        if not self._is_closed:
            await self._tell_failure()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Leaves the stream: what has not been taken is dropped, and holds the pipeline up no more."""
        self._is_closed = True
        self._leave()


def _call_in(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    """Has a loop call something, which the garbage collector may ask for in any thread, and at any time."""
    with contextlib.suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(call)
