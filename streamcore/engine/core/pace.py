"""How many elements travel together: as many as are quick to process, as others wait in the event loop meanwhile."""

from __future__ import annotations

from typing import Final

BUNDLE_SIZE: Final = 256
# A run begins with few, as nobody knows how slow user code is.
FIRST_SIZE: Final = 16
# So many bundles in a row, each so quick that one of twice the size would do, make the next ones larger.
QUICK_BUNDLES: Final = 4
QUICK: Final = 0.5


class Pace:
    """Finds out how many elements should be handed on together.

    Args:
        limit: How many it must never be more than.

    Attributes:
        size: The most.
        limit: What `size` never goes beyond.
    """

    def __init__(self, limit: int = BUNDLE_SIZE) -> None:
        self.limit = limit
        self.size = min(FIRST_SIZE, limit)
        self._quick = 0

    def adapt(self, count: int, load: float) -> None:
        """Makes bundles smaller or larger.

        Args:
            count: How many elements were handed on.
            load: How long it took, as a part of what it should take at most.
        """
        if load > 1:
            self.size = max(1, int(min(count, self.size) / load))
        self._quick = self._quick + 1 if load < QUICK else 0
        if self._quick == QUICK_BUNDLES:
            self._quick = 0
            self.size = min(2 * self.size, self.limit)
