"""Keys, Values and KvSwap: parts of pairs."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import K, V
from streamcore.transforms.elementwise import Map


class Keys(Map[Any, Any]):
    """The keys of pairs.

    >>> with Pipeline() as p:
    ...     _ = p | Create([("a", 1), ("b", 2)]) | Keys() | Map(print)
    a
    b
    """

    def __init__(self, label: str | None = None) -> None:
        super().__init__(itemgetter(0))
        self.label = label

    def default_label(self) -> str:
        """`Keys`."""
        return self.label or "Keys"

    def expand(self, pvalue: PCollection[tuple[K, Any]]) -> PCollection[K]:
        """The keys."""
        return super().expand(pvalue)


class Values(Map[Any, Any]):
    """The values of pairs.

    >>> with Pipeline() as p:
    ...     _ = p | Create([("a", 1), ("b", 2)]) | Values() | Map(print)
    1
    2
    """

    def __init__(self, label: str | None = None) -> None:
        super().__init__(itemgetter(1))
        self.label = label

    def default_label(self) -> str:
        """`Values`."""
        return self.label or "Values"

    def expand(self, pvalue: PCollection[tuple[Any, V]]) -> PCollection[V]:
        """The values."""
        return super().expand(pvalue)


class KvSwap(Map[Any, Any]):
    """Pairs with key and value in each other's place.

    >>> with Pipeline() as p:
    ...     _ = p | Create([("a", 1), ("b", 2)]) | KvSwap() | Map(print)
    (1, 'a')
    (2, 'b')
    """

    def __init__(self, label: str | None = None) -> None:
        super().__init__(itemgetter(1, 0))
        self.label = label

    def default_label(self) -> str:
        """`KvSwap`."""
        return self.label or "KvSwap"

    def expand(self, pvalue: PCollection[tuple[K, V]]) -> PCollection[tuple[V, K]]:
        """The pairs."""
        return super().expand(pvalue)
