"""ReadFromAsyncIterable: elements that come when they come."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import Any, Generic, overload

from streamcore.errors import PipelineError
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PBegin, PCollection
from streamcore.graph.typevars import T
from streamcore.io.arrivals import batch_of
from streamcore.io.iterables import refuse_used
from streamcore.model.source import Batch, Reader, Source
from streamcore.model.watermark import WatermarkEstimator
from streamcore.model.windowed_value import TimestampedValue
from streamcore.transforms.read import Read


class ReadFromAsyncIterable(PTransform[PBegin, PCollection[T]], Generic[T]):
    """The elements of an asynchronous iterable or generator, each as soon as it is there.

    A task takes them in while the pipeline works on others. When `capacity` elements wait it stops, so that a pipeline
    that is slow slows the generator down. `handle.drain()` ends the generator, and processes what had been taken in.

    Args:
        iterable: An asynchronous iterable, or a function that returns one, such as an `async def` with `yield`; a
            `TimestampedValue` gives its element a timestamp.
        bounded: Whether it ends by itself.
        capacity: How many elements may wait.
        watermark: An estimator that tells the watermark from the timestamps, as in `Read`.

    >>> from streamcore.io import ReadFromAsyncIterable
    >>> async def temperatures():
    ...     yield 21.5
    ...     yield 22.0
    >>> with Pipeline() as p:
    ...     _ = p | ReadFromAsyncIterable(temperatures) | Map(print)
    21.5
    22.0
    """

    @overload
    def __init__(
        self,
        iterable: AsyncIterable[TimestampedValue[T]] | Callable[[], AsyncIterable[TimestampedValue[T]]],
        *,
        bounded: bool = False,
        capacity: int = 1024,
        watermark: WatermarkEstimator | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        iterable: AsyncIterable[T] | Callable[[], AsyncIterable[T]],
        *,
        bounded: bool = False,
        capacity: int = 1024,
        watermark: WatermarkEstimator | None = None,
    ) -> None: ...
    def __init__(
        self,
        iterable: AsyncIterable[Any] | Callable[[], AsyncIterable[Any]],
        *,
        bounded: bool = False,
        capacity: int = 1024,
        watermark: WatermarkEstimator | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(iterable, AsyncIterable) and not callable(iterable):
            msg = f"ReadFromAsyncIterable takes an async iterable or a function that returns one, got {iterable!r}"
            raise PipelineError(msg)
        if isinstance(capacity, bool) or not isinstance(capacity, int) or capacity < 1:
            msg = f"`capacity` must be a whole number from 1 on, got {capacity!r}"
            raise PipelineError(msg)
        self._source = AsyncIterableSource(iterable, bounded, capacity)
        self._watermark = watermark

    def expand(self, pvalue: PBegin) -> PCollection[T]:
        """The elements."""
        return pvalue | Read(self._source, watermark=self._watermark)


class AsyncIterableSource(Source[Any]):
    """An asynchronous iterable, or a function that makes one for each run."""

    tells_watermark = False

    def __init__(
        self, iterable: AsyncIterable[Any] | Callable[[], AsyncIterable[Any]], bounded: bool, capacity: int
    ) -> None:
        self.bounded = bounded
        self._iterable = iterable
        self._capacity = capacity
        self._used = False

    def open(self, split: str, position: None) -> Reader[Any]:
        """A reader from the beginning on.

        Raises:
            PipelineError: If an earlier run has used the iterator up, or the function returns something else.
        """
        iterable = self._iterable if isinstance(self._iterable, AsyncIterable) else self._iterable()
        if not isinstance(iterable, AsyncIterable):
            msg = (
                f"the function given to ReadFromAsyncIterable returned {iterable!r}, which is no async iterable; "
                "write it as `async def` with `yield`"
            )
            raise PipelineError(msg)
        if iterable is self._iterable and isinstance(iterable, AsyncIterator):
            refuse_used("ReadFromAsyncIterable", iterable, self._used)
            self._used = True
        return PumpReader(iterable, self._capacity)


class PumpReader(Reader[Any]):
    """Takes elements in by a task of its own.

    Attributes:
        waiting: Elements that have been taken in; never more than the capacity.
    """

    def __init__(self, iterable: AsyncIterable[Any], capacity: int) -> None:
        self.waiting: deque[Any] = deque()
        self._iterable = iterable
        self._capacity = capacity
        self._pump: asyncio.Task[None] | None = None
        self._has_told = False
        self._is_ending = False
        self._changed = asyncio.Event()
        self._room = asyncio.Event()

    async def poll(self, limit: int) -> Batch[Any] | None:
        """All elements that wait; waits for the first."""
        if self._pump is None:
            self._pump = asyncio.create_task(self._take_in())
            self._pump.add_done_callback(lambda _: self._changed.set())
        while not self.waiting:
            if self._pump.done():
                self._tell(self._pump)
                return None
            self._changed.clear()
            await self._changed.wait()
        return self._take(limit)

    async def drain(self, limit: int) -> Batch[Any] | None:
        """What waits, after the task has ended."""
        if self._pump is not None:
            await self._end(self._pump)
        if self.waiting:
            return self._take(limit)
        await self.close()
        return None

    async def close(self) -> None:
        """Ends the task, and the generator with it; raises what that has raised, if nobody has been told."""
        if self._pump is not None:
            await self._end(self._pump)
            if not self._has_told:
                self._tell(self._pump)

    async def _end(self, pump: asyncio.Task[None]) -> None:
        if not pump.done():
            self._is_ending = True
            pump.cancel()
            await asyncio.wait([pump])
            self._has_told = pump.cancelled()  # then there is nothing to tell

    def _tell(self, pump: asyncio.Task[None]) -> None:
        """Raises what the iterable has raised."""
        self._has_told = True
        pump.result()

    def _take(self, limit: int) -> Batch[Any]:
        taken = [self.waiting.popleft() for _ in range(min(limit, len(self.waiting)))]
        self._room.set()
        return batch_of(taken)

    async def _take_in(self) -> None:
        elements = aiter(self._iterable)
        try:
            while not self._is_ending:  # the iterable may keep it to itself that it is cancelled
                while len(self.waiting) >= self._capacity:
                    self._room.clear()
                    await self._room.wait()
                self.waiting.append(await anext(elements))
                self._changed.set()
        except StopAsyncIteration:
            return
        finally:
            aclose = getattr(elements, "aclose", None)
            if aclose is not None:
                await aclose()
