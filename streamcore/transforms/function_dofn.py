"""A plain function in the place of a DoFn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streamcore.model.functions import require_plain
from streamcore.model.labels import label_of
from streamcore.transforms.dofn import DoFn


class FunctionDoFn(DoFn):
    """A DoFn that calls a function.

    Args:
        fn: The function; not an async one.
        step: The kind of the step, for messages.
    """

    def __init__(self, fn: Callable[..., Any], step: str) -> None:
        require_plain(step, fn)
        self.fn = fn

    def process(self, element: Any, *args: Any, **kwargs: Any) -> Any:
        """Calls the function."""
        return self.fn(element, *args, **kwargs)

    def default_label(self) -> str:
        """The function's name; for a lambda the line it stands in."""
        return label_of(self.fn)
