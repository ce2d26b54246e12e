"""How a run ends: its state, and who is told why."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from streamcore.engine.tasks import Tasks, mark_seen

log = logging.getLogger("streamcore")


class Ending:
    """Keeps the state of a run, and tells what makes it fail.

    Args:
        tasks: The tasks of the run, which keep the first failure.

    Attributes:
        state: `RUNNING`, `DONE`, `FAILED`, `CANCELLED` or `DRAINED`.
        waiting: How many wait for the end, and will see what made the run fail.
    """

    def __init__(self, tasks: Tasks) -> None:
        self.state = "RUNNING"
        self.waiting = 0
        self._tasks = tasks

    def fail(self, error: BaseException) -> None:
        """The run has failed; it tells why if nobody waits for that. Called in its main task."""
        self.state = "FAILED"
        self._tasks.note_failure(error)
        if not self.waiting:
            log.error("the run has failed: %s", self._tasks.failure)
            task = asyncio.current_task()
            assert task is not None
            task.add_done_callback(mark_seen)

    def tell(self, errors: Iterable[BaseException]) -> None:
        """Raises what failed while the run freed what it holds, if nothing failed before."""
        for error in errors:
            if not isinstance(error, Exception):
                raise error  # it was cancelled, and has freed everything nevertheless
            if self._tasks.failure is None:
                self.fail(error)
                raise error
