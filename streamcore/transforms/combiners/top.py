"""The n greatest or least elements."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any, Final, Generic, TypeAlias

from streamcore.errors import PipelineError, describe
from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import K, T
from streamcore.model.functions import require_plain
from streamcore.transforms.combine_fn import CombineFn, Kernel
from streamcore.transforms.combine_globally import CombineGlobally
from streamcore.transforms.family import Family
from streamcore.transforms.group import CombinePerKey

Key: TypeAlias = Callable[[Any], Any]
# A tuple of plain values costs the garbage collector nothing, but to insert into it is to copy it.
LARGEST_TUPLE: Final = 64
RANK: Final = itemgetter(0)


def require_count(n: int) -> int:
    """How many elements are to be kept.

    Raises:
        PipelineError: If it is no such number.
    """
    if type(n) is not int or n < 0:
        msg = f"`n` must be a whole number from 0 on, got {describe(n)}; give how many elements to keep at most"
        raise PipelineError(msg)
    return n


class TopCombineFn(CombineFn[T, Any, list[T]], Generic[T]):
    """The n greatest elements, the greatest first; the least, if reversed.

    Of elements that compare equal the earlier ones are kept.

    Args:
        n: How many.
        key: A function of an element whose results are compared instead of the elements.
        reverse: Whether to keep the least, the least first.

    >>> TopCombineFn(2).apply([3, 1, 5, 4])
    [5, 4]
    """

    def __init__(self, n: int, key: Key | None = None, reverse: bool = False) -> None:
        self._n = require_count(n)
        if key is not None:
            require_plain("Top", key)
        self._key = key
        self._reverse = reverse
        self._rank = None if key is None else RANK

    def create_accumulator(self) -> Any:
        """Nothing kept: the accumulator is what is kept, in ascending order; with a key, pairs of key and element."""
        return () if self._n <= LARGEST_TUPLE else []

    def add_input(self, mutable_accumulator: Any, element: T) -> Any:
        """Keeps the element if it is one of the n."""
        entry = element if self._key is None else (self._key(element), element)
        if len(mutable_accumulator) < self._n or (self._n > 0 and self._is_better(entry, mutable_accumulator)):
            return self._insert(mutable_accumulator, entry)
        return mutable_accumulator

    def merge_accumulators(self, accumulators: Iterable[Any]) -> Any:
        """The n of all that were kept."""
        entries = sorted((entry for kept in accumulators for entry in kept), key=self._rank)
        chosen = entries[: self._n] if self._reverse else entries[max(len(entries) - self._n, 0) :]
        return chosen if self._n > LARGEST_TUPLE else tuple(chosen)

    def extract_output(self, accumulator: Any) -> list[T]:
        """What was kept, in order."""
        entries = accumulator if self._reverse else reversed(accumulator)
        return list(entries) if self._key is None else [element for _, element in entries]

    def kernel(self) -> Kernel:
        """Turns away, without a call, what does not come up to the last of n elements that are kept already."""
        kernel = CombineFn.kernel(self)._replace(copy=None, ordered=self._key is not None)
        if self._key is not None or self._n <= 0:
            return kernel
        better = "{v} < {a}[-1]" if self._reverse else "{a}[0] < {v}"
        return kernel._replace(
            first="({v},)" if self._n <= LARGEST_TUPLE else "[{v}]",
            add=f"fn._insert({{a}}, {{v}}) if len({{a}}) < {self._n} or {better} else {{a}}",
            extract="list({a})" if self._reverse else "list({a}[::-1])",
        )

    def _is_better(self, entry: Any, kept: Any) -> bool:
        last = kept[-1 if self._reverse else 0]
        if self._rank is not None:
            entry, last = entry[0], last[0]
        return bool(entry < last if self._reverse else last < entry)

    def _insert(self, kept: Any, entry: Any) -> Any:
        rank = entry if self._rank is None else entry[0]
        place = (bisect_right if self._reverse else bisect_left)(kept, rank, key=self._rank)
        if isinstance(kept, tuple):
            kept = (*kept[:place], entry, *kept[place:])
            if len(kept) <= self._n:
                return kept
            return kept[:-1] if self._reverse else kept[1:]
        kept.insert(place, entry)
        if len(kept) > self._n:
            del kept[-1 if self._reverse else 0]
        return kept


class Largest(TopCombineFn[T], Generic[T]):
    """The n greatest elements, the greatest first.

    >>> Largest(2).apply([3, 1, 5, 4])
    [5, 4]
    """

    def default_label(self) -> str:
        """`Largest(3)`."""
        return f"Largest({self._n})"


class Smallest(TopCombineFn[T], Generic[T]):
    """The n least elements, the least first.

    >>> Smallest(2).apply([3, 1, 5, 4])
    [1, 3]
    """

    def __init__(self, n: int) -> None:
        super().__init__(n, reverse=True)

    def default_label(self) -> str:
        """`Smallest(3)`."""
        return f"Smallest({self._n})"


class Top(Family):
    """Transforms that give the greatest or least elements."""

    class Of(CombineGlobally[Any, Any]):
        """A list of the n greatest elements of each window; of the least, if reversed.

        >>> with Pipeline() as p:
        ...     _ = p | Create(["to", "be", "or", "not"]) | Top.Of(1, key=len) | Map(print)
        ['not']
        """

        def __init__(self, n: int, key: Key | None = None, reverse: bool = False, *, has_defaults: bool = True) -> None:
            super().__init__(TopCombineFn(n, key, reverse))
            self.has_defaults = has_defaults
            self._n = n

        def default_label(self) -> str:
            """`Top(3)`."""
            return self.label or f"Top({self._n})"

        def expand(self, pvalue: PCollection[T]) -> PCollection[list[T]]:
            """The lists."""
            return super().expand(pvalue)

    class PerKey(CombinePerKey[Any, Any]):
        """A list of the n greatest values of each key and window; of the least, if reversed.

        >>> with Pipeline() as p:
        ...     _ = p | Create([("a", 1), ("a", 3), ("a", 2)]) | Top.PerKey(2) | Map(print)
        ('a', [3, 2])
        """

        def __init__(self, n: int, key: Key | None = None, reverse: bool = False) -> None:
            super().__init__(TopCombineFn(n, key, reverse))
            self._n = n

        def default_label(self) -> str:
            """`TopPerKey(3)`."""
            return self.label or f"TopPerKey({self._n})"

        def expand(self, pvalue: PCollection[tuple[K, T]]) -> PCollection[tuple[K, list[T]]]:
            """The lists."""
            return super().expand(pvalue)

    @staticmethod
    def Largest(n: int, has_defaults: bool = True, key: Key | None = None) -> Top.Of:
        """A list of the n greatest elements of each window.

        >>> with Pipeline() as p:
        ...     _ = p | Create([3, 1, 5, 4]) | Top.Largest(2) | Map(print)
        [5, 4]
        """
        return f"Largest({n})" >> Top.Of(n, key, has_defaults=has_defaults)

    @staticmethod
    def Smallest(n: int, has_defaults: bool = True, key: Key | None = None) -> Top.Of:
        """A list of the n least elements of each window.

        >>> with Pipeline() as p:
        ...     _ = p | Create([3, 1, 5, 4]) | Top.Smallest(2) | Map(print)
        [1, 3]
        """
        return f"Smallest({n})" >> Top.Of(n, key, reverse=True, has_defaults=has_defaults)

    @staticmethod
    def LargestPerKey(n: int, key: Key | None = None) -> Top.PerKey:
        """A list of the n greatest values of each key and window.

        >>> with Pipeline() as p:
        ...     _ = p | Create([("a", 1), ("a", 3)]) | Top.LargestPerKey(1) | Map(print)
        ('a', [3])
        """
        return f"LargestPerKey({n})" >> Top.PerKey(n, key)

    @staticmethod
    def SmallestPerKey(n: int, *, key: Key | None = None) -> Top.PerKey:
        """A list of the n least values of each key and window.

        >>> with Pipeline() as p:
        ...     _ = p | Create([("a", 1), ("a", 3)]) | Top.SmallestPerKey(1) | Map(print)
        ('a', [1])
        """
        return f"SmallestPerKey({n})" >> Top.PerKey(n, key, reverse=True)
