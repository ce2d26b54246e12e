"""Clocks for tests: one that somebody sets, and one of a machine that can be held up."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from streamcore.engine.clock import WallClock
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

    def elapsed(self) -> int:
        return self._now

    def sleep_for(self, micros: int) -> Coroutine[Any, Any, None]:
        return super().sleep_until(self._now + micros)


class MachineClock(WallClock):
    """To the engine the clock of the machine; a jump is a time for which the process was held up.

    Attributes:
        hands: What moves it.
    """

    def __init__(self) -> None:
        self.hands = VirtualClock()

    def now(self) -> int:
        return self.hands.now()

    async def sleep_until(self, moment: int) -> None:
        await self.hands.sleep_until(moment)

    def elapsed(self) -> int:
        return self.hands.elapsed()

    async def sleep_for(self, micros: int) -> None:
        await self.hands.sleep_for(micros)
