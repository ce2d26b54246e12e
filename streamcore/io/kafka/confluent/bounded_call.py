"""Calls that may never return."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar

R = TypeVar("R")
# How long a client may take to end, in seconds: one that waits for a broker may never do.
ENDING: Final = 3.0


async def call_within(seconds: float | None, call: Callable[..., R], *arguments: Any) -> R:
    """Makes a blocking call in a thread of its own, which is left alone if it takes too long, or this is cancelled.

    It is a daemon, and none of the loop's executor: those are waited for when a loop or the process ends.

    Raises:
        TimeoutError: If the call has not returned by then.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[R] = loop.create_future()

    def tell(result: R | None, error: BaseException | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(result)  # type: ignore[arg-type]

    def work() -> None:
        result, failure = None, None
        try:
            result = call(*arguments)
        except BaseException as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop may have been closed meanwhile
            loop.call_soon_threadsafe(tell, result, failure)

    threading.Thread(target=work, name="streamcore-kafka-call", daemon=True).start()
    return await asyncio.wait_for(answer, seconds)


async def end_soon(end: Callable[[], object]) -> None:
    """Ends a client by a blocking call, which is left alone if it takes too long."""
    with contextlib.suppress(TimeoutError):
        await call_within(ENDING, end)
