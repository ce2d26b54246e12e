"""The on-time panes of many cells at once.

When a window ends, each of its cells goes through the same transition: the trigger hears of the last elements, fires,
and says how it goes on. Where no clock plays a part that follows from the cell's trigger state, of which there are few,
so it is worked out once for each state and looked up for the other cells.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from streamcore.engine.core.cells import Cell
from streamcore.engine.core.kernels import ABSENT
from streamcore.engine.core.panes import pane_info
from streamcore.model.pane import PaneInfo, PaneInfoTiming
from streamcore.model.trigger import Moment, Trigger, TriggerState
from streamcore.model.windowing import AccumulationMode, TimestampCombiner, Windowing

ENDED = Moment(ended=True, now=0)
OPEN = Moment(ended=False, now=0)
MOST_KNOWN = 4096


class Ending(NamedTuple):
    """How a trigger goes on when its window ends.

    Attributes:
        fires: The on-time pane comes out.
        state: The trigger's state after that.
        finished: The trigger has finished.
        quiet: How many more elements may come before it must be asked.
    """

    fires: bool
    state: TriggerState
    finished: bool
    quiet: int


class Endings:
    """What the end of a window does to cells, by trigger state.

    Args:
        trigger: A trigger without a clock.
        closes: Windows expire at their end.
        discarding: A pane holds what is new since the last one.
    """

    def __init__(self, trigger: Trigger, closes: bool, discarding: bool) -> None:
        self._trigger = trigger
        self._closes = closes
        self._discarding = discarding
        self._known: dict[tuple[TriggerState, int], Ending] = {}

    def fire(self, cells: list[tuple[Any, Cell]]) -> tuple[list[tuple[Any, Any]], list[PaneInfo]] | None:
        """Ends cells; gives pairs of key and accumulator, and the panes they come out in.

        None, and nothing has been changed, if they are not alike: if one of them puts no pane out, or an empty one.
        """
        endings = self._endings_of(cells)
        if endings is None:
            return None
        panes, closes, discards = [], self._closes, self._discarding
        pairs = [(key, cell.acc) for key, cell in cells]
        for (_, cell), (_, state, finished, quiet) in zip(cells, endings, strict=True):
            index = cell.index
            panes.append(pane_info(index == 0, finished or closes, PaneInfoTiming.ON_TIME, index, 0))
            cell.state = state
            cell.index = index + 1
            cell.nonspeculative_index = 1
            cell.fresh = 0
            cell.quiet = cell.free = quiet
            if discards or finished:
                cell.finished = finished
                cell.acc = ABSENT
                cell.quiet = cell.free = 0
        return pairs, panes

    def _endings_of(self, cells: list[tuple[Any, Cell]]) -> list[Ending] | None:
        known = self._known
        endings = []
        for _, cell in cells:
            count = cell.free - cell.quiet
            ending = known.get((cell.state, count)) or self._learn(cell.state, count)
            if not ending.fires or cell.acc is ABSENT or cell.nonspeculative_index or not (count or cell.fresh):
                return None
            endings.append(ending)
        return endings

    def _learn(self, state: TriggerState, count: int) -> Ending:
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        ending = self._known[state, count] = self._work_out(state, count)
        return ending

    def _work_out(self, state: TriggerState, count: int) -> Ending:
        state = self._trigger.on_elements(state, count, OPEN)
        if not self._trigger.should_fire(state, ENDED):
            return Ending(fires=False, state=state, finished=False, quiet=0)
        state, finished = self._trigger.on_fire(state, ENDED)
        return Ending(fires=True, state=state, finished=finished, quiet=self._trigger.quiet(state, ENDED))


def make_endings(windowing: Windowing) -> Endings | None:
    """The endings under a windowing; None where they depend on more than the trigger's state."""
    trigger = windowing.triggerfn
    by_end = windowing.timestamp_combiner == TimestampCombiner.OUTPUT_AT_EOW
    if trigger.uses_clock() or not trigger.uses_watermark() or not by_end:
        return None
    discarding = windowing.accumulation_mode == AccumulationMode.DISCARDING
    return Endings(trigger, windowing.allowed_lateness == 0, discarding)
