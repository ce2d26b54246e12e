"""SortLists: the order of the values in a group is nobody's promise, so a test may put them in order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from streamcore.transforms.elementwise import Map


def sort_lists(value: Any) -> Any:
    """The same, with whatever is iterable in it as a sorted list; tuples and dicts keep their shape.

    >>> sort_lists(("ann", [3, 1, 2], {"x": (5, [2, 1])}))
    ('ann', [1, 2, 3], {'x': (5, [1, 2])})
    """
    if isinstance(value, tuple):
        return tuple(map(sort_lists, value))
    if isinstance(value, dict):
        return {key: sort_lists(part) for key, part in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return sorted(value)
    return value


SortLists: Final = Map(sort_lists)
"""A step that sorts the lists in its elements, as Beam's: `pairs | GroupByKey() | SortLists`."""
