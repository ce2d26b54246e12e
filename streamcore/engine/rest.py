"""What has to wait until the core is at rest."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeAlias

Work: TypeAlias = Callable[[], Awaitable[None]]


class Rest:
    """Hands work over to the task that drives the core, which does it between two bundles.

    Args:
        on_work: Called when there is something to do.
    """

    def __init__(self, on_work: Callable[[], None]) -> None:
        self._on_work = on_work
        self._waiting: deque[tuple[Work, asyncio.Future[None]]] = deque()

    def hand_over(self, work: Work) -> asyncio.Future[None]:
        """Has work done when the core is at rest; the future is done then, or has what the work raised."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, done))
        self._on_work()
        return done

    async def use(self) -> None:
        """The core is at rest: does what waits for that."""
        while self._waiting:
            work, done = self._waiting.popleft()
            try:
                await work()
            except Exception as error:
                if not done.done():
                    done.set_exception(error)
            else:
                if not done.done():
                    done.set_result(None)
