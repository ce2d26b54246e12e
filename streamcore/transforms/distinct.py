"""Distinct: every element once."""

from __future__ import annotations

from typing import Any, Final

from streamcore.graph.pipeline import require_pcollection
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import T
from streamcore.transforms.combine_fn import FoldCombineFn, Kernel
from streamcore.transforms.elementwise import Map
from streamcore.transforms.group import CombinePerKey
from streamcore.transforms.keys import Keys

NOTHING_KEPT: Final = Kernel("None", "None", "None", "None")


class Distinct(PTransform[Any, Any]):
    """Every element once in each window, however often it occurs; elements must be hashable.

    >>> with Pipeline() as p:
    ...     _ = p | Create(["a", "b", "a"]) | Distinct() | Map(print)
    a
    b
    """

    def expand(self, pvalue: PCollection[T]) -> PCollection[T]:
        """The elements, in the order of their first occurrence."""
        keyed = require_pcollection(self, pvalue) | "Key" >> Map(_keyed)
        united: PCollection[Any] = keyed | "CombinePerKey" >> CombinePerKey(FoldCombineFn("distinct", NOTHING_KEPT))
        distinct: PCollection[T] = united | Keys()
        return distinct


def _keyed(element: Any) -> tuple[Any, None]:
    return (element, None)
