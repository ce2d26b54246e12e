"""Writing to sinks: one task for each, so that a slow sink holds up nothing before its queue is full."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

from streamcore.engine.core.egress import SinkNode
from streamcore.errors import SinkError, StreamcoreError
from streamcore.model.bundle import Bundle
from streamcore.model.sink import Sink
from streamcore.model.windowed_value import WindowedValue

# How long the engine works before other tasks of the event loop get their turn.
SLICE_SECONDS: Final = 0.001


class Outlet:
    """A sink and the task that writes to it.

    Args:
        node: Where the bundles come from.
        sink: Where they go.
        on_room: Called when the node's queue has become shorter.
    """

    def __init__(self, node: SinkNode, sink: Sink[Any], on_room: Callable[[], None]) -> None:
        self.node = node
        self.sink = sink
        self._on_room = on_room
        self._wake = asyncio.Event()
        self._ending = False
        self._is_writing = False

    def notify(self) -> None:
        """There may be something to write."""
        if self.node.queue:
            self._wake.set()

    def finish(self) -> None:
        """Nothing more will come: `run` ends when all has been written."""
        self._ending = True
        self._wake.set()

    async def run(self) -> None:
        """Writes until `finish`, then closes the sink."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._write_queue()
            if self._ending and not self.node.queue:
                await self._guard(self.sink.close())
                return

    async def open(self) -> None:
        """Opens the sink; from now on the node may write to it."""
        await self._guard(self.sink.open())
        self.node.write_nowait = self._write_nowait
        self.node.wants_watermarks = type(self.sink).flush is not Sink.flush

    def _write_nowait(self, bundle: Bundle) -> bool:
        # Between taking a bundle from the queue and having written it the task is the only one to write.
        if self._is_writing:
            return False
        with self._telling_failures():
            return self.sink.write_nowait(bundle)

    async def _write_queue(self) -> None:
        began = time.perf_counter()
        while self.node.queue:
            item = self.node.take()
            self._is_writing = True
            if isinstance(item, Bundle):
                await self._guard(self.sink.write(item))
            else:
                await self._guard(self.sink.flush(item))
            self._is_writing = False
            self._on_room()
            if time.perf_counter() - began > SLICE_SECONDS:
                await asyncio.sleep(0)
                began = time.perf_counter()

    async def _guard(self, call: Awaitable[None]) -> None:
        with self._telling_failures():
            await call

    @contextlib.contextmanager
    def _telling_failures(self) -> Iterator[None]:
        try:
            yield
        except StreamcoreError:
            raise
        except Exception as error:
            msg = f"step {self.node.label!r} could not write: {type(error).__name__}: {error}"
            raise SinkError(msg) from error


class StreamSink(Sink[Any]):
    """Hands elements to whoever iterates over `handle.stream(...)`; waits while they are not taken."""

    def __init__(self, capacity: int) -> None:
        self.queue: asyncio.Queue[WindowedValue[Any] | None] = asyncio.Queue(capacity)
        self._is_abandoned = False

    async def write(self, bundle: Bundle) -> None:
        """Queues the elements one by one."""
        for value in bundle.windowed_values():
            if self._is_abandoned:
                return
            await self.queue.put(value)

    async def close(self) -> None:
        """Tells the iterator that nothing follows."""
        if not self._is_abandoned:
            await self.queue.put(None)

    def abandon(self) -> None:
        """Nobody iterates any more: further elements are dropped, so that they do not hold the pipeline up."""
        self._is_abandoned = True
        while not self.queue.empty():
            self.queue.get_nowait()

    async def abort(self) -> None:
        """Drops what has not been taken, and tells the iterator that nothing follows."""
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(None)
