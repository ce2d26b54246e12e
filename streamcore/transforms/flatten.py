"""Flatten: several PCollections in one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic

from streamcore.errors import PipelineError, shorten
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import T, U
from streamcore.transforms.read import Create


class Flatten(PTransform[Iterable[PCollection[T]], PCollection[T]], Generic[T]):
    """The elements of several PCollections of the same windowing.

    Args:
        pipeline: The pipeline, needed only where there may be no PCollections at all.

    >>> with Pipeline() as p:
    ...     a = p | "a" >> Create([1])
    ...     b = p | "b" >> Create([2])
    ...     _ = (a, b) | Flatten() | Map(print)
    1
    2
    """

    def __init__(self, *, pipeline: Any = None) -> None:
        super().__init__()
        self.pipeline = pipeline

    def expand(self, pvalue: Iterable[PCollection[T]]) -> PCollection[T]:
        """The union."""
        if isinstance(pvalue, PCollection) or not isinstance(pvalue, Iterable):
            msg = f"{self.default_label()!r} unites several PCollections; write (a, b) | Flatten()"
            raise PipelineError(msg)
        pcolls = list(pvalue)
        for other in pcolls:
            if not isinstance(other, PCollection):
                msg = (
                    f"{self.default_label()!r} unites PCollections, got {shorten(other)} among them; "
                    "for elements in memory write p | Create([...])"
                )
                raise PipelineError(msg)
        for other in pcolls[1:]:
            if other.windowing.windowfn != pcolls[0].windowing.windowfn:
                msg = (
                    f"{self.default_label()!r} unites PCollections of different windows: {pcolls[0]} has "
                    f"{pcolls[0].windowing.windowfn!r}, {other} has {other.windowing.windowfn!r}; "
                    "apply the same WindowInto(...) to all of them before it"
                )
                raise PipelineError(msg)
        if not pcolls:
            empty: PCollection[T] = self.pipeline | "Nothing" >> Create([])
            return empty
        bounded = all(pcoll.is_bounded for pcoll in pcolls)
        return PCollection(pcolls[0].pipeline, windowing=pcolls[0].windowing, is_bounded=bounded)

    def __ror__(self, left: Iterable[PCollection[U]]) -> PCollection[U]:
        """Takes any iterable of PCollections."""
        pcolls = left if isinstance(left, tuple | list) else tuple(left)
        if not pcolls and self.pipeline is None:
            msg = f"{self.default_label()!r} has nothing to unite; where there may be none, write Flatten(pipeline=p)"
            raise PipelineError(msg)
        union: PCollection[Any] = super().__ror__(pcolls)
        return union
