"""The clock of a run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any, Final

from streamcore.errors import PipelineError
from streamcore.model.clock import Clock
from streamcore.model.source import Source

METHODS: Final = ("now", "sleep_until", "elapsed", "sleep_for")


class WallClock:
    """Processing time as the machine has it."""

    def now(self) -> int:
        """Microseconds since the Unix epoch."""
        return time.time_ns() // 1000

    async def sleep_until(self, moment: int) -> None:
        """Returns when the moment has come."""
        while (left := moment - self.now()) > 0:
            await asyncio.sleep(left / 1_000_000)

    def elapsed(self) -> int:
        """Microseconds since some moment, whatever the machine's clock is set to."""
        return time.monotonic_ns() // 1000

    async def sleep_for(self, micros: int) -> None:
        """Returns when so much time has gone by."""
        await asyncio.sleep(max(micros, 0) / 1_000_000)


def choose_clock(sources: Iterable[Source[Any]]) -> Clock:
    """The clock that a source drives, as a replay does, else the wall clock.

    Raises:
        PipelineError: If the clock of a source is none.
    """
    for source in sources:
        if source.clock is not None:
            missing = [name for name in METHODS if not callable(getattr(source.clock, name, None))]
            if missing:
                msg = (
                    f"the clock of {type(source).__name__}, a {type(source.clock).__name__}, has no {missing[0]!r}; "
                    f"a clock has the methods {', '.join(METHODS)}"
                )
                raise PipelineError(msg)
            return source.clock
    return WallClock()
