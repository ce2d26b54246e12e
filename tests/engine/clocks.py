"""A clock for tests that somebody sets."""

from __future__ import annotations

from streamcore.testing import VirtualClock

HOUR = 3_600_000_000


class SetClock(VirtualClock):
    """A clock that somebody sets, as that of a machine.

    Attributes:
        shift: How far it has been set on, in microseconds.
    """

    shift = 0

    def now(self) -> int:
        return self._now + self.shift

    async def sleep_until(self, moment: int) -> None:
        while (left := moment - self.now()) > 0:
            await super().sleep_until(self._now + left)

    async def sleep_for(self, micros: int) -> None:
        await super().sleep_until(self._now + micros)
