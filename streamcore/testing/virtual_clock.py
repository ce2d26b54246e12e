"""A clock that stands still until it is told to move."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import Coroutine, Iterator
from typing import Any, Final

from streamcore.errors import PipelineError
from streamcore.timestamp import DurationTypes, Timestamp, TimestampTypes, to_micros

CALM_TURNS: Final = 16


class VirtualClock:
    """Processing time for tests and replays; fulfils the engine's `Clock` contract.

    It moves when `advance` or `advance_to` is called. With `auto_jump` it also moves by itself: whenever every task
    of the event loop waits, it jumps to the moment the next sleeper waits for: a day of timeouts passes in no time.

    Waiting is judged by the tasks of the loop, for several turns of the loop, so that callbacks on their way arrive
    first. A task that waits for a thread, a socket or another process waits too: keep the clock from jumping meanwhile
    with `hold`.

    A clock is used from one event loop at a time.

    Args:
        start: The time it begins with, seconds since the Unix epoch or a `Timestamp`.
        auto_jump: Whether it moves by itself.

    >>> import asyncio
    >>> from streamcore.testing import VirtualClock
    >>> clock = VirtualClock(start=100, auto_jump=True)
    >>> async def day(name, hours):
    ...     await clock.sleep(hours * 3600)
    ...     print(name, clock.time())
    >>> async def main():
    ...     await asyncio.gather(day("noon", 12), day("six", 6))
    >>> asyncio.run(main())
    six Timestamp(21700)
    noon Timestamp(43300)
    """

    def __init__(self, start: TimestampTypes = 0, *, auto_jump: bool = False) -> None:
        self.auto_jump = auto_jump
        self._now = to_micros(start)
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self._holds = 0
        self._watching: asyncio.AbstractEventLoop | None = None
        self._calm = 0

    def now(self) -> int:
        """Microseconds since the Unix epoch."""
        return self._now

    def time(self) -> Timestamp:
        """The present time as a `Timestamp`."""
        return Timestamp.of_micros(self._now)

    def advance(self, seconds: DurationTypes) -> None:
        """Moves the clock on and wakes everybody whose moment has come, the earliest first.

        Raises:
            PipelineError: If `seconds` is negative.
        """
        micros = to_micros(seconds)
        if micros < 0:
            msg = f"a clock cannot go back: `seconds` must not be negative, got {seconds!r}"
            raise PipelineError(msg)
        self._move(self._now + micros)

    def advance_to(self, moment: TimestampTypes) -> None:
        """Moves the clock to a moment and wakes everybody whose moment has come, the earliest first.

        Raises:
            PipelineError: If the moment has passed already.
        """
        micros = to_micros(moment)
        if micros < self._now:
            msg = f"a clock cannot go back: it is at {self.time()}, got {moment!r}; use a clock with an earlier `start`"
            raise PipelineError(msg)
        self._move(micros)

    async def sleep(self, seconds: DurationTypes) -> None:
        """Returns when the clock has moved on by `seconds`."""
        await self.sleep_for(to_micros(seconds))

    async def sleep_until(self, moment: int) -> None:
        """Returns when `now()` has reached `moment` (microseconds since the Unix epoch)."""
        if moment <= self._now:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._sleepers, (moment, next(self._numbers), woken))
        self._watch(loop)
        await woken

    def elapsed(self) -> int:
        """The same as `now()`: nobody sets this clock."""
        return self._now

    def sleep_for(self, micros: int) -> Coroutine[Any, Any, None]:
        """Returns when the clock has moved on by so many microseconds from the call."""
        return self.sleep_until(self._now + micros)

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Keeps the clock from jumping by itself while something outside the event loop is waited for."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
            if self._sleepers:
                self._watch(self._sleepers[0][2].get_loop())

    def next_sleeper(self) -> Timestamp | None:
        """The earliest moment somebody waits for; None if nobody does."""
        moment = self._next_moment()
        return None if moment is None else Timestamp.of_micros(moment)

    def _move(self, moment: int) -> None:
        self._now = moment
        while self._sleepers and self._sleepers[0][0] <= moment:
            woken = heapq.heappop(self._sleepers)[2]
            if not woken.done():
                woken.set_result(None)

    def _next_moment(self) -> int | None:
        return min((moment for moment, _, woken in self._sleepers if not woken.done()), default=None)

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Looks at the loop once a turn, as long as there is somebody to wake."""
        if self.auto_jump and not self._holds and self._watching is not loop:
            self._watching = loop
            self._calm = 0
            loop.call_soon(self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        if self._holds or not self._sleepers or self._watching is not loop:
            self._watching = None
            return
        self._calm = self._calm + 1 if everybody_waits(loop) else 0
        if self._calm > CALM_TURNS:
            self._calm = 0
            self._move(self._sleepers[0][0])
        loop.call_soon(self._look, loop)


def everybody_waits(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether each task of a loop waits for something that has not happened yet; to be asked from a callback."""
    return all(_waits(task) for task in asyncio.all_tasks(loop))


def _waits(task: asyncio.Task[object]) -> bool:
    """A task that will run in one of the next turns waits for nothing, or for a future that is done."""
    awaited: asyncio.Future[object] | None = getattr(task, "_fut_waiter", None)
    return awaited is not None and not awaited.done()
