"""The arithmetic mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from streamcore.transforms.combine_fn import CombineFn, Kernel
from streamcore.transforms.combine_globally import CombineGlobally
from streamcore.transforms.family import Family
from streamcore.transforms.group import CombinePerKey

NAN: Final = float("nan")


class MeanCombineFn(CombineFn[Any, tuple[Any, int], float]):
    """The arithmetic mean; not a number where there are no elements.

    >>> MeanCombineFn().apply([1, 2, 6])
    3.0
    """

    def create_accumulator(self) -> tuple[Any, int]:
        """A sum and a count."""
        return (0, 0)

    def add_input(self, mutable_accumulator: tuple[Any, int], element: Any) -> tuple[Any, int]:
        """Adds to both."""
        total, count = mutable_accumulator
        return total + element, count + 1

    def merge_accumulators(self, accumulators: Iterable[tuple[Any, int]]) -> tuple[Any, int]:
        """The sums of both."""
        merged = self.create_accumulator()
        for total, count in accumulators:
            merged = merged[0] + total, merged[1] + count
        return merged

    def extract_output(self, accumulator: tuple[Any, int]) -> float:
        """The sum, divided by the count."""
        total, count = accumulator
        mean: float = total / count if count else NAN
        return mean

    def kernel(self) -> Kernel:
        """Adds without a call."""
        return Kernel(
            create="(0, 0)",
            first="(0 + {v}, 1)",
            add="({a}[0] + {v}, {a}[1] + 1)",
            merge="({a}[0] + {b}[0], {a}[1] + {b}[1])",
            extract="{a}[0] / {a}[1] if {a}[1] else NAN",
            names={"NAN": NAN},
        )


class Mean(Family):
    """Transforms that give the arithmetic mean."""

    class Globally(CombineGlobally[Any, float]):
        """The mean of the elements in each window.

        >>> with Pipeline() as p:
        ...     _ = p | Create([1, 2, 6]) | Mean.Globally() | Map(print)
        3.0
        """

        def __init__(self, has_defaults: bool = True) -> None:
            super().__init__(MeanCombineFn())
            self.has_defaults = has_defaults

        def default_label(self) -> str:
            """`Mean.Globally`."""
            return self.label or "Mean.Globally"

    class PerKey(CombinePerKey[Any, float]):
        """The mean of the values of each key and window.

        >>> with Pipeline() as p:
        ...     _ = p | Create([("a", 1), ("a", 2)]) | Mean.PerKey() | Map(print)
        ('a', 1.5)
        """

        def __init__(self) -> None:
            super().__init__(MeanCombineFn())

        def default_label(self) -> str:
            """`Mean.PerKey`."""
            return self.label or "Mean.PerKey"
