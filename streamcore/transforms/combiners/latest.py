"""The latest element in event time."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any, Generic, cast

from streamcore.graph.pipeline import require_pcollection
from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import K, T
from streamcore.timestamp import Timestamp
from streamcore.transforms.combine_fn import CombineFn, Kernel
from streamcore.transforms.combine_globally import CombineGlobally
from streamcore.transforms.composite_reduce import CompositeReduce
from streamcore.transforms.dofn import DoFn
from streamcore.transforms.elementwise import Map
from streamcore.transforms.family import Family
from streamcore.transforms.group import CombinePerKey, Reduce

# A value and its timestamp; empty where there is none yet. State that is read back is equal, but not identical.
Stamped = tuple[Any, Any] | tuple[()]


class LatestCombineFn(CombineFn[tuple[T, Any], Stamped, T], Generic[T]):
    """The value with the latest timestamp out of pairs of value and timestamp; of equally late ones the last to come.

    >>> LatestCombineFn().apply([("a", 10), ("b", 30), ("c", 20)])
    'b'
    """

    def create_accumulator(self) -> Stamped:
        """No value."""
        return ()

    def add_input(self, mutable_accumulator: Stamped, element: tuple[T, Any]) -> Stamped:
        """The later of the two."""
        return mutable_accumulator if mutable_accumulator and mutable_accumulator[1] > element[1] else element

    def merge_accumulators(self, accumulators: Iterable[Stamped]) -> Stamped:
        """The latest of all."""
        merged: Stamped = ()
        for accumulator in accumulators:
            if accumulator:
                merged = self.add_input(merged, accumulator)
        return merged

    def extract_output(self, accumulator: Stamped) -> T:
        """The value; None if there was none."""
        value: Any = accumulator[0] if accumulator else None
        return cast("T", value)

    def kernel(self) -> Kernel:
        """Compares without a call."""
        return Kernel(
            create="()",
            first="{v}",
            add="{a} if {a} and {a}[1] > {v}[1] else {v}",
            merge="{a} if not {b} or ({a} and {a}[1] > {b}[1]) else {b}",
            extract="{a}[0] if {a} else None",
            ordered=True,
        )


class Latest(Family):
    """Transforms that give the latest element in event time."""

    class Globally(CompositeReduce):
        """The latest element of each window; None for an empty input.

        >>> with Pipeline() as p:
        ...     _ = (
        ...         p
        ...         | Create([("new", 20), ("old", 10)])
        ...         | WithTimestamps(lambda e: e[1])
        ...         | Latest.Globally()
        ...         | Map(print)
        ...     )
        ('new', 20)
        """

        def __init__(self, has_defaults: bool = True) -> None:
            super().__init__()
            self.has_defaults = has_defaults

        def with_defaults(self, has_defaults: bool = True) -> Latest.Globally:
            """The latest element, or None for an empty input; nothing for it without defaults."""
            other = copy.copy(self)
            other.has_defaults = has_defaults
            return other

        def without_defaults(self) -> Latest.Globally:
            """The latest element, and nothing for an empty input."""
            return self.with_defaults(False)

        def default_label(self) -> str:
            """`Latest.Globally`."""
            return self.label or "Latest.Globally"

        def expand(self, pvalue: PCollection[T]) -> PCollection[T | None]:
            """The latest element of each window."""
            return super().expand(pvalue)

        def prepare(self, pvalue: Any) -> tuple[PCollection[Any], Reduce]:
            """Pairs of element and timestamp."""
            combine: CombineGlobally[Any, Any] = CombineGlobally(LatestCombineFn())
            stamped = require_pcollection(self, pvalue) | "AddTimestamp" >> Map(_stamped)
            return stamped, "CombineGlobally" >> combine.with_defaults(self.has_defaults)

        def restore(self, prepared: Any) -> Any:
            """The element of a pair."""
            return prepared[0]

    class PerKey(CompositeReduce):
        """The latest value of each key and window.

        >>> with Pipeline() as p:
        ...     _ = p | Create([("a", 20), ("a", 10)]) | WithTimestamps(lambda e: e[1]) | Latest.PerKey() | Map(print)
        ('a', 20)
        """

        def default_label(self) -> str:
            """`Latest.PerKey`."""
            return self.label or "Latest.PerKey"

        def expand(self, pvalue: PCollection[tuple[K, T]]) -> PCollection[tuple[K, T]]:
            """Pairs of key and latest value."""
            return super().expand(pvalue)

        def prepare(self, pvalue: Any) -> tuple[PCollection[Any], Reduce]:
            """Pairs of key, and value and timestamp."""
            stamped = require_pcollection(self, pvalue) | "AddTimestamp" >> Map(_value_stamped)
            return stamped, "CombinePerKey" >> CombinePerKey(LatestCombineFn())

        def restore(self, prepared: Any) -> Any:
            """The pair of key and value."""
            key, (value, _) = prepared
            return (key, value)


# Microseconds compare at the speed of C; a `Timestamp` compares by a method.
def _stamped(element: Any, timestamp: Timestamp = DoFn.TimestampParam) -> tuple[Any, int]:
    return (element, timestamp.micros)


def _value_stamped(element: Any, timestamp: Timestamp = DoFn.TimestampParam) -> tuple[Any, tuple[Any, int]]:
    key, value = element
    return (key, (value, timestamp.micros))
