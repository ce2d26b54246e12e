"""How far each split of a source has been read and processed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from streamcore.engine.core.cell_log import CellDict, CellLog
from streamcore.engine.core.changes import Change, state_name

POSITIONS: Final = "positions"
SPLITS: Final = "splits"
# Scope of the note that the start has been found, while there are no splits that tell.
FOUND: Final = "found"


class Place(NamedTuple):
    """Where a split is.

    Attributes:
        position: What its reader has told; None before it was read.
        ended: It has no more elements.
    """

    position: Any
    ended: bool


class Positions:
    """The positions of a source's splits; a part of the state of a run, as a node is.

    Args:
        label: Full label of the step that reads the source.

    Attributes:
        is_new: It is not known yet which splits there were at the start of the first run, and where they began.
    """

    tracks = True

    def __init__(self, label: str) -> None:
        self._label = label
        self._places: dict[str, Place] = {}
        self._log = CellLog(_as_columns, _of_columns)
        self._is_note_due = False
        self.is_new = True

    @property
    def state_name(self) -> str:
        """What they are kept under."""
        return state_name(self._label, POSITIONS)

    def open_splits(self) -> dict[str, Any]:
        """The positions of the splits that have not ended."""
        return {split: place.position for split, place in self._places.items() if not place.ended}

    def reached(self) -> dict[str, Any]:
        """The positions of all splits, of those that have ended the last one."""
        return {split: place.position for split, place in self._places.items()}

    def is_known(self, split: str) -> bool:
        """Whether a split has been found before."""
        return split in self._places

    def begin(self) -> None:
        """The splits of the start are found, if there are any; those that come later begin at their beginning."""
        self.is_new = False
        self._is_note_due = True
        self._log.open(SPLITS, self._places)

    def note(self, split: str, position: Any) -> None:
        """A split has been processed up to a position."""
        self._put(split, Place(position, ended=False))

    def end(self, split: str) -> None:
        """A split has been processed to its end."""
        self._put(split, Place(self._places[split].position, ended=True))

    def _put(self, split: str, place: Place) -> None:
        self._places[split] = place
        self._log.touch(SPLITS, [split])

    def changes(self) -> Iterator[Change | None]:
        """The splits that have been read since it was last asked."""
        if self._is_note_due and not self._places:
            yield Change(FOUND, ([],))
        self._is_note_due = False
        yield from self._log.changes()

    def restore(self, change: Change) -> None:
        """Puts positions back."""
        if change.scope == FOUND:
            self.is_new = False
        else:
            self._log.restore(change)

    def resume(self) -> Iterator[None]:
        """All positions have been put back."""
        has_none = not self.is_new
        for _ in self._log.resume(self._adopt):
            has_none = False
            yield
        if has_none:
            self._log.open(SPLITS, self._places)

    def _adopt(self, restored: CellDict) -> bool:
        self._places = restored.cells
        self.is_new = False
        return True


def _as_columns(places: list[Any]) -> tuple[list[Any], ...]:
    return [place.position for place in places], [place.ended for place in places]


def _of_columns(columns: tuple[list[Any], ...]) -> list[Any]:
    return list(map(Place, *columns))
