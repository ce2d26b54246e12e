"""The event loop of a run, to which its handle belongs."""

from __future__ import annotations

import asyncio

from streamcore.errors import PipelineError


def require_loop(loop: asyncio.AbstractEventLoop, call: str, remedy: str) -> None:
    """Sees to it that a method of the handle is called in the event loop of the run.

    Args:
        loop: That loop.
        call: What is called.
        remedy: What to do instead.

    Raises:
        PipelineError: If it is called in another thread, or in another loop.
    """
    try:
        is_there = asyncio.get_running_loop() is loop
    except RuntimeError:
        is_there = False
    if not is_there:
        msg = f"`handle.{call}` was called outside the event loop of the run; {remedy}"
        raise PipelineError(msg)


def require_loop_of(run: asyncio.Task[None], call: str) -> None:
    """Sees to it that whoever waits for a run does so in its event loop; once it has ended, they may anywhere.

    Args:
        run: The task that the run is.
        call: What is awaited.

    Raises:
        PipelineError: If it is awaited in another loop, where it would never return.
    """
    if not run.done():
        remedy = f"write asyncio.run_coroutine_threadsafe(handle.{call}, loop), with the loop that runs the pipeline"
        require_loop(run.get_loop(), call, remedy)


async def end_of(run: asyncio.Task[None]) -> None:
    """Waits for the end of a run; cancels nothing, and raises nothing of it."""
    if not run.done():  # it may have ended with another loop
        await asyncio.wait({run})
