"""The windows that a window function of the user's assigns."""

from __future__ import annotations

from collections.abc import Iterable

from streamcore.errors import PipelineError, shorten
from streamcore.model.bundle import Windows
from streamcore.model.window import BoundedWindow
from streamcore.model.windowing import WindowFn


def windows_of(windowfn: WindowFn, context: WindowFn.AssignContext) -> Windows:
    """The windows of one element.

    Raises:
        PipelineError: If `assign` returned something else; and what it raises itself.
    """
    found: object = windowfn.assign(context)
    if isinstance(found, Iterable):
        windows = tuple(found)
        if all(isinstance(window, BoundedWindow) for window in windows):
            return windows
    msg = f"the window function returned {shorten(found)}; return a list of windows, such as [IntervalWindow(0, 60)]"
    raise PipelineError(msg)


def merging(windowfn: WindowFn) -> str:
    """What the method that unites windows is called in errors."""
    return f"{type(windowfn).__name__}.merge"


def assigning(windowfn: WindowFn) -> str:
    """What the method that assigns windows is called in errors."""
    return f"{type(windowfn).__name__}.assign"
