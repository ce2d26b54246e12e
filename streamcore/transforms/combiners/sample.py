"""Samples of a fixed size, each element with the same chance."""

from __future__ import annotations

import random
import typing
from typing import Any, Generic

from streamcore.graph.pipeline import require_pcollection
from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import K, T
from streamcore.transforms.combine_fn import CombineFn, Kernel
from streamcore.transforms.combine_globally import CombineGlobally
from streamcore.transforms.combiners.top import TopCombineFn, require_count
from streamcore.transforms.composite_reduce import CompositeReduce
from streamcore.transforms.elementwise import FlatMap
from streamcore.transforms.family import Family
from streamcore.transforms.group import CombinePerKey, Reduce


class SampleCombineFn(TopCombineFn[T], Generic[T]):
    """n elements drawn without replacement: those that drew the highest numbers.

    >>> len(SampleCombineFn(2).apply(range(100)))
    2
    """

    def __init__(self, n: int) -> None:
        super().__init__(n, key=_draw)

    def default_label(self) -> str:
        """`Sample(3)`."""
        return f"Sample({self._n})"

    def kernel(self) -> Kernel:
        """Turns away without a call of Python code what draws less than all that are kept."""
        kernel = super().kernel()
        if self._n <= 0:
            return kernel
        # A number above the least one kept is as likely as it was, but is drawn again, out of those above it.
        add = f"fn._add_drawn({{a}}, {{v}}) if len({{a}}) < {self._n} or random() > {{a}}[0][0] else {{a}}"
        return kernel._replace(add=add, names=kernel.names | {"random": random.random})

    def _add_drawn(self, accumulator: Any, element: T) -> Any:
        least = accumulator[0][0] if len(accumulator) >= self._n else 0.0
        return self._insert(accumulator, (least + (1.0 - least) * random.random(), element))


def _draw(element: object) -> float:
    return random.random()


class SampleAnyCombineFn(CombineFn[T, tuple[T, ...], tuple[T, ...]], Generic[T]):
    """Any n elements, whichever are easiest to have."""

    def __init__(self, n: int) -> None:
        self._n = n

    def create_accumulator(self) -> tuple[T, ...]:
        """None yet."""
        return ()

    def add_input(self, mutable_accumulator: tuple[T, ...], element: T) -> tuple[T, ...]:
        """Keeps the element while there are fewer than n."""
        return mutable_accumulator if len(mutable_accumulator) >= self._n else (*mutable_accumulator, element)

    def merge_accumulators(self, accumulators: Any) -> tuple[T, ...]:
        """The first n."""
        return tuple(element for kept in accumulators for element in kept)[: self._n]

    def extract_output(self, accumulator: tuple[T, ...]) -> tuple[T, ...]:
        """The elements."""
        return accumulator

    def kernel(self) -> Kernel:
        """Looks at the number of those kept, without a call."""
        return Kernel(
            create="()",
            first="({v},)" if self._n > 0 else "()",
            add=f"{{a}} if len({{a}}) >= {self._n} else (*{{a}}, {{v}})",
            merge=f"({{a}} + {{b}})[:{self._n}]",
            ordered=True,
        )


class Sample(Family):
    """Transforms that choose some of the elements."""

    class FixedSizeGlobally(CombineGlobally[Any, Any]):
        """A list of n elements of each window, drawn without replacement; of all if there are fewer.

        >>> with Pipeline() as p:
        ...     _ = p | Create(range(100)) | Sample.FixedSizeGlobally(3) | Map(len) | Map(print)
        3
        """

        def __init__(self, n: int, *, has_defaults: bool = True) -> None:
            super().__init__(SampleCombineFn(n))
            self.has_defaults = has_defaults
            self._n = n

        def default_label(self) -> str:
            """`FixedSizeGlobally(3)`."""
            return self.label or f"FixedSizeGlobally({self._n})"

        def expand(self, pvalue: PCollection[T]) -> PCollection[list[T]]:
            """The samples."""
            return super().expand(pvalue)

    class FixedSizePerKey(CombinePerKey[Any, Any]):
        """A list of n values of each key and window, drawn without replacement; of all if there are fewer.

        >>> with Pipeline() as p:
        ...     _ = p | Create([("a", 1), ("a", 2)]) | Sample.FixedSizePerKey(1) | Values() | Map(len) | Map(print)
        1
        """

        def __init__(self, n: int) -> None:
            super().__init__(SampleCombineFn(n))
            self._n = n

        def default_label(self) -> str:
            """`FixedSizePerKey(3)`."""
            return self.label or f"FixedSizePerKey({self._n})"

        def expand(self, pvalue: PCollection[tuple[K, T]]) -> PCollection[tuple[K, list[T]]]:
            """The samples."""
            return super().expand(pvalue)

    class Any(CompositeReduce):
        """Any n elements of each window, one by one; not drawn, so not fit for statistics.

        >>> with Pipeline() as p:
        ...     _ = p | Create([1, 2]) | Sample.Any(5) | Map(print)
        1
        2
        """

        def __init__(self, n: int) -> None:
            super().__init__()
            self._n = require_count(n)

        def default_label(self) -> str:
            """`Any(3)`."""
            return self.label or f"Any({self._n})"

        def expand(self, pvalue: PCollection[T]) -> PCollection[T]:
            """The elements."""
            return super().expand(pvalue)

        def prepare(self, pvalue: typing.Any) -> tuple[PCollection[typing.Any], Reduce]:
            """The elements."""
            return require_pcollection(self, pvalue), CombineGlobally(SampleAnyCombineFn(self._n)).without_defaults()

        def finish(self, panes: PCollection[typing.Any]) -> PCollection[typing.Any]:
            """The elements of the tuples."""
            return panes | "Each" >> FlatMap()
