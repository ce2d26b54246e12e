"""The open windows of one key where windows merge."""

from __future__ import annotations

import bisect
import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, cast

from streamcore.errors import InvariantError, PipelineError, shorten
from streamcore.model.window import BoundedWindow, IntervalWindow
from streamcore.model.windowing import WindowFn
from streamcore.windowing.sessions import Sessions

_END: Final = operator.attrgetter("end_micros")


class MergingWindowSet:
    """Keeps the open windows of one key apart: what `window_fn.merge` wants united is united as windows come in.

    The caller adds the windows of every element, moves what it stored for the windows that were merged away, and
    removes a window when it expires. The open windows are all of its state: a set made from them goes on as before.

    Args:
        window_fn: The window kind; its `merge` decides.
        windows: Windows that are open already, for a set that is restored.

    >>> sessions = MergingWindowSet(Sessions(10))
    >>> sessions.add(IntervalWindow(0, 10)), sessions.add(IntervalWindow(15, 25))
    (([0.0, 10.0), []), ([15.0, 25.0), []))
    >>> sessions.add(IntervalWindow(6, 16))
    ([0.0, 25.0), [[0.0, 10.0), [15.0, 25.0)])
    >>> list(sessions)
    [[0.0, 25.0)]
    """

    __slots__ = ("_overlapping", "_window_fn", "_windows")

    def __init__(self, window_fn: WindowFn, windows: Iterable[BoundedWindow] = ()) -> None:
        self._window_fn = window_fn
        self._windows = sorted(windows, key=_END)
        # Where windows unite exactly if they overlap, a search replaces the question to the window function.
        self._overlapping = type(window_fn).merge is Sessions.merge

    def __iter__(self) -> Iterator[BoundedWindow]:
        """The open windows, the one that ends first in front."""
        return iter(self._windows)

    def __len__(self) -> int:
        return len(self._windows)

    def add(self, window: BoundedWindow) -> tuple[BoundedWindow, list[BoundedWindow]]:
        """Opens a window, or lets it grow together with those that are open.

        Returns:
            The open window that `window` is now a part of, and the windows that were open and are not any more because
            they became part of it too.

        Raises:
            PipelineError: If the window function's `merge` unites windows it was not given, makes two windows into one
                without saying so, or unites windows apart from `window`.
        """
        if self._overlapping:
            return self._add_overlapping(cast(IntervalWindow, window))
        if window in self._windows:
            return self._windows[self._windows.index(window)], []
        merges = _Merges(self._window_fn, [*self._windows, window])
        self._window_fn.merge(merges)
        result, parts = merges.of(window)
        away = [part for part in self._windows if part in parts and part != result]
        for part in away:
            self._windows.remove(part)
        if result not in self._windows:
            bisect.insort(self._windows, result, key=_END)
        return result, away

    def remove(self, window: BoundedWindow) -> None:
        """Closes an open window.

        Raises:
            InvariantError: If it is not open.
        """
        if window not in self._windows:
            msg = f"the window {window!r} to be closed is not open"
            raise InvariantError(msg)
        self._windows.remove(window)

    def _add_overlapping(self, window: IntervalWindow) -> tuple[BoundedWindow, list[BoundedWindow]]:
        # The open windows do not overlap, so in the order of their ends they are in the order of their starts too.
        windows = cast(list[IntervalWindow], self._windows)
        start, end = window.start_micros, window.end_micros
        first = last = bisect.bisect_right(windows, start, key=_END)
        while last < len(windows) and windows[last].start_micros < end:
            last += 1
        if first == last:
            self._windows.insert(first, window)
            return window, []
        parts = windows[first:last]
        oldest = parts[0]
        if last - first == 1 and oldest.start_micros <= start and end <= oldest.end_micros:
            return oldest, []
        result = IntervalWindow.of_micros(min(start, oldest.start_micros), max(end, parts[-1].end_micros))
        self._windows[first:last] = [result]
        return result, [part for part in parts if part != result]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._window_fn!r}, {self._windows!r})"


class _Merges(WindowFn.MergeContext):
    """Records what `merge` unites: for every window that is left, the windows it is made of."""

    def __init__(self, window_fn: WindowFn, windows: list[BoundedWindow]) -> None:
        super().__init__(windows)
        self._kind = type(window_fn).__name__
        self._parts = {window: [window] for window in windows}

    def merge(self, to_be_merged: Sequence[BoundedWindow], merge_result: BoundedWindow) -> None:
        group = list(dict.fromkeys(to_be_merged))
        unknown = [window for window in group if window not in self._parts]
        if unknown or not group:
            what = f"{shorten(unknown[0])}, which is not open" if unknown else "no window"
            msg = f"{self._kind}.merge united {what}; unite only windows of `merge_context.windows`, each once"
            raise PipelineError(msg)
        if merge_result in self._parts and merge_result not in group:
            msg = (
                f"{self._kind}.merge united {shorten(group)} in {shorten(merge_result)}, which is open and not among "
                "them; add it to `to_be_merged`"
            )
            raise PipelineError(msg)
        self._parts[merge_result] = [part for window in group for part in self._parts.pop(window)]

    def of(self, added: BoundedWindow) -> tuple[BoundedWindow, list[BoundedWindow]]:
        """The window that `added` became a part of, and all its parts."""
        for window, parts in self._parts.items():
            if added not in parts and parts != [window]:
                msg = (
                    f"{self._kind}.merge united {shorten(parts)} when {shorten(added)} was added, which is not among "
                    "them; let `merge` depend on the windows alone, so that they are united as soon as both are open"
                )
                raise PipelineError(msg)
        return next((window, parts) for window, parts in self._parts.items() if added in parts)
