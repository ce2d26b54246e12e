"""Aggregation under any trigger where windows do not merge: one panel for each window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from streamcore.engine.core.cell_log import CellDict, CellLog
from streamcore.engine.core.cell_loop import compile_add
from streamcore.engine.core.cell_reduce import CellReduce
from streamcore.engine.core.cells import Panel, join_cells, split_cells
from streamcore.engine.core.changes import Change
from streamcore.engine.core.node import Scheduler
from streamcore.engine.core.reduce import Aggregation
from streamcore.model.bundle import Bundle, Windows
from streamcore.model.window import BoundedWindow
from streamcore.model.windowing import TimeWindowFn, Windowing

Found = tuple[Panel, int, int]


class TriggeredReduce(CellReduce):
    """Aggregates in cells, under any trigger, with windows that do not merge."""

    kind = "cells"

    def __init__(self, label: str, scheduler: Scheduler, windowing: Windowing, aggregation: Aggregation) -> None:
        super().__init__(label, scheduler, windowing, aggregation)
        self._panels: dict[BoundedWindow, Panel] = {}
        self._log = CellLog(split_cells, join_cells)
        self._add = compile_add(aggregation.kernel(), windowing.timestamp_combiner, self.trigger.create())
        windowfn = windowing.windowfn
        self._assigned_by: TimeWindowFn | None = None
        if windowfn.follows_timestamp and isinstance(windowfn, TimeWindowFn):
            self._assigned_by = windowfn

    def earliest_end(self, timestamp: int) -> int:
        """The end of the first window at a moment, where nothing but the end of windows matters."""
        if self._assigned_by is None or not self.ends_alone:
            return timestamp + 1
        windows = self._assigned_by.windows_at(timestamp)
        return windows[0].end_micros if windows else timestamp + 1  # a bound for later moments, too

    def add(self, pairs: Iterator[Any], bundle: Bundle) -> None:
        """Adds the pairs of key and value of a bundle to their cells, in one loop where windows follow from times."""
        if self._assigned_by is not None and bundle.windows == self._assigned_by:
            self._add(pairs, bundle.timestamp_list(), self._find_panel, self.place)
        else:
            super().add(pairs, bundle)

    def place_in(self, pair: tuple[Any, Any], timestamp: int, windows: Windows) -> None:
        """Adds one element to all of its windows."""
        key, value = pair
        for window in windows:
            if self.has_expired(window):
                self.drop_late(pair, timestamp, (window,))
            else:
                self.place(self._panels.get(window) or self._open_panel(window), key, value, timestamp)

    def _find_panel(self, timestamp: int, pair: tuple[Any, Any]) -> Found | None:
        """The panel at a moment and the moments for which it holds, or None where the element has been dealt with."""
        assert self._assigned_by is not None
        windows = self._assigned_by.windows_at(timestamp)
        if len(windows) != 1 or self.has_expired(windows[0]):
            self.place_in(pair, timestamp, windows)
            return None
        panel = self._panels.get(windows[0]) or self._open_panel(windows[0])
        return (panel, *self._assigned_by.span_at(timestamp))

    def _open_panel(self, window: BoundedWindow) -> Panel:
        panel = self._panels[window] = self.new_panel(window)
        if self.tracks:
            self._log.open(window, panel.cells)
        return panel

    def close_panel(self, panel: Panel) -> None:
        """Forgets a window that has expired."""
        super().close_panel(panel)
        del self._panels[panel.window]
        if self.tracks:
            self._log.close(panel.window)

    # Its state.

    def note_elements(self, bundle: Bundle) -> None:
        """Notes which cells the elements of a bundle have been added to."""
        keys = self.keys_of(bundle)
        windowfn = self._assigned_by
        if windowfn is not None and bundle.windows == windowfn:
            self._log.touch_by_time(keys, bundle, windowfn, windowfn.windows_at)
            return
        for key, windows in zip(keys, bundle.window_list(), strict=True):
            for window in windows:
                self._log.touch(window, [key])

    def note_cells(self, panel: Panel, keys: Iterable[Any]) -> None:
        """Notes that cells have changed because of a timer."""
        self._log.touch(panel.window, keys)

    def scalars(self) -> dict[str, Any]:
        """How many panels and scopes there have been, too."""
        return super().scalars() | {"log": self._log.counters()}

    def restore_scalars(self, scalars: dict[str, Any]) -> None:
        """Puts the counters back, too."""
        super().restore_scalars(scalars)
        self._log.restore_counters(scalars["log"])

    def changes(self) -> Iterator[Change | None]:
        """The cells that have changed, too."""
        yield from self._log.changes()
        yield from super().changes()

    def restore_rows(self, change: Change) -> None:
        """Puts cells back."""
        self._log.restore(change)

    def resume_panels(self) -> Iterator[Panel]:
        """Opens the panels again."""
        for restored in self._log.resume(self._adopt):
            assert isinstance(restored.name, BoundedWindow)
            yield self._panels[restored.name]

    def _adopt(self, restored: CellDict) -> bool:
        window = restored.name
        assert isinstance(window, BoundedWindow)
        if self.has_expired(window):
            return False
        panel = self._panels[window] = self.new_panel(window)
        panel.cells = restored.cells
        return True
