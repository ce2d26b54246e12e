"""Write: the end of a branch, where elements go to a sink."""

from __future__ import annotations

from typing import Generic

from streamcore.errors import PipelineError
from streamcore.graph.pipeline import require_pcollection
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PCollection, PDone
from streamcore.graph.typevars import T
from streamcore.model.sink import Sink


class Write(PTransform[PCollection[T], PDone], Generic[T]):
    """Writes the elements to a sink.

    >>> class Shown(Sink):
    ...     async def write(self, bundle):
    ...         print(bundle.values)
    >>> with Pipeline() as p:
    ...     _ = p | Create([1, 2]) | Write(Shown())
    [1, 2]
    """

    def __init__(self, sink: Sink[T]) -> None:
        super().__init__()
        if not isinstance(sink, Sink):
            msg = f"Write takes a Sink, got {sink!r}; for a function write WriteToCallable(fn)"
            raise PipelineError(msg)
        self.sink = sink

    def default_label(self) -> str:
        """`Write(TextSink)`."""
        return self.label or f"Write({type(self.sink).__name__})"

    def expand(self, pvalue: PCollection[T]) -> PDone:
        """Nothing follows."""
        return PDone(require_pcollection(self, pvalue).pipeline)
