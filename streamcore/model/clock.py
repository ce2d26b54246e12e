"""Processing time, as the engine sees it."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Protocol


class Clock(Protocol):
    """Processing time: the wall clock in production, a virtual one in tests and replays."""

    def now(self) -> int:
        """Microseconds since the Unix epoch."""
        ...

    def sleep_until(self, moment: int) -> Coroutine[Any, Any, None]:
        """Returns when `now()` has reached `moment`."""
        ...

    def elapsed(self) -> int:
        """Microseconds since a moment of its own choice; goes on evenly also when somebody sets the clock."""
        ...

    def sleep_for(self, micros: int) -> Coroutine[Any, Any, None]:
        """Returns when so much time has gone by, also when somebody sets the clock meanwhile."""
        ...
