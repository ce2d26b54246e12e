"""How long a run waits before it goes back to its last checkpoint once more."""

from __future__ import annotations

from typing import Final

from streamcore.model.clock import Clock

# In microseconds.
FIRST_PAUSE: Final = 1_000_000
LONGEST_PAUSE: Final = 30_000_000


class Pauses:
    """What fails again and again is not asked of a cluster without a break.

    The run goes back at once; if it has to again before a checkpoint has held that is further on, it waits first, each
    time twice as long, up to half a minute.
    """

    def __init__(self) -> None:
        self._next = 0

    async def wait(self, clock: Clock) -> None:
        """Waits for the next pause to go by."""
        if self._next:
            await clock.sleep_for(self._next)
        self._next = min(max(2 * self._next, FIRST_PAUSE), LONGEST_PAUSE)

    def reset(self) -> None:
        """A checkpoint holds that is further on: the next time goes without a pause."""
        self._next = 0
