"""A heap out of which entries go that stand for nothing any more, before their time comes."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

LOOKS: Final = 2

E = TypeVar("E", bound=tuple[Any, ...])


class SweptHeap(Generic[E]):
    """Gives out the least entry first.

    To find one entry among all takes long. So for each one that becomes stale a few others are looked at, each in its
    turn, and those that are stale go: about half of the entries are stale at most, and no single step takes long.

    Args:
        is_current: Whether an entry still stands for something; once it does not, it never will.
    """

    def __init__(self, is_current: Callable[[E], bool]) -> None:
        self._is_current = is_current
        # Those to be looked at, and those that have been, or are new. The last of a heap can go and leave a heap.
        self._waiting: list[E] = []
        self._seen: list[E] = []

    def __len__(self) -> int:
        return len(self._waiting) + len(self._seen)

    def first(self) -> E | None:
        """The least entry, if there is any."""
        heap = self._heap_of_first()
        return heap[0] if heap else None

    def push(self, entry: E) -> None:
        """Adds an entry; no two are equal."""
        heapq.heappush(self._seen, entry)

    def pop(self) -> E:
        """Takes the least entry."""
        return heapq.heappop(self._heap_of_first())

    def sweep(self, stale: int = 1) -> None:
        """So many entries have become stale: lets go of about as many."""
        for _ in range(LOOKS * stale):
            if not self._waiting:
                self._waiting, self._seen = self._seen, self._waiting
                if not self._waiting:
                    return
            entry = self._waiting.pop()
            if self._is_current(entry):
                heapq.heappush(self._seen, entry)

    def _heap_of_first(self) -> list[E]:
        waiting, seen = self._waiting, self._seen
        if waiting and seen:
            return waiting if waiting[0] < seen[0] else seen
        return waiting or seen
