"""Keys, Values and KvSwap: parts of pairs."""

from __future__ import annotations

from operator import itemgetter
from typing import Any, Generic

from streamcore.graph.typevars import K, V
from streamcore.transforms.elementwise import Map


class Keys(Map[tuple[K, Any], K], Generic[K]):
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


class Values(Map[tuple[Any, V], V], Generic[V]):
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


class KvSwap(Map[tuple[K, V], tuple[V, K]], Generic[K, V]):
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
