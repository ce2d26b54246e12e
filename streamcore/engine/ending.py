"""How a run ends: its state, and who is told why."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from streamcore.engine.tasks import Tasks, is_cancelled, mark_seen
from streamcore.errors import StreamcoreError

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
        task, failure = asyncio.current_task(), self._tasks.failure
        assert task is not None
        assert failure is not None
        if not self.waiting:
            log.error("the run has failed: %s", _told(failure))
        task.add_done_callback(mark_seen)  # whoever waits may be cancelled, as by the end of the loop

    def tell(self, errors: Iterable[BaseException]) -> None:
        """Raises what failed while the run freed what it holds, if nothing failed before."""
        for error in errors:
            if is_cancelled(error):
                raise error  # and has freed everything nevertheless
            if self._tasks.failure is None:
                self.fail(error)
                self._tasks.check()


def _told(error: BaseException) -> str:
    text = str(error) if isinstance(error, StreamcoreError) else f"{type(error).__name__}: {error}"
    return "\n".join([text, *getattr(error, "__notes__", ())])  # a note may be what names the step
