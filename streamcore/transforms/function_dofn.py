"""A plain function in the place of a DoFn."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from streamcore.errors import PipelineError
from streamcore.transforms.dofn import DoFn, label_of


class FunctionDoFn(DoFn):
    """A DoFn that calls a function.

    Args:
        fn: The function; not an async one.
        step: The kind of the step, for messages.
    """

    def __init__(self, fn: Callable[..., Any], step: str) -> None:
        if inspect.iscoroutinefunction(fn) or inspect.iscoroutinefunction(type(fn).__call__):
            msg = (
                f"{step} takes a plain function, got the async function {label_of(fn)}, which would put out "
                "coroutines; write WriteToCallable(fn) where results are not needed, or await in the source"
            )
            raise PipelineError(msg)
        self.fn = fn

    def process(self, element: Any, *args: Any, **kwargs: Any) -> Any:
        """Calls the function."""
        return self.fn(element, *args, **kwargs)

    def default_label(self) -> str:
        """The function's name; for a lambda the line it stands in."""
        return label_of(self.fn)
