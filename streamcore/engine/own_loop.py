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
