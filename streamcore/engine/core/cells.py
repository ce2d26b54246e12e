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
        ticket: Number of the timer for that; of timers with one deadline the one that was set first is met first.
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
    ticket: int = 0
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
        number: Where windows merge, panels are numbered as they are opened.
    """

    window: BoundedWindow
    end: int
    cells: dict[Any, Cell]
    ended: bool
    virgin: int
    is_open: bool = True
    number: int = 0


def empty_cell(state: TriggerState) -> Cell:
    """A cell without elements."""
    return Cell(ABSENT, 0, 0, state)


def split_cells(cells: list[Cell]) -> tuple[list[Any], ...]:
    """The columns that cells are kept in; deadlines follow from the triggers' states."""
    return (
        [cell.acc for cell in cells],
        [cell.quiet for cell in cells],
        [cell.free for cell in cells],
        [cell.state for cell in cells],
        [cell.fresh for cell in cells],
        [cell.index for cell in cells],
        [cell.nonspeculative_index for cell in cells],
        [cell.stamp for cell in cells],
        [cell.hold for cell in cells],
        [cell.ticket for cell in cells],
        [cell.finished for cell in cells],
    )


def join_cells(columns: tuple[list[Any], ...]) -> list[Cell]:
    """The cells of such columns."""
    rows = zip(*columns, strict=True)
    return [
        Cell(acc, quiet, free, state, fresh, index, nonspeculative, stamp, hold, None, ticket, finished)
        for acc, quiet, free, state, fresh, index, nonspeculative, stamp, hold, ticket, finished in rows
    ]
