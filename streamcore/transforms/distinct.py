"""Distinct: every element once."""

from __future__ import annotations

from typing import Any, Final

from streamcore.graph.pipeline import require_pcollection
from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import T
from streamcore.transforms.combine_fn import FoldCombineFn, Kernel
from streamcore.transforms.composite_reduce import CompositeReduce
from streamcore.transforms.elementwise import Map
from streamcore.transforms.group import CombinePerKey, Reduce
from streamcore.transforms.keys import Keys

NOTHING_KEPT: Final = Kernel("None", "None", "None", "None")


class Distinct(CompositeReduce):
    """Every element once in each window, however often it occurs; elements must be hashable.

    >>> with Pipeline() as p:
    ...     _ = p | Create(["a", "b", "a"]) | Distinct() | Map(print)
    a
    b
    """

    def expand(self, pvalue: PCollection[T]) -> PCollection[T]:
        """The elements, in the order of their first occurrence."""
        return super().expand(pvalue)

    def prepare(self, pvalue: Any) -> tuple[PCollection[Any], Reduce]:
        """Pairs of element and nothing."""
        keyed = require_pcollection(self, pvalue) | "Key" >> Map(_keyed)
        return keyed, "CombinePerKey" >> CombinePerKey(FoldCombineFn("distinct", NOTHING_KEPT))

    def finish(self, panes: PCollection[Any]) -> PCollection[Any]:
        """The elements of the pairs."""
        return panes | Keys()

    def restore(self, prepared: Any) -> Any:
        """The element of a pair."""
        return prepared[0]


def _keyed(element: Any) -> tuple[Any, None]:
    return (element, None)
