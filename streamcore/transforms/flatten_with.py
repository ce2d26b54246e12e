"""FlattenWith: a Flatten inside a chain."""

from __future__ import annotations

from typing import Any

from streamcore.errors import TransformTypeError
from streamcore.graph.pipeline import require_pcollection
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import T
from streamcore.transforms.flatten import Flatten


class FlattenWith(PTransform[Any, Any]):
    """Unites the input with other PCollections.

    Args:
        *others: PCollections, or root transforms such as `Create([...])`.

    >>> with Pipeline() as p:
    ...     _ = p | Create([1]) | FlattenWith(Create([2])) | Map(print)
    1
    2
    """

    def __init__(self, *others: PCollection[Any] | PTransform[Any, Any]) -> None:
        super().__init__()
        for other in others:
            if not isinstance(other, PCollection | PTransform):
                msg = f"FlattenWith takes PCollections and root transforms such as Create([...]), got {other!r}"
                raise TransformTypeError(msg)
        self._others = others

    def expand(self, pvalue: PCollection[T]) -> PCollection[T]:
        """The union."""
        pcoll = require_pcollection(self, pvalue)
        others = [other if isinstance(other, PCollection) else pcoll.pipeline | other for other in self._others]
        return (pcoll, *others) | Flatten()
