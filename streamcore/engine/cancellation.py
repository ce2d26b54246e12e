"""Whether a task is told to end, which user code may keep to itself, or raise the errors of by itself."""

from __future__ import annotations

import asyncio
import weakref
from typing import Any, Final

# Tasks that have been told to end. `cancelling()` is no proof of that: libraries that time out by cancelling the task
# they run in may leave it counted.
_told_to_end: Final[weakref.WeakSet[asyncio.Task[Any]]] = weakref.WeakSet()


def tell_to_end(task: asyncio.Task[Any]) -> None:
    """Cancels a task, which ends even if user code that it awaits keeps the cancellation to itself."""
    _told_to_end.add(task)
    task.cancel()


def is_told_to_end() -> bool:
    """Whether the present task is to end; user code that it has awaited may have kept its cancellation to itself.

    On Python 3.11 `asyncio.wait_for` does so, if what it waits for comes at the same time.
    """
    return asyncio.current_task() in _told_to_end


def check_cancelled() -> None:
    """Raises the cancellation of the present task, if user code that it has awaited has kept that to itself."""
    if is_told_to_end():
        raise asyncio.CancelledError


def is_cancelled(error: BaseException) -> bool:
    """Whether an error is the cancellation of the present task, and not one of something that it has waited for."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0


def is_dropped(error: BaseException, task: asyncio.Task[Any] | None) -> bool:
    """Whether an error ends a coroutine that nobody refers to any more; user code may raise `GeneratorExit`, too.

    Args:
        error: What was raised in the coroutine.
        task: The task that has carried the coroutine out; it does not run any more then.
    """
    return isinstance(error, GeneratorExit) and (task is None or asyncio.current_task(task.get_loop()) is not task)
