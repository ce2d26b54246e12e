"""ReadFromIterable: elements that the program makes one by one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final, Generic, overload

from streamcore.errors import PipelineError
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PBegin, PCollection
from streamcore.graph.typevars import T
from streamcore.io.arrivals import batch_of
from streamcore.model.functions import require_plain
from streamcore.model.source import Batch, Reader, Source
from streamcore.model.watermark import WatermarkEstimator
from streamcore.model.windowed_value import TimestampedValue
from streamcore.transforms.read import Read

SLICE_SECONDS: Final = 0.0005
MOST_AT_ONCE: Final = 16


class ReadFromIterable(PTransform[PBegin, PCollection[T]], Generic[T]):
    """The elements of an iterable, taken as the pipeline gets to them: a generator may have any number.

    It is iterated in the event loop, half a millisecond at a time: an iterator that waits for something belongs in an
    asynchronous generator and `ReadFromAsyncIterable`. A run that goes on from a checkpoint iterates anew and passes
    over the elements that were read before, so they have to be the same again.

    Args:
        iterable: An iterable, or a function that returns one; a `TimestampedValue` gives its element a timestamp.
        bounded: Whether it ends by itself.
        watermark: An estimator that tells the watermark from the timestamps, as in `Read`.

    >>> from streamcore.io import ReadFromIterable
    >>> with Pipeline() as p:
    ...     _ = p | ReadFromIterable(n * n for n in range(3)) | Map(print)
    0
    1
    4
    """

    @overload
    def __init__(
        self,
        iterable: Iterable[TimestampedValue[T]] | Callable[[], Iterable[TimestampedValue[T]]],
        *,
        bounded: bool = True,
        watermark: WatermarkEstimator | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        iterable: Iterable[T] | Callable[[], Iterable[T]],
        *,
        bounded: bool = True,
        watermark: WatermarkEstimator | None = None,
    ) -> None: ...
    def __init__(
        self,
        iterable: Iterable[Any] | Callable[[], Iterable[Any]],
        *,
        bounded: bool = True,
        watermark: WatermarkEstimator | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(iterable, Iterable) and not callable(iterable):
            msg = f"ReadFromIterable takes an iterable or a function that returns one, got {iterable!r}"
            raise PipelineError(msg)
        if not isinstance(iterable, Iterable):
            require_plain("ReadFromIterable", iterable, remedy="write ReadFromAsyncIterable(fn)")
        self._source = IterableSource(iterable, bounded)
        self._watermark = watermark

    def expand(self, pvalue: PBegin) -> PCollection[T]:
        """The elements."""
        return pvalue | Read(self._source, watermark=self._watermark)


class IterableSource(Source[Any]):
    """An iterable, or a function that makes one for each run."""

    tells_watermark = False

    def __init__(self, iterable: Iterable[Any] | Callable[[], Iterable[Any]], bounded: bool) -> None:
        self.bounded = bounded
        self._iterable = iterable
        self._used = False

    def open(self, split: str, position: int | None) -> Reader[Any]:
        """A reader from an element on.

        Raises:
            PipelineError: If an earlier run has used the iterator up.
        """
        iterable = self._iterable if isinstance(self._iterable, Iterable) else self._iterable()
        if iterable is self._iterable and isinstance(iterable, Iterator):
            refuse_used("ReadFromIterable", iterable, self._used)
            self._used = True
        return IterableReader(iter(iterable), position or 0)


class IterableReader(Reader[Any]):
    """Takes elements off an iterator.

    Args:
        elements: The iterator.
        start: How many of the first elements have been read before.
    """

    def __init__(self, elements: Iterator[Any], start: int) -> None:
        self._elements = elements
        self._read = 0
        self._start = start
        self._failure: Exception | None = None

    async def poll(self, limit: int) -> Batch[Any] | None:
        """As many elements as half a millisecond gives, or at least one."""
        while self._read < self._start:
            passed_over = self._take(self._start - self._read)
            self._read += len(passed_over)
            if not passed_over:
                return None
            await asyncio.sleep(0)
        taken = self._take(limit)
        self._read += len(taken)
        return batch_of(taken) if taken else None

    async def drain(self, limit: int) -> Batch[Any] | None:
        """Nothing, as no elements wait here; raises what the iterable has raised behind the last ones."""
        self._check()
        return None

    def position(self) -> int:
        """How many elements have been read."""
        return max(self._read, self._start)

    def _take(self, limit: int) -> list[Any]:
        """Some elements, however late it is; none if there are no more. An error comes behind those before it."""
        self._check()
        taken: list[Any] = []
        began, count = time.perf_counter(), 1  # nobody knows yet how long it takes to make one
        while len(taken) < limit:
            before = len(taken)
            try:
                taken.extend(islice(self._elements, min(count, limit - before)))
            except Exception as error:
                if not taken:
                    raise
                self._failure = error
                break
            if len(taken) == before or time.perf_counter() - began > SLICE_SECONDS:
                break
            if count < MOST_AT_ONCE:
                count *= 2
        return taken

    def _check(self) -> None:
        """Raises what the iterable has raised."""
        if self._failure is not None:
            raise self._failure


def refuse_used(transform: str, iterator: object, used: bool) -> None:
    """Refuses an iterator that an earlier run has read, and which would look empty now.

    Raises:
        PipelineError: If it has been used.
    """
    if used:
        msg = (
            f"{transform} got {iterator!r}, which an earlier run has read already; "
            "give a function that makes a new one for each run"
        )
        raise PipelineError(msg)
