"""The wall clock."""

from __future__ import annotations

import asyncio
import time


class WallClock:
    """Processing time as the machine has it."""

    def now(self) -> int:
        """Microseconds since the Unix epoch."""
        return time.time_ns() // 1000

    async def sleep_until(self, moment: int) -> None:
        """Returns when the moment has come."""
        while (left := moment - self.now()) > 0:
            await asyncio.sleep(left / 1_000_000)
