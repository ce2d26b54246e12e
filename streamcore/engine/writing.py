"""The sinks of a run, and the tasks that write to them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from streamcore.engine.outlet import Outlet
from streamcore.engine.tasks import Tasks, end_tasks
from streamcore.errors import TransactionError

log = logging.getLogger("streamcore")


class Writing:
    """Writes to sinks, each in a task of its own.

    Args:
        tasks: Where tasks are started.
        on_lost_transaction: Called when a sink has failed in the midst of a transaction that nothing of will be seen.
    """

    def __init__(self, tasks: Tasks, on_lost_transaction: Callable[[], None]) -> None:
        self._tasks = tasks
        self._on_lost_transaction = on_lost_transaction
        self._writers: dict[Outlet, asyncio.Task[None]] = {}

    def start(self, outlet: Outlet) -> None:
        """Begins to write to a sink."""
        self._writers[outlet] = self._tasks.start(self._write, outlet)

    def notify(self) -> None:
        """There may be something to write."""
        for outlet in self._writers:
            outlet.notify()

    def is_full(self) -> bool:
        """Whether so much waits for a sink that the core has to wait, too."""
        return any(outlet.node.is_full() for outlet in self._writers)

    def finish(self, outlets: Iterable[Outlet]) -> list[asyncio.Task[None]]:
        """Nothing more will come for some sinks; returns the tasks, which end when all has been written."""
        writers = []
        for outlet in outlets:
            outlet.finish()
            if outlet in self._writers:
                writers.append(self._writers[outlet])
        return writers

    def forget(self, outlet: Outlet) -> None:
        """Nobody is interested in a sink any more; its task ends."""
        if self._writers.pop(outlet, None) is not None:
            outlet.finish()

    def forget_all(self) -> None:
        """The run is over."""
        self._writers.clear()

    async def halt(self, outlet: Outlet) -> None:
        """Writes no more to a sink; drops what waits for it."""
        outlet.hold()
        outlet.node.discard()
        writer = self._writers.pop(outlet, None)
        if writer is not None:
            await end_tasks([writer])

    async def _write(self, outlet: Outlet) -> None:
        try:
            await outlet.run()
        except TransactionError as error:
            log.warning(
                "%r has lost its transaction; the run goes back to its last checkpoint: %s", outlet.label, error
            )
            self._on_lost_transaction()
