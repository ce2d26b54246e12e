"""Long work in slices, between which other tasks of the event loop get their turn."""

from __future__ import annotations

import asyncio
import time
from typing import Final

# How long the engine works before other tasks of the event loop get their turn.
SLICE_SECONDS: Final = 0.001


class Slices:
    """Measures how long work has gone on without a break."""

    def __init__(self) -> None:
        self._began = self._lap = time.perf_counter()

    def lap(self) -> float:
        """How long the last piece of work took, as a part of a slice."""
        then, self._lap = self._lap, time.perf_counter()
        return (self._lap - then) / SLICE_SECONDS

    def is_over(self) -> bool:
        """Whether others should get their turn."""
        return time.perf_counter() - self._began > SLICE_SECONDS

    def begin(self) -> None:
        """Others have had their turn."""
        self._began = self._lap = time.perf_counter()

    async def give_way(self) -> None:
        """Lets others have their turn, if it is time."""
        if self.is_over():
            await asyncio.sleep(0)
            self.begin()
