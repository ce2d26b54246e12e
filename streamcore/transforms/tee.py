"""Tee: a side branch that does not interrupt the chain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streamcore.graph.pipeline import require_pcollection
from streamcore.graph.ptransform import PTransform, ptransform_fn
from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import T
from streamcore.model.functions import require_plain


class Tee(PTransform[Any, Any]):
    """Applies other transforms to the input, and passes the input on.

    Args:
        *consumers: Transforms, or functions of a PCollection.

    >>> with Pipeline() as p:
    ...     _ = p | Create([1, 2]) | Tee(Map(print)) | CombineGlobally(sum) | "sum" >> Map(print)
    1
    2
    3
    """

    def __init__(self, *consumers: PTransform[Any, Any] | Callable[[Any], Any]) -> None:
        super().__init__()
        for consumer in consumers:
            if not isinstance(consumer, PTransform):
                require_plain("Tee", consumer)
        self._consumers = consumers

    def expand(self, pvalue: PCollection[T]) -> PCollection[T]:
        """The input."""
        pcoll = require_pcollection(self, pvalue)
        for consumer in self._consumers:
            _ = pcoll | (consumer if isinstance(consumer, PTransform) else ptransform_fn(consumer)())
        return pcoll
