"""Timestamps of panes, and the holds they put on the output watermark."""

from __future__ import annotations

from streamcore.engine.core.cells import Cell, Panel
from streamcore.engine.core.watermarks import Holds
from streamcore.model.windowing import TimestampCombiner, Windowing
from streamcore.timestamp import MIN_MICROS, Timestamp


class PaneStamps:
    """Combines the times of a pane's elements, and holds the output watermark there until the pane is out.

    Attributes:
        watermark: The output watermark that holds leave, as if it were told after each element.
        has_released: A hold has gone since the watermark was last moved.
    """

    def __init__(self, windowing: Windowing) -> None:
        self._combiner = windowing.timestamp_combiner
        self._windowfn = windowing.windowfn
        self._holds = Holds()
        self.has_released = False
        self.watermark = MIN_MICROS

    def settle(self, input_watermark: int) -> None:
        """Moves the watermark as far as holds let it."""
        self.watermark = max(self.watermark, min(input_watermark, self._holds.lowest()))
        self.has_released = False

    def take(self, panel: Panel, cell: Cell, timestamp: int) -> None:
        """Takes an element's time into the timestamp of its pane, unless the output watermark has passed it."""
        if self._combiner == TimestampCombiner.OUTPUT_AT_EOW:
            if panel.ended:
                self.hold_end(panel, cell)
            return
        if self._combiner == TimestampCombiner.OUTPUT_AT_EARLIEST_TRANSFORMED:
            moved = self._windowfn.get_transformed_output_time(panel.window, Timestamp.of_micros(timestamp))
            timestamp = moved.micros
        if timestamp >= self.watermark:
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

    def hold_end(self, panel: Panel, cell: Cell) -> None:
        """Holds the watermark at the end of the window, where a pane is still to come out, if it is not past that."""
        if panel.end - 1 >= self.watermark:
            self._hold(cell, panel.end - 1)

    def release(self, cell: Cell) -> None:
        """Takes the hold of a cell back."""
        if cell.hold is not None:
            self._holds.release(cell.hold)
            cell.hold = None
            self.has_released = True

    def restore(self, cell: Cell) -> None:
        """Puts the hold of a cell back."""
        if cell.hold is not None:
            self._holds.hold(cell.hold)

    def _hold(self, cell: Cell, time: int) -> None:
        if cell.hold != time:
            self.release(cell)
            cell.hold = time
            self._holds.hold(time)
