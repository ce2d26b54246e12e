"""The processing times at which triggers are to be asked."""

from __future__ import annotations

from typing import Any

from streamcore.engine.core.cells import Cell, Panel
from streamcore.engine.core.node import NEVER
from streamcore.engine.core.swept_heap import SweptHeap

Entry = tuple[int, int, Panel, Any]


class Deadlines:
    """One deadline at most for each cell, the first at hand.

    A deadline that was set anew may stay in the heap, and is passed over when its time has come: by its ticket the
    cell knows which one is its own.

    Attributes:
        numbered: How many have been set.
    """

    def __init__(self) -> None:
        self.numbered = 0
        self._heap: SweptHeap[Entry] = SweptHeap(_is_current)

    def first(self) -> int:
        """The next deadline; `NEVER` if none is set."""
        entry = self._heap.first()
        return NEVER if entry is None else entry[0]

    def set(self, panel: Panel, key: Any, cell: Cell, deadline: int | None, now: int) -> None:
        """Gives a cell a deadline, or none; one that is not in the future is only noted."""
        if deadline == cell.deadline:
            return
        cell.deadline = deadline
        self.drop(cell)
        if deadline is not None and deadline > now:
            self.numbered += 1
            cell.ticket = self.numbered
            self._heap.push((deadline, cell.ticket, panel, key))

    def drop(self, cell: Cell) -> None:
        """Forgets the deadline of a cell, if it has one."""
        if cell.ticket:
            cell.ticket = 0
            self._heap.sweep()

    def take(self) -> tuple[Panel, Any, Cell] | None:
        """Takes the deadline that comes first; gives the cell it belongs to, or None if it has been passed over."""
        entry = self._heap.pop()
        _, _, panel, key = entry
        return (panel, key, panel.cells[key]) if _is_current(entry) else None

    def restore(self, panel: Panel, key: Any, cell: Cell, deadline: int | None, now: int) -> None:
        """Puts the deadline of a cell back, under the ticket that the cell has kept."""
        cell.deadline = deadline
        # Without a ticket it was not in the future when it was set, whatever the clock says now.
        if deadline is not None and deadline > now and cell.ticket:
            self._heap.push((deadline, cell.ticket, panel, key))


def _is_current(entry: Entry) -> bool:
    _, ticket, panel, key = entry
    cell = panel.cells.get(key) if panel.is_open else None
    return cell is not None and cell.ticket == ticket
