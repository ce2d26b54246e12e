"""Processing time, as the engine sees it."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Processing time: the wall clock in production, a virtual one in tests and replays."""

    def now(self) -> int:
        """Microseconds since the Unix epoch."""
        ...

    async def sleep_until(self, moment: int) -> None:
        """Returns when `now()` has reached `moment`."""
        ...

    def elapsed(self) -> int:
        """Microseconds since a moment of its own choice; goes on evenly also when somebody sets the clock."""
        ...

    async def sleep_for(self, micros: int) -> None:
        """Returns when so much time has gone by, also when somebody sets the clock meanwhile."""
        ...
