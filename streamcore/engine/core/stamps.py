"""Timestamps of panes, and the holds they put on the output watermark."""

from __future__ import annotations

from streamcore.engine.core.cells import Cell, Panel
from streamcore.engine.core.watermarks import Holds
from streamcore.model.windowing import TimestampCombiner, Windowing
from streamcore.timestamp import Timestamp


class PaneStamps:
    """Combines the times of a pane's elements, and holds the output watermark there until the pane is out."""

    def __init__(self, windowing: Windowing) -> None:
        self._combiner = windowing.timestamp_combiner
        self._windowfn = windowing.windowfn
        self._holds = Holds()

    def lowest(self) -> int:
        """The lowest time that is held."""
        return self._holds.lowest()

    def take(self, panel: Panel, cell: Cell, timestamp: int, watermark: int) -> None:
        """Takes an element's time into the timestamp of its pane, unless the output watermark has passed it."""
        if self._combiner == TimestampCombiner.OUTPUT_AT_EOW:
            if panel.ended:
                self.hold_end(panel, cell, watermark)
            return
        if self._combiner == TimestampCombiner.OUTPUT_AT_EARLIEST_TRANSFORMED:
            moved = self._windowfn.get_transformed_output_time(panel.window, Timestamp.of_micros(timestamp))
            timestamp = moved.micros
        if timestamp >= watermark:
            self.combine(cell, timestamp)

    def combine(self, cell: Cell, timestamp: int) -> None:
        """Combines the timestamp of a pane with another."""
        if cell.stamp is None:
            cell.stamp = timestamp
        elif self._combiner == TimestampCombiner.OUTPUT_AT_LATEST:
            cell.stamp = max(cell.stamp, timestamp)
        else:
            cell.stamp = min(cell.stamp, timestamp)
        self._hold(cell, cell.stamp)

    def hold_end(self, panel: Panel, cell: Cell, watermark: int) -> None:
        """Holds the watermark at the end of the window, where a pane is still to come out, if it is not past that."""
        if panel.end - 1 >= watermark:
            self._hold(cell, panel.end - 1)

    def release(self, cell: Cell) -> None:
        """Takes the hold of a cell back."""
        if cell.hold is not None:
            self._holds.release(cell.hold)
            cell.hold = None

    def _hold(self, cell: Cell, time: int) -> None:
        if cell.hold != time:
            self.release(cell)
            cell.hold = time
            self._holds.hold(time)
