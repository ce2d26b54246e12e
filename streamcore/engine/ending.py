"""How a run ends: its state, and who is told why."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from streamcore.engine.cancellation import is_cancelled
from streamcore.engine.tasks import PROCESS_ENDS, Tasks, mark_seen
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

    def tell_aborted(self, errors: Iterable[BaseException]) -> None:
        """Tells what was raised while a run that has failed or was cancelled ended its tasks and aborted its sinks."""
        told = _without_cancellation(errors)
        failure = self._tasks.failure
        if self.state == "CANCELLED" and failure is not None and not isinstance(failure, PROCESS_ENDS):
            self._tell_beside([failure])  # of a task that was told to end
        self._tell_beside(told)
        _raise_exit(told)

    def tell_closed(self, errors: Iterable[BaseException]) -> None:
        """Tells what was raised while the run freed what it holds: the first makes it fail, if nothing has before."""
        errors = list(errors)
        told = _without_cancellation(errors)
        has_failed, failure = self.state == "FAILED", self._tasks.failure
        if self.state in {"DONE", "DRAINED"} and failure is not None:  # of a task that was told to end
            told.insert(0, failure)
        if told and not has_failed:
            self.fail(told.pop(0))
        self._tell_beside(told)
        if self.state == "FAILED" and not has_failed:
            self._tasks.check()
        _raise_exit(told)
        for error in errors:
            if is_cancelled(error):
                raise error  # and everything is free nevertheless

    def _tell_beside(self, errors: Iterable[BaseException]) -> None:
        """Notes errors with what has made the run fail, and logs them where nobody would see that."""
        failure = self._tasks.failure if self.state == "FAILED" else None
        for error in errors:
            if failure is not None:
                failure.add_note(f"While the run ended this failed, too: {_told(error)}")
            if failure is None or not self.waiting:
                log.warning("while the run ended something failed: %s", _told(error))


def _without_cancellation(errors: Iterable[BaseException]) -> list[BaseException]:
    return [error for error in errors if not is_cancelled(error)]


def _raise_exit(errors: Iterable[BaseException]) -> None:
    for error in errors:
        if isinstance(error, PROCESS_ENDS):
            raise error


def _told(error: BaseException) -> str:
    text = str(error) if isinstance(error, StreamcoreError) else f"{type(error).__name__}: {error}"
    return "\n".join([text, *getattr(error, "__notes__", ())])  # a note may be what names the step
