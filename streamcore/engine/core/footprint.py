"""How many bytes a bundle takes in memory, by and large: enough to tell when so much waits that sources should."""

from __future__ import annotations

import gc
import sys
from collections import deque
from collections.abc import Collection
from itertools import islice
from typing import Any, Final

from streamcore.model.bundle import Bundle

# How many parts of a value are looked at, and how deep.
PARTS: Final = 32
LEVELS: Final = 3
FLAT: Final = frozenset({bool, bytes, complex, float, int, str, type(None)})
CONTAINERS: Final = (tuple, list, set, frozenset, deque)
# Bytes of an element that does not tell.
UNKNOWN: Final = 64


class Scales:
    """Weighs bundles, each by one element; by another one each time, so that large ones here and there are met.

    >>> Scales().weigh(Bundle([b"x" * 1000] * 300, 0, ())) // 1000
    309
    """

    def __init__(self) -> None:
        self._weighed = 0

    def weigh(self, bundle: Bundle) -> int:
        """An estimate of the bytes that the values of a bundle take; what several refer to counts for each of them."""
        count = len(bundle.values)
        if not count:
            return 0
        self._weighed += 1
        try:
            return _size_of([bundle.values[self._weighed % count]], LEVELS) * count
        except Exception:  # user classes may have a broken `__sizeof__`
            return UNKNOWN * count


def _size_of(values: Collection[object], levels: int) -> int:
    size = sum(map(sys.getsizeof, values))
    if levels and not FLAT.issuperset(map(type, values)):
        for value in values:
            if type(value) not in FLAT:
                size += _size_of_parts(_parts_of(value), levels - 1)
    return size


def _size_of_parts(parts: Collection[object], levels: int) -> int:
    if len(parts) <= PARTS:
        return _size_of(parts, levels)
    return _size_of(list(islice(parts, PARTS)), levels) * len(parts) // PARTS


def _parts_of(value: Any) -> Collection[object]:
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, CONTAINERS):
        return value
    fields = getattr(type(value), "__struct_fields__", None)
    if fields is not None:  # of msgspec; the collector may not know them
        return [getattr(value, field) for field in fields]
    return [part for part in gc.get_referents(value) if not isinstance(part, type)]
