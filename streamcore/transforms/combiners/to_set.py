"""All distinct elements as one set."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic

from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import T
from streamcore.transforms.combine_fn import CombineFn, Kernel
from streamcore.transforms.combine_globally import CombineGlobally


class ToSetCombineFn(CombineFn[T, set[T], set[T]], Generic[T]):
    """A set of the elements, which must be hashable.

    >>> ToSetCombineFn().apply([2, 1, 2])
    {1, 2}
    """

    def create_accumulator(self) -> set[T]:
        """An empty set."""
        return set()

    def add_input(self, mutable_accumulator: set[T], element: T) -> set[T]:
        """Adds the element."""
        mutable_accumulator.add(element)
        return mutable_accumulator

    def merge_accumulators(self, accumulators: Iterable[set[T]]) -> set[T]:
        """One set."""
        return set().union(*accumulators)

    def extract_output(self, accumulator: set[T]) -> set[T]:
        """A copy, as an accumulating pane may be followed by another."""
        return set(accumulator)

    def kernel(self) -> Kernel:
        """Adds without a call of Python code."""
        return Kernel("set()", "{{{v}}}", "{a}.add({v})", "{a} | {b}", "set({a})", in_place=True)


class ToSet(CombineGlobally[Any, Any]):
    """A set of the elements of each window.

    >>> with Pipeline() as p:
    ...     _ = p | Create([2, 1, 2]) | ToSet() | Map(print)
    {1, 2}
    """

    def __init__(self, has_defaults: bool = True) -> None:
        super().__init__(ToSetCombineFn())
        self.has_defaults = has_defaults

    def default_label(self) -> str:
        """`ToSet`."""
        return self.label or "ToSet"

    def expand(self, pvalue: PCollection[T]) -> PCollection[set[T]]:
        """The sets."""
        return super().expand(pvalue)
