"""All elements as one list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic

from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import T
from streamcore.transforms.combine_globally import CombineGlobally
from streamcore.transforms.group import GroupedValues


class ToListCombineFn(GroupedValues[T], Generic[T]):
    """A list of the elements, in the order of their arrival.

    >>> ToListCombineFn().apply([3, 1, 2])
    [3, 1, 2]
    """

    def add_inputs(self, mutable_accumulator: list[T], elements: Iterable[T]) -> list[T]:
        """Appends all."""
        mutable_accumulator.extend(elements)
        return mutable_accumulator


class ToList(CombineGlobally[Any, Any]):
    """A list of the elements of each window, in the order of their arrival.

    >>> with Pipeline() as p:
    ...     _ = p | Create([3, 1, 2]) | ToList() | Map(print)
    [3, 1, 2]
    """

    def __init__(self, has_defaults: bool = True) -> None:
        super().__init__(ToListCombineFn())
        self.has_defaults = has_defaults

    def default_label(self) -> str:
        """`ToList`."""
        return self.label or "ToList"

    def expand(self, pvalue: PCollection[T]) -> PCollection[list[T]]:
        """The lists."""
        return super().expand(pvalue)
