"""ReadFromQueue: what another part of the program puts into a queue."""

from __future__ import annotations

import asyncio
from typing import Any, Final, Generic, overload

from streamcore.errors import PipelineError
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PBegin, PCollection
from streamcore.graph.typevars import T
from streamcore.io.arrivals import batch_of
from streamcore.model.source import Batch, Reader, Source
from streamcore.model.watermark import WatermarkEstimator
from streamcore.model.windowed_value import TimestampedValue
from streamcore.transforms.read import Read


class NoEnd:
    """Stands for an end that is never put in."""


NO_END: Final = NoEnd()
# Python 3.13 has queues that can be shut down; no queue of an earlier one raises this.
SHUT_DOWN: Final[type[Exception]] = getattr(asyncio, "QueueShutDown", NotImplementedError)


class ReadFromQueue(PTransform[PBegin, PCollection[T]], Generic[T]):
    """The elements of an `asyncio.Queue`, each as soon as it is there.

    With `asyncio.Queue(maxsize=...)` a pipeline that is slow makes `put` wait. `task_done` is called for elements that
    have been processed whole, so that `queue.join()` waits for that; sinks may still be writing then, until
    `handle.drain()` or `handle.wait()` returns. A run that has failed takes nothing any more: wait for `handle.wait()`
    together with `join` or `put`. Several readers of a queue share its elements.

    Args:
        queue: The queue; a `TimestampedValue` in it gives its element a timestamp.
        end: The object (this one, not one that is equal) that ends the input; without it the input ends when the queue
            is shut down (Python 3.13), or by `handle.drain()`.
        watermark: An estimator that tells the watermark from the timestamps, as in `Read`.

    >>> import asyncio
    >>> from streamcore.io import ReadFromQueue
    >>> async def main():
    ...     queue = asyncio.Queue()
    ...     async with Pipeline() as p:
    ...         _ = p | ReadFromQueue(queue, end=None) | Map(print)
    ...         for element in ("a", "b", None):
    ...             queue.put_nowait(element)
    >>> asyncio.run(main())
    a
    b
    """

    @overload
    def __init__(
        self,
        queue: asyncio.Queue[TimestampedValue[T]],
        *,
        end: object = NO_END,
        watermark: WatermarkEstimator | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self, queue: asyncio.Queue[T], *, end: object = NO_END, watermark: WatermarkEstimator | None = None
    ) -> None: ...
    def __init__(
        self, queue: asyncio.Queue[Any], *, end: object = NO_END, watermark: WatermarkEstimator | None = None
    ) -> None:
        super().__init__()
        if not isinstance(queue, asyncio.Queue):
            msg = f"ReadFromQueue takes an asyncio.Queue, got {queue!r}; for an iterable write ReadFromIterable(...)"
            raise PipelineError(msg)
        self._source = QueueSource(queue, end)
        self._watermark = watermark

    def expand(self, pvalue: PBegin) -> PCollection[T]:
        """The elements."""
        return pvalue | Read(self._source, watermark=self._watermark)


class QueueSource(Source[Any]):
    """A queue."""

    tells_watermark = False

    def __init__(self, queue: asyncio.Queue[Any], end: object) -> None:
        self._queue = queue
        self._end = end

    def open(self, split: str, position: None) -> Reader[Any]:
        """A reader of what is in the queue and will be."""
        return QueueReader(self._queue, self._end)


class QueueReader(Reader[Any]):
    """Takes elements off a queue."""

    def __init__(self, queue: asyncio.Queue[Any], end: object) -> None:
        self._queue = queue
        self._end = end
        self._ended = False
        self._in_work = 0

    async def poll(self, limit: int) -> Batch[Any] | None:
        """All elements that wait; waits for the first."""
        self._mark_done()  # this call says that the last batch has been processed
        if self._ended:
            return None
        try:
            element = await self._queue.get()
        except SHUT_DOWN:
            return None
        taken: list[Any] = []
        self._take(element, taken)
        while len(taken) < limit and not self._ended and not self._queue.empty():
            self._take(self._queue.get_nowait(), taken)
        if taken:
            return batch_of(taken)
        self._mark_done()
        return None

    async def drain(self, limit: int) -> Batch[Any] | None:
        """Nothing: what has not been given is still in the queue."""
        self._mark_done()  # this call, too
        return None

    def _take(self, element: Any, taken: list[Any]) -> None:
        self._in_work += 1
        if element is self._end:
            self._ended = True
        else:
            taken.append(element)

    def _mark_done(self) -> None:
        for _ in range(self._in_work):
            self._queue.task_done()
        self._in_work = 0
