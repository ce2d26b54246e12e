"""Functions that a pipeline is given: what they are called in labels, and which cannot be used."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable
from typing import Any, Final

from streamcore.errors import PipelineError

DO_ELSEWHERE: Final = "write WriteToCallable(fn) where results are not needed, or await in the source"


def label_of(fn: Callable[..., Any]) -> str:
    """What a function is called in labels: its name; of a lambda, which has none, where it stands.

    >>> label_of(len)
    'len'
    """
    name: str = getattr(fn, "__name__", type(fn).__name__)
    code = getattr(fn, "__code__", None)
    if name != "<lambda>" or code is None:
        return name
    return f"<lambda at {os.path.basename(code.co_filename)}:{code.co_firstlineno}>"


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
