"""The processing times at which triggers are to be asked."""

from __future__ import annotations

import heapq
from typing import Any

from streamcore.engine.core.cells import Cell, Panel
from streamcore.engine.core.node import NEVER


class Deadlines:
    """One deadline at most for each cell, the first at hand.

    A deadline that was set anew stays in the heap, and is passed over when its time has come: by its ticket the cell
    knows which one is its own.

    Attributes:
        numbered: How many have been set.
    """

    def __init__(self) -> None:
        self.numbered = 0
        self._heap: list[tuple[int, int, Panel, Any]] = []

    def first(self) -> int:
        """The next deadline; `NEVER` if none is set."""
        return self._heap[0][0] if self._heap else NEVER

    def set(self, panel: Panel, key: Any, cell: Cell, deadline: int | None, now: int) -> None:
        """Gives a cell a deadline, or none; one that is not in the future is only noted."""
        if deadline == cell.deadline:
            return
        cell.deadline = deadline
        cell.ticket = 0
        if deadline is not None and deadline > now:
            self.numbered += 1
            cell.ticket = self.numbered
            heapq.heappush(self._heap, (deadline, cell.ticket, panel, key))

    def take(self) -> tuple[Panel, Any, Cell] | None:
        """Takes the deadline that comes first; gives the cell it belongs to, or None if it has been passed over."""
        _, ticket, panel, key = heapq.heappop(self._heap)
        cell = panel.cells.get(key) if panel.is_open else None
        return None if cell is None or cell.ticket != ticket else (panel, key, cell)

    def restore(self, panel: Panel, key: Any, cell: Cell, deadline: int | None, now: int) -> None:
        """Puts the deadline of a cell back, under the ticket that the cell has kept."""
        cell.deadline = deadline
        if deadline is not None and deadline > now:
            heapq.heappush(self._heap, (deadline, cell.ticket, panel, key))
