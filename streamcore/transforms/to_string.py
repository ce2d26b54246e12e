"""ToString: elements as text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from streamcore.transforms.elementwise import Map
from streamcore.transforms.family import Family


class ToString(Family):
    """Transforms that make strings of elements."""

    @staticmethod
    def Element() -> Map[Any, str]:
        """`str` of each element.

        >>> with Pipeline() as p:
        ...     _ = p | Create([1.5]) | ToString.Element() | Map(repr) | Map(print)
        '1.5'
        """
        return "ElementToString" >> Map(str)

    @staticmethod
    def Iterables(delimiter: str | None = None) -> Map[Iterable[Any], str]:
        """The items of each element, with a comma or the given delimiter between them.

        >>> with Pipeline() as p:
        ...     _ = p | Create([(1, 2, 3)]) | ToString.Iterables() | Map(print)
        1,2,3
        """
        between = "," if delimiter is None else delimiter
        return "IterablesToString" >> Map(lambda items: between.join(map(str, items)))

    @staticmethod
    def Kvs(delimiter: str | None = None) -> Map[Iterable[Any], str]:
        """Key and value of each pair, with a comma or the given delimiter between them.

        >>> with Pipeline() as p:
        ...     _ = p | Create([("a", 1)]) | ToString.Kvs(": ") | Map(print)
        a: 1
        """
        return ToString.Iterables(delimiter)
