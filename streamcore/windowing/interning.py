"""The same object for the same windows: reducers look windows up far more often than new ones appear."""

from __future__ import annotations

from typing import Any, Final, Self

from streamcore.model.window import IntervalWindow
from streamcore.model.windowing import TimeWindowFn

MOST_KNOWN: Final = 4096


class InterningWindowFn(TimeWindowFn):
    """A window kind that remembers the windows it made last.

    What is remembered sits in a slot and not among the instance's variables, which are what makes two window functions
    equal, and it is not copied or pickled along.
    """

    __slots__ = ("_known",)

    _known: dict[int, tuple[IntervalWindow, ...]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Starts with nothing remembered; here, so that subclasses need not call `__init__`."""
        window_fn = super().__new__(cls)
        window_fn._known = {}
        return window_fn

    def __getstate__(self) -> dict[str, Any]:
        return vars(self)

    def _remember(self, key: int, windows: tuple[IntervalWindow, ...]) -> tuple[IntervalWindow, ...]:
        # To forget everything now and then is cheaper than to keep track of age, and rare: event time moves on slowly.
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[key] = windows
        return windows
