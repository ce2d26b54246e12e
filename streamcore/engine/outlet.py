"""Writing to sinks: one task for each, so that a slow sink holds up nothing before its queue is full."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

from streamcore.engine.awaitables import awaitable, result_of
from streamcore.engine.cancellation import is_cancelled
from streamcore.engine.core.egress import SinkNode
from streamcore.engine.slices import Slices
from streamcore.errors import SinkError, StreamcoreError, note_step
from streamcore.model.bundle import Bundle
from streamcore.model.sink import Sink
from streamcore.model.two_phase import TwoPhaseSink

T = TypeVar("T")


class Outlet:
    """A sink and the task that writes to it.

    Args:
        node: Where the bundles come from.
        sink: Where they go.
        on_room: Called when the node's queue has become shorter.
        completes_itself: Whether the output is completed as soon as all has been written; else by the last checkpoint.

    Attributes:
        label: Full label of the step.
    """

    def __init__(
        self, node: SinkNode, sink: Sink[Any], on_room: Callable[[], None], completes_itself: bool = True
    ) -> None:
        self.node = node
        self.sink = sink
        self.label = node.label
        self._on_room = on_room
        self._completes_itself = completes_itself
        self._is_open = False
        self._wake = asyncio.Event()
        self._rest = asyncio.Event()
        self._ending = False
        self._is_writing = False
        self._is_held = False
        self._failure: BaseException | None = None

    def notify(self) -> None:
        """There may be something to write."""
        if self.node.queue and not self._is_held:
            self._wake.set()

    def finish(self) -> None:
        """Nothing more will come: `run` ends when all has been written."""
        self._ending = True
        self._wake.set()

    def hold(self) -> None:
        """Writes nothing until `release`; what comes waits in the queue."""
        self._is_held = True

    def release(self) -> None:
        """Writes again."""
        self._is_held = False
        self._wake.set()

    async def written(self) -> None:
        """Waits until all that has come has been written; raises what made writing fail."""
        while self._failure is None and (self.node.queue or self._is_writing):
            self._rest.clear()
            self._wake.set()
            await self._rest.wait()
        if self._failure is not None:
            raise self._failure

    async def run(self) -> None:
        """Writes until `finish`, then may complete the output."""
        try:
            while not self._ending or self.node.queue:
                await self._wake.wait()
                self._wake.clear()
                await self._write_queue()
                self._rest.set()
            if self._completes_itself:
                await self._complete()
        except BaseException as error:
            self._failure = error
            raise
        finally:
            self._rest.set()

    async def open(self) -> None:
        """Opens the sink, if it is not open."""
        if not self._is_open:
            self._is_open = True
            await self.guard(self.sink.open(), "open")

    async def close(self) -> None:
        """Closes the sink, if it is open."""
        if self._is_open:
            self._is_open = False
            await self.guard(self.sink.close(), "close")

    async def abort(self) -> None:
        """Has the sink drop what it has not completed, if it was opened."""
        if self._is_open:
            with self._telling_failures("drop what it has not completed"):
                await awaitable(self.sink.abort(), "abort")

    def attach(self, node: SinkNode) -> None:
        """Takes bundles from a node, which may write to the sink from now on; what came from another is dropped."""
        self.node = node
        self._failure = None
        self._is_writing = False
        self._ending = False
        node.write_nowait = self._write_nowait
        node.wants_watermarks = type(self.sink).flush is not Sink.flush

    async def _complete(self) -> None:
        """All has been written, and there are no checkpoints."""
        if isinstance(self.sink, TwoPhaseSink):
            await self.guard(self.sink.finish(), "finish")
            prepared = await self.guard(self.sink.prepare(1), "prepare")
            await self.guard(self.sink.commit(1, prepared), "commit")
        await self.guard(self.sink.close(), "close")

    async def guard(self, call: Awaitable[T], method: str) -> T:
        """Waits for a call of a method of the sink, and names the step if it fails."""
        with self._telling_failures():
            return await result_of(call, method)

    def has_failed(self) -> bool:
        """Whether writing has failed since the node was attached."""
        return self._failure is not None

    def _write_nowait(self, bundle: Bundle) -> bool:
        # Between taking a bundle from the queue and having written it the task is the only one to write.
        if self._is_writing or self._is_held:
            return False
        with self._telling_failures():
            return self.sink.write_nowait(bundle)

    async def _write_queue(self) -> None:
        slices = Slices()
        while self.node.queue and not self._is_held:
            item = self.node.take()
            self._is_writing = True
            if isinstance(item, Bundle):
                await self.guard(self.sink.write(item), "write")
            else:
                await self.guard(self.sink.flush(item), "flush")
            self._is_writing = False
            self._on_room()
            await slices.give_way()

    @contextlib.contextmanager
    def _telling_failures(self, what: str = "write") -> Iterator[None]:
        try:
            yield
        except StreamcoreError as error:
            note_step(error, self.label)
            raise
        except (Exception, asyncio.CancelledError) as error:
            if is_cancelled(error):
                raise
            msg = f"step {self.node.label!r} could not {what}: {type(error).__name__}: {error}"
            raise SinkError(msg) from error
        except BaseException as error:  # such as that of `pytest.fail`, which has to stay what it is
            note_step(error, self.label)
            raise
