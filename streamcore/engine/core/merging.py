"""Aggregation under any trigger where windows merge: sessions, and merging kinds of the user's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from streamcore.engine.core.cell_reduce import CellReduce
from streamcore.engine.core.cells import Cell, Panel, empty_cell, join_cells, split_cells
from streamcore.engine.core.changes import Change
from streamcore.engine.core.entry_log import EntryLog
from streamcore.engine.core.kernels import ABSENT
from streamcore.engine.core.node import Scheduler
from streamcore.engine.core.reduce import Aggregation
from streamcore.engine.core.windows import merging
from streamcore.errors import UserCodeError
from streamcore.model.bundle import Bundle, Windows
from streamcore.model.trigger import Moment
from streamcore.model.window import LAST_END, BoundedWindow
from streamcore.model.windowing import Windowing
from streamcore.windowing import MergingWindowSet, Sessions


class KeyWindows(NamedTuple):
    """The open windows of one key, and the panel of each, which has the one cell of that key."""

    windows: MergingWindowSet
    panels: dict[BoundedWindow, Panel]


class MergingReduce(CellReduce):
    """Aggregates in cells whose windows merge; whether an element is too late is decided after the merge."""

    kind = "merging cells"

    def __init__(self, label: str, scheduler: Scheduler, windowing: Windowing, aggregation: Aggregation) -> None:
        super().__init__(label, scheduler, windowing, aggregation)
        self._keys: dict[Any, KeyWindows] = {}
        self._opened = 0
        self._log = EntryLog(self._panels_of, _split_panels, _join_panels)

    def earliest_end(self, timestamp: int) -> int:
        """The end of a session of this element alone."""
        windowfn = self.windowing.windowfn
        if isinstance(windowfn, Sessions) and windowfn.follows_timestamp and self.ends_alone:
            return min(timestamp + windowfn.gap_micros, LAST_END)
        return super().earliest_end(timestamp)

    def place_in(self, pair: tuple[Any, Any], timestamp: int, windows: Windows) -> None:
        """Adds one element to what its windows have become part of."""
        key, value = pair
        for window in windows:
            mine = self._keys.get(key)
            if mine is None:
                mine = self._keys[key] = KeyWindows(MergingWindowSet(self.windowing.windowfn), {})
            result, away = self._open(mine.windows, window, pair)
            if not away and result not in mine.panels and self.has_expired(result):
                self.drop_late(pair, timestamp, (window,))
                self._forget(key, result)
                continue
            panel = mine.panels.get(result)
            if panel is None:
                panel = mine.panels[result] = self.new_panel(result)
                self._opened += 1
                panel.number = self._opened
            if away:
                self._unite(panel, key, [mine.panels.pop(part) for part in away])
            self.place(panel, key, value, timestamp)

    def _open(
        self, windows: MergingWindowSet, window: BoundedWindow, pair: tuple[Any, Any]
    ) -> tuple[BoundedWindow, list[BoundedWindow]]:
        """Opens the window of an element, as in `MergingWindowSet.add`."""
        try:
            return windows.add(window)
        except Exception as error:
            element = pair if self.aggregation.keyed else pair[1]
            raise UserCodeError(self.label, element, window, error, merging(self.windowing.windowfn)) from error

    def close_panel(self, panel: Panel) -> None:
        """Forgets a window that has expired."""
        for key in panel.cells:
            self._forget(key, panel.window)
        super().close_panel(panel)
        if self.tracks:
            self._log.close(panel.number)

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
            if self.tracks:
                self._log.close(part.number)
            self.timers.sweep(stale=2)
            cell = part.cells.pop(key)
            self.deadlines.drop(cell)
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
        waiting = sum(cell.fresh for cell in cells)
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

    # Its state: the panels, of one cell each. What windows of a key are open follows from them.

    def note_elements(self, bundle: Bundle) -> None:
        """Notes the keys of a bundle."""
        self._log.touch(self.keys_of(bundle))

    def note_cells(self, panel: Panel, keys: Iterable[Any]) -> None:
        """Notes the key of a panel in which a timer has changed something."""
        self._log.touch(keys)

    def _panels_of(self, key: Any) -> Iterable[Panel]:
        mine = self._keys.get(key)
        return () if mine is None else mine.panels.values()

    def scalars(self) -> dict[str, Any]:
        """How many panels there have been, too."""
        return super().scalars() | {"opened": self._opened}

    def restore_scalars(self, scalars: dict[str, Any]) -> None:
        """Puts the number of panels back, too."""
        super().restore_scalars(scalars)
        self._opened = scalars["opened"]

    def changes(self) -> Iterator[Change | None]:
        """The panels that have changed, too."""
        yield from self._log.changes()
        yield from super().changes()

    def restore_rows(self, change: Change) -> None:
        """Puts panels back."""
        self._log.restore(change)

    def resume_panels(self) -> Iterator[Panel]:
        """Sets the timers of the panels again, and opens the windows of their keys."""
        for panels in self._log.resume():
            for panel in panels:
                self.set_timers(panel)
                (key,) = panel.cells
                self._keys[key] = self._reopened(self._keys.get(key), panel)
                yield panel

    def _reopened(self, mine: KeyWindows | None, panel: Panel) -> KeyWindows:
        windows, panels = mine or ((), {})
        panels[panel.window] = panel
        return KeyWindows(MergingWindowSet(self.windowing.windowfn, [*windows, panel.window]), panels)


def _split_panels(panels: list[Panel]) -> tuple[list[Any], ...]:
    keys = [key for panel in panels for key in panel.cells]
    cells = [cell for panel in panels for cell in panel.cells.values()]
    return ([panel.window for panel in panels], keys, *split_cells(cells))


def _join_panels(numbers: list[int], columns: tuple[list[Any], ...]) -> list[Panel]:
    windows, keys, *cells = columns
    rows = zip(numbers, windows, keys, join_cells(tuple(cells)), strict=True)
    return [
        Panel(window, window.end_micros, {key: cell}, ended=False, virgin=0, number=number)
        for number, window, key, cell in rows
    ]
