"""Counting: all elements, those of each key, or each distinct element."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from streamcore.graph.pipeline import require_pcollection
from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import T
from streamcore.transforms.combine_fn import COUNT, CombineFn, Kernel
from streamcore.transforms.combine_globally import CombineGlobally
from streamcore.transforms.composite_reduce import CompositeReduce
from streamcore.transforms.elementwise import Map
from streamcore.transforms.family import Family
from streamcore.transforms.group import CombinePerKey, Reduce


class CountCombineFn(CombineFn[Any, int, int]):
    """The number of elements.

    >>> CountCombineFn().apply(["a", "b"])
    2
    """

    def create_accumulator(self) -> int:
        """Nothing counted."""
        return 0

    def add_input(self, mutable_accumulator: int, element: Any) -> int:
        """One more."""
        return mutable_accumulator + 1

    def add_inputs(self, mutable_accumulator: int, elements: Iterable[Any]) -> int:
        """As many more as there are elements."""
        return mutable_accumulator + sum(1 for _ in elements)

    def merge_accumulators(self, accumulators: Iterable[int]) -> int:
        """The sum."""
        return sum(accumulators)

    def extract_output(self, accumulator: int) -> int:
        """The count."""
        return accumulator

    def kernel(self) -> Kernel:
        """Adds one without a call."""
        return COUNT


class Count(Family):
    """Transforms that count elements."""

    class Globally(CombineGlobally[Any, int]):
        """The number of elements in each window.

        >>> with Pipeline() as p:
        ...     _ = p | Create(["a", "b", "a"]) | Count.Globally() | Map(print)
        3
        """

        def __init__(self, has_defaults: bool = True) -> None:
            super().__init__(CountCombineFn())
            self.has_defaults = has_defaults

        def default_label(self) -> str:
            """`Count.Globally`."""
            return self.label or "Count.Globally"

    class PerKey(CombinePerKey[Any, int]):
        """The number of elements of each key and window.

        >>> with Pipeline() as p:
        ...     _ = p | Create([("a", 1), ("b", 2), ("a", 3)]) | Count.PerKey() | Map(print)
        ('a', 2)
        ('b', 1)
        """

        def __init__(self) -> None:
            super().__init__(CountCombineFn())

        def default_label(self) -> str:
            """`Count.PerKey`."""
            return self.label or "Count.PerKey"

    class PerElement(CompositeReduce):
        """How often each distinct element, which must be hashable, occurs in a window.

        >>> with Pipeline() as p:
        ...     _ = p | Create(["a", "b", "a"]) | Count.PerElement() | Map(print)
        ('a', 2)
        ('b', 1)
        """

        def default_label(self) -> str:
            """`Count.PerElement`."""
            return self.label or "Count.PerElement"

        def expand(self, pvalue: PCollection[T]) -> PCollection[tuple[T, int]]:
            """Pairs of element and count."""
            return super().expand(pvalue)

        def prepare(self, pvalue: Any) -> tuple[PCollection[Any], Reduce]:
            """Pairs of element and nothing."""
            keyed = require_pcollection(self, pvalue) | "Key" >> Map(_paired)
            return keyed, "CombinePerKey" >> CombinePerKey(CountCombineFn())

        def restore(self, prepared: Any) -> Any:
            """The element of a pair."""
            return prepared[0]


def _paired(element: Any) -> tuple[Any, None]:
    return (element, None)
