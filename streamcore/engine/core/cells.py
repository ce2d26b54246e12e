"""The cell: all that is kept of one key and window where a trigger decides; and the panel: the cells of one window."""

from __future__ import annotations

from typing import Any

import msgspec

from streamcore.engine.core.kernels import ABSENT
from streamcore.model.trigger import TriggerState
from streamcore.model.window import BoundedWindow


class Cell(msgspec.Struct, gc=False):
    """What is kept of one key and window.

    Elements that cannot make the trigger fire are only counted down from `free`, in `quiet`; the trigger hears of them
    at the next transition.

    Attributes:
        acc: The accumulator of the pane; ABSENT when the pane has no elements.
        quiet: How many more elements may come before the trigger must be asked.
        free: What `quiet` was when the trigger was last asked.
        state: The trigger's state.
        fresh: Elements since the last pane, as of the last time the trigger was asked.
        index: Number of the next pane.
        nonspeculative_index: Number of the next pane that is not early.
        stamp: The pane's timestamp so far, in microseconds; None for the end of the window.
        hold: The time at which this cell holds the output watermark; None if it does not.
        deadline: The processing time at which the trigger is to be asked again; None for never.
        finished: The trigger has finished: further elements are ignored.
    """

    acc: Any
    quiet: int
    free: int
    state: TriggerState
    fresh: int = 0
    index: int = 0
    nonspeculative_index: int = 0
    stamp: int | None = None
    hold: int | None = None
    deadline: int | None = None
    finished: bool = False

    def is_empty(self) -> bool:
        """Whether nothing is new since the last pane."""
        return self.fresh == 0 and self.free == self.quiet


class Panel(msgspec.Struct, gc=False):
    """The cells of one window; of one key and window where windows merge.

    Attributes:
        window: The window.
        end: Its end, in microseconds.
        cells: The cells by key.
        ended: The input watermark has passed the end.
        virgin: How many elements a new cell may take before the trigger must be asked; none once the window has ended.
        is_open: False once the window has expired, or went up in another.
    """

    window: BoundedWindow
    end: int
    cells: dict[Any, Cell]
    ended: bool
    virgin: int
    is_open: bool = True


def empty_cell(state: TriggerState) -> Cell:
    """A cell without elements."""
    return Cell(ABSENT, 0, 0, state)
