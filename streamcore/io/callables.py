"""WriteToCallable: a function as a sink."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from streamcore.engine.cancellation import check_cancelled
from streamcore.engine.slices import Slices
from streamcore.errors import PipelineError, SinkError, shorten
from streamcore.graph.pipeline import require_pcollection
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PCollection, PDone
from streamcore.model.bundle import Bundle
from streamcore.model.labels import label_of
from streamcore.model.sink import Sink
from streamcore.transforms.write import Write


class WriteToCallable(PTransform[PCollection[Any], PDone]):
    """Calls a function for each element, in their order; what it returns is ignored.

    If it is asynchronous it is awaited before the next call, so that a slow one slows the sources down. A function that
    raises stops the pipeline.

    Args:
        fn: Takes an element; with `batch` a list of elements that have come together.
        batch: Whether it takes lists.

    >>> from streamcore.io import WriteToCallable
    >>> squares = []
    >>> with Pipeline() as p:
    ...     _ = p | Create([1, 2, 3]) | Map(lambda x: x * x) | WriteToCallable(squares.append)
    >>> squares
    [1, 4, 9]
    """

    def __init__(
        self, fn: Callable[[Any], object] | Callable[[Any], Awaitable[object]], *, batch: bool = False
    ) -> None:
        super().__init__()
        if not callable(fn):
            msg = f"WriteToCallable takes a function of one element, got {fn!r}"
            raise PipelineError(msg)
        if inspect.isgeneratorfunction(fn) or inspect.isasyncgenfunction(fn):
            msg = f"WriteToCallable got the generator function {_name_of(fn)}; a call does nothing, remove `yield`"
            raise PipelineError(msg)
        self._fn = fn
        self._batch = batch

    def default_label(self) -> str:
        """`WriteToCallable(append)`."""
        return self.label or f"WriteToCallable({label_of(self._fn)})"

    def expand(self, pvalue: PCollection[Any]) -> PDone:
        """Nothing follows."""
        return require_pcollection(self, pvalue) | Write(CallableSink(self._fn, self._batch))


class CallableSink(Sink[Any]):
    """Hands elements to a function, one by one or as lists."""

    def __init__(self, fn: Callable[[Any], Any], batch: bool) -> None:
        self._fn = fn
        self._batch = batch

    async def write(self, bundle: Bundle) -> None:
        """Calls the function; other tasks get their turn every millisecond."""
        if self._batch:
            await self._call(list(bundle.values))
            return
        slices = Slices()
        for value in bundle.values:
            await self._call(value)
            if slices.is_over():
                await slices.give_way()

    async def _call(self, argument: Any) -> None:
        try:
            result = self._fn(argument)
            if result is not None and inspect.isawaitable(result):
                await result
                check_cancelled()
        except Exception as error:
            what = "elements" if self._batch else "element"
            msg = f"{_name_of(self._fn)} failed on {what} {shorten(argument)}: {type(error).__name__}: {error}"
            raise SinkError(msg) from error


def _name_of(fn: Callable[..., Any]) -> str:
    return getattr(fn, "__name__", type(fn).__name__)
