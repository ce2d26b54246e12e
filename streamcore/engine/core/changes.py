"""What a node says of its state, so that it can be kept outside and put back: changes, piece by piece.

Between bundles, while the scheduler is idle, a node can be asked what has changed since it was asked last. Its state
is rows in scopes. A scope is the unit that goes away as a whole, such as a window. A row has a key: a later row of the
same key takes the place of the earlier one. So all changes, in the order in which they were given, are the whole state,
and the cost of a checkpoint follows what has changed and not what is kept.

The engine waits while changes are taken. They come in pieces, each made in well under a millisecond, between which
others may go on. Nothing is copied beforehand so that the engine could go on meanwhile: the wait is short, and a second
way to write a cell, used only while a checkpoint is taken, would be hard to trust.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple, Protocol

PIECE_ROWS: Final = 500
SCALARS: Final = ""
# A scope that has collected so many times the rows it keeps, and some more, is written anew.
WASTE_FACTOR: Final = 4
WASTE_ROWS: Final = 4 * PIECE_ROWS


class Change(NamedTuple):
    """A piece of what has changed in a scope.

    Attributes:
        scope: Name of the scope, unique within the node.
        columns: The rows; the columns need not be of one length. Values are those that the engine goes on to work
            with: whoever wants to keep them encodes or copies them before it does. Without columns the scope is empty.
        replaces: What the scope held before is to be forgotten.
    """

    scope: str
    columns: tuple[list[Any], ...] = ()
    replaces: bool = False


class Stateful(Protocol):
    """Something whose state can be kept outside and put back.

    Attributes:
        tracks: It is to note what changes; set before anything else. Where it is false, noting costs nothing.
    """

    tracks: bool

    @property
    def state_name(self) -> str:
        """What its state is kept under: unique within a plan, and the same in every run of a pipeline."""
        ...

    def changes(self) -> Iterator[Change | None]:
        """What has changed since it was last asked, all of it at the first time; None where there is only a pause.

        To be taken to its end, while the scheduler is idle.
        """
        ...

    def restore(self, change: Change) -> None:
        """Takes back a change, in the order in which they were given; called before the first bundle.

        Those of scopes that have been emptied, or replaced by later ones, are left out.
        """
        ...

    def resume(self) -> Iterator[None]:
        """All changes have been taken back: rebuilds, in small pieces, what follows from them."""
        ...


def state_name(label: str, kind: str) -> str:
    """What the state of a step is kept under; a step may have several kinds of it."""
    return f"{label} ({kind})"


def is_written_anew(changed: int, kept: int, written: int) -> bool:
    """Whether a scope is to be written anew: it costs no more, or the scope holds too many outdated rows.

    Args:
        changed: How many rows are to be written otherwise.
        kept: How many rows there are.
        written: How many rows the scope has collected.
    """
    return kept <= changed or written > WASTE_FACTOR * kept + WASTE_ROWS
