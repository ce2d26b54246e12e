"""All pairs as one dict."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic

from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import K, V
from streamcore.transforms.combine_fn import CombineFn, Kernel
from streamcore.transforms.combine_globally import CombineGlobally


class ToDictCombineFn(CombineFn[tuple[K, V], dict[K, V], dict[K, V]], Generic[K, V]):
    """A dict of pairs of key and value; of several values of a key the last to come stays.

    >>> ToDictCombineFn().apply([("a", 1), ("b", 2), ("a", 3)])
    {'a': 3, 'b': 2}
    """

    def create_accumulator(self) -> dict[K, V]:
        """An empty dict."""
        return {}

    def add_input(self, mutable_accumulator: dict[K, V], element: tuple[K, V]) -> dict[K, V]:
        """Sets the value of a key."""
        mutable_accumulator.update((element,))
        return mutable_accumulator

    def merge_accumulators(self, accumulators: Iterable[dict[K, V]]) -> dict[K, V]:
        """One dict."""
        merged: dict[K, V] = {}
        for accumulator in accumulators:
            merged.update(accumulator)
        return merged

    def extract_output(self, accumulator: dict[K, V]) -> dict[K, V]:
        """A copy, as an accumulating pane may be followed by another."""
        return dict(accumulator)

    def kernel(self) -> Kernel:
        """Sets without a call of Python code."""
        return Kernel(
            "dict()", "dict(({v},))", "{a}.update(({v},))", "{a} | {b}", "dict({a})", in_place=True, ordered=True
        )


class ToDict(CombineGlobally[Any, Any]):
    """A dict of the pairs of each window; of several values of a key the last to come stays.

    >>> with Pipeline() as p:
    ...     _ = p | Create([("a", 1), ("b", 2)]) | ToDict() | Map(print)
    {'a': 1, 'b': 2}
    """

    def __init__(self, has_defaults: bool = True) -> None:
        super().__init__(ToDictCombineFn())
        self.has_defaults = has_defaults

    def default_label(self) -> str:
        """`ToDict`."""
        return self.label or "ToDict"

    def expand(self, pvalue: PCollection[tuple[K, V]]) -> PCollection[dict[K, V]]:
        """The dicts."""
        return super().expand(pvalue)
