"""The tasks of a run: what makes one of them fail makes the run fail."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, Final, TypeVar

from streamcore.engine.cancellation import is_cancelled, is_dropped, tell_to_end
from streamcore.errors import PipelineError

T = TypeVar("T")

# What is not only the failure of a run.
PROCESS_ENDS: Final = (KeyboardInterrupt, SystemExit)


def own_task_error(call: str) -> PipelineError:
    """What is raised where a part of a run waits for the run, which waits for that part."""
    return PipelineError(
        f"`handle.{call}` was awaited in a part of the run, which cannot go on before this part returns; "
        f"write asyncio.create_task(handle.{call})"
    )


class Tasks:
    """Starts tasks, and keeps the first failure.

    Args:
        on_failure: Called when a task has failed.

    Attributes:
        failure: What made the first of them fail.
        context: The context variables of the run, which its tasks have, and not those of whoever asks it for something.
    """

    def __init__(self, on_failure: Callable[[], None]) -> None:
        self.failure: BaseException | None = None
        self.context = contextvars.copy_context()
        self._on_failure = on_failure
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> asyncio.Task[None]:
        """Starts a task, which raises nothing but what ends the process."""
        task = asyncio.create_task(self._guarded(work, *args), context=self.context.copy())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(mark_seen)
        return task

    async def see_through(self, work: Callable[[], Awaitable[T]], *refusals: type[Exception]) -> T | None:
        """Has something done to its end, even if whoever waits for it is cancelled.

        Args:
            work: What is to be done; an error fails the run.
            *refusals: Errors that do not, and are raised here only.

        Returns:
            The result; None if the run has ended before.
        """
        results: list[T] = []
        refused: list[Exception] = []

        async def see() -> None:
            try:
                results.append(await work())
            except refusals as error:
                refused.append(error)

        await asyncio.wait({self.start(see)})
        for error in refused:
            raise error
        if not results:
            self.check()
            return None
        return results[0]

    def is_current(self) -> bool:
        """Whether the present task is one of them."""
        return asyncio.current_task() in self._running

    def check(self) -> None:
        """Raises the failure, if there is one."""
        if self.failure is not None:
            raise self.failure

    def note_failure(self, error: BaseException) -> None:
        """Keeps what has made the run fail, if it is the first."""
        if self.failure is None:
            self.failure = _as_failure(error)

    async def stop(self) -> None:
        """Ends all tasks."""
        await end_tasks(list(self._running))

    async def _guarded(self, work: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        task = asyncio.current_task()
        try:
            await work(*args)
        except BaseException as error:
            if is_dropped(error, task) or is_cancelled(error):
                raise
            self.note_failure(error)
            self._on_failure()
            if isinstance(error, PROCESS_ENDS):
                raise


def _as_failure(error: BaseException) -> BaseException:
    """An error as whoever waits for the run can be told."""
    if isinstance(error, asyncio.CancelledError):
        # As it is, it would be taken for the end of the run by `cancel`.
        failure = PipelineError("something that a function of the pipeline has waited for was cancelled")
    elif isinstance(error, GeneratorExit):
        # As it is, it would be taken for the end of the coroutine that waits.
        failure = PipelineError("a function of the pipeline raised GeneratorExit; return, or raise another error")
    else:
        return error
    failure.__cause__ = error
    return failure


async def free_all(calls: Iterable[Callable[[], Awaitable[None]]]) -> list[BaseException]:
    """Frees one thing after another, whatever fails and whoever is cancelled meanwhile; returns what was raised.

    At the end of `asyncio.run` everything is cancelled, also what is about to close files.
    """
    errors: list[BaseException] = []
    task = asyncio.current_task()
    for call in calls:
        try:
            await call()
        except BaseException as error:
            if is_dropped(error, task):
                raise
            errors.append(error)
    return errors


async def end_tasks(tasks: list[asyncio.Task[None]]) -> None:
    """Cancels tasks and waits for their end."""
    for task in tasks:
        tell_to_end(task)
    await asyncio.gather(*tasks, return_exceptions=True)


def mark_seen(task: asyncio.Task[None]) -> None:
    """Has asyncio not tell what a task has raised, which has been told already."""
    if not task.cancelled():
        task.exception()
