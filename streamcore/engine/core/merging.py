"""Aggregation under any trigger where windows merge: sessions, and merging kinds of the user's own."""

from __future__ import annotations

from typing import Any, NamedTuple

from streamcore.engine.core.cells import Cell, Panel, empty_cell
from streamcore.engine.core.kernels import ABSENT
from streamcore.engine.core.node import Scheduler
from streamcore.engine.core.reduce import Aggregation
from streamcore.engine.core.triggered import TriggeredReduce
from streamcore.model.bundle import Windows
from streamcore.model.trigger import Moment
from streamcore.model.window import BoundedWindow
from streamcore.model.windowing import Windowing
from streamcore.windowing import MergingWindowSet, Sessions


class KeyWindows(NamedTuple):
    """The open windows of one key, and the panel of each, which has the one cell of that key."""

    windows: MergingWindowSet
    panels: dict[BoundedWindow, Panel]


class MergingReduce(TriggeredReduce):
    """Aggregates in cells whose windows merge; whether an element is too late is decided after the merge."""

    def __init__(self, label: str, scheduler: Scheduler, windowing: Windowing, aggregation: Aggregation) -> None:
        super().__init__(label, scheduler, windowing, aggregation)
        self._keys: dict[Any, KeyWindows] = {}

    def earliest_end(self, timestamp: int) -> int:
        """The end of a session of this element alone."""
        windowfn = self.windowing.windowfn
        if isinstance(windowfn, Sessions) and self.ends_alone:
            return timestamp + windowfn.gap_micros
        return super().earliest_end(timestamp)

    def place_in(self, pair: tuple[Any, Any], timestamp: int, windows: Windows) -> None:
        """Adds one element to what its windows have become part of."""
        key, value = pair
        for window in windows:
            mine = self._keys.get(key)
            if mine is None:
                mine = self._keys[key] = KeyWindows(MergingWindowSet(self.windowing.windowfn), {})
            result, away = mine.windows.add(window)
            if not away and result not in mine.panels and self.has_expired(result):
                self.drop_late(pair, timestamp, (window,))
                self._forget(key, result)
                continue
            panel = mine.panels.get(result)
            if panel is None:
                panel = mine.panels[result] = self.new_panel(result)
            if away:
                self._unite(panel, key, [mine.panels.pop(part) for part in away])
            self.place(panel, key, value, timestamp)

    def close_panel(self, panel: Panel) -> None:
        """Forgets a window."""
        panel.is_open = False
        for key in panel.cells:
            self._forget(key, panel.window)
        panel.cells = {}  # a deadline that is still to come keeps the panel

    def _forget(self, key: Any, window: BoundedWindow) -> None:
        mine = self._keys[key]
        mine.windows.remove(window)
        mine.panels.pop(window, None)
        if not mine.panels:
            del self._keys[key]

    def _unite(self, panel: Panel, key: Any, parts: list[Panel]) -> None:
        """Moves the cells of merged windows into the panel of the window they became."""
        moment = self.moment(panel)
        present = panel.cells.get(key)
        cells = [] if present is None else [present]
        for part in parts:
            part.is_open = False
            cell = part.cells.pop(key)
            self.catch_up(cell, Moment(part.ended, moment.now))
            cells.append(cell)
        # The number of a pane starts again, unless the window was there before.
        united = empty_cell(self.trigger.create()) if present is None else present
        self._move(united, cells)
        united.state = self.trigger.on_merge([cell.state for cell in cells], moment)
        panel.cells[key] = united
        self.rearm(panel, key, united)

    def _move(self, united: Cell, cells: list[Cell]) -> None:
        """Unites what cells hold."""
        held = [cell.acc for cell in cells if cell.acc is not ABSENT]
        acc = held[0] if held else ABSENT
        for other in held[1:]:
            acc = self.functions.merge(acc, other)
        stamps = [cell.stamp for cell in cells if cell.stamp is not None]
        for cell in cells:
            self.stamps.release(cell)
        waiting = sum(cell.fresh for cell in cells if not cell.finished)
        united.finished = any(cell.finished for cell in cells)
        if united.finished:
            # What still waited in the other parts is ignored like all that comes after the last pane.
            self.metrics.dropped_closed += waiting
            acc, waiting, stamps = ABSENT, 0, []
        united.acc = acc
        united.fresh = waiting
        united.stamp = None
        for stamp in stamps:
            self.stamps.combine(united, stamp)
