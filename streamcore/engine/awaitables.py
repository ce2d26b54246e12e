"""What the asynchronous methods of sources, readers and sinks return, checked, as anybody may write one."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable
from typing import TypeVar

from streamcore.engine.cancellation import check_cancelled
from streamcore.errors import shorten

T = TypeVar("T")


def awaitable(call: Awaitable[T], method: str) -> Awaitable[T]:
    """What a call of a method has returned, to be awaited.

    Raises:
        TypeError: If it cannot be, as where the method is a plain `def`; whoever calls names the step.
    """
    if not inspect.isawaitable(call):
        remedy = f"define it with `async`: async def {method}(self, ...)"
        msg = f"`{method}` returned {shorten(call)}, not a coroutine; {remedy}"
        raise TypeError(msg)
    return call


async def result_of(call: Awaitable[T], method: str) -> T:
    """What a call of a method comes to; if the task was cancelled meanwhile it ends, whatever the method made of that.

    Raises:
        TypeError: As `awaitable` does.
    """
    result = await awaitable(call, method)
    check_cancelled()
    return result
