"""Functions that a pipeline is given, and which of them cannot be used."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any, Final

from streamcore.errors import PipelineError
from streamcore.model.labels import label_of

DO_ELSEWHERE: Final = "write WriteToCallable(fn) where results are not needed, or await in the source"


def is_async(fn: Callable[..., Any]) -> bool:
    """Whether a call gives a coroutine, in place of what the function returns.

    >>> is_async(len)
    False
    """
    return inspect.iscoroutinefunction(fn) or inspect.iscoroutinefunction(type(fn).__call__)


def require_plain(taker: str, fn: Callable[..., Any], name: str | None = None, remedy: str = DO_ELSEWHERE) -> None:
    """Refuses an async function where the results of a plain one are needed at once.

    Args:
        taker: What the function was given to.
        fn: The function, or an object that can be called.
        name: What it is called, if not by its own name.
        remedy: What to do instead.

    Raises:
        PipelineError: If a call gives a coroutine or an async generator.
    """
    if is_async(fn):
        kind, results = "async function", "coroutines"
    elif inspect.isasyncgenfunction(fn) or inspect.isasyncgenfunction(type(fn).__call__):
        kind, results = "async generator function", "async generators"
    else:
        return
    given = name or label_of(fn)
    msg = f"{taker} takes a plain function, got the {kind} {given}, whose results would be {results}; {remedy}"
    raise PipelineError(msg)


def require_plain_methods(taker: str, owner: object, methods: Iterable[str]) -> None:
    """Refuses an object of which a method is async that is to be a plain one.

    Raises:
        PipelineError: If one is.
    """
    for method in methods:
        require_plain(taker, getattr(owner, method), f"{type(owner).__name__}.{method}")
