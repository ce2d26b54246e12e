"""What has changed among numbered entries that come and go one by one, such as sessions.

Entries are numbered as they are opened, and some thousands with numbers in a row share a scope. They were opened about
the same time, so most of them end about the same time too, and the scope goes away with the last of them. What is
closed before that is written as a bare number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, Generic, Protocol, TypeVar

from streamcore.engine.core.changes import PIECE_ROWS, Change, is_written_anew

BLOCK_SIZE: Final = 1 << 14

Columns = tuple[list[Any], ...]


class Numbered(Protocol):
    """Something with a number of its own."""

    @property
    def number(self) -> int:
        """Its number; numbers go up, and none is used twice."""
        ...


E = TypeVar("E", bound=Numbered)


class Block(Generic[E]):
    """The entries of one scope.

    Attributes:
        number: Number of the scope.
        entries: Those that have been written and are open.
        dirty: Those of them that may have changed since.
        closed: Numbers of written entries that are not open any more.
        written: How many rows the scope has collected.
    """

    __slots__ = ("closed", "dirty", "entries", "number", "written")

    def __init__(self, number: int) -> None:
        self.number = number
        self.entries: dict[int, E] = {}
        self.dirty: dict[int, E] = {}
        self.closed: list[int] = []
        self.written = 0


class EntryLog(Generic[E]):
    """Notes which entries change.

    Args:
        entries_of: The open entries of a key.
        split: From entries to the columns that are written.
        join: From the numbers of entries, and these columns, to entries.
    """

    def __init__(
        self,
        entries_of: Callable[[Any], Iterable[E]],
        split: Callable[[list[E]], Columns],
        join: Callable[[list[int], Columns], list[E]],
    ) -> None:
        self._entries_of = entries_of
        self._split = split
        self._join = join
        self._keys: dict[Any, None] = {}
        self._blocks: dict[int, Block[E]] = {}
        self._touched: dict[int, Block[E]] = {}

    def touch(self, keys: Iterable[Any]) -> None:
        """The entries of these keys may have changed, and there may be new ones."""
        self._keys.update(dict.fromkeys(keys))

    def close(self, number: int) -> None:
        """An entry is not open any more."""
        block = self._blocks.get(number // BLOCK_SIZE)
        if block is not None and block.entries.pop(number, None) is not None:  # else it was never written
            block.closed.append(number)
            self._touched[block.number] = block

    def changes(self) -> Iterator[Change | None]:
        """The rows of entries that have changed, the numbers of those that are gone, and the scopes that are gone."""
        keys, self._keys = self._keys, {}
        waiting = iter(keys)
        while some := list(islice(waiting, PIECE_ROWS)):
            for key in some:
                for entry in self._entries_of(key):
                    self._note(entry)
            yield None
        touched, self._touched = self._touched, {}
        for block in touched.values():
            if not block.entries:
                del self._blocks[block.number]
                yield Change(str(block.number), replaces=True)
            elif is_written_anew(len(block.dirty) + len(block.closed), len(block.entries), block.written):
                block.written = 0
                yield from self._write(block, block.entries.values(), anew=True)
            else:
                yield from self._write(block, block.dirty.values())
            block.dirty = {}
            block.closed = []

    def _note(self, entry: E) -> None:
        number = entry.number // BLOCK_SIZE
        block = self._blocks.get(number)
        if block is None:
            block = self._blocks[number] = Block(number)
        block.entries[entry.number] = block.dirty[entry.number] = entry
        self._touched[number] = block

    def _write(self, block: Block[E], entries: Iterable[E], anew: bool = False) -> Iterator[Change]:
        closed = iter(() if anew else block.closed)
        waiting = iter(entries)
        while True:
            gone = list(islice(closed, PIECE_ROWS))
            some = list(islice(waiting, PIECE_ROWS - len(gone)))
            if not gone and not some:
                return
            block.written += len(gone) + len(some)
            columns = (gone, [entry.number for entry in some], *self._split(some))
            yield Change(str(block.number), columns, anew)
            anew = False

    def restore(self, change: Change) -> None:
        """Takes back rows."""
        closed, numbers, *columns = change.columns
        block = self._blocks.get(int(change.scope))
        if block is None:
            block = self._blocks[int(change.scope)] = Block(int(change.scope))
        block.written += len(closed) + len(numbers)
        for number in closed:
            block.entries.pop(number, None)
        block.entries.update(zip(numbers, self._join(numbers, tuple(columns)), strict=True))

    def resume(self) -> Iterator[Sequence[E]]:
        """All entries that were restored, in small groups, in the order in which they were opened at first."""
        for block_number in sorted(self._blocks):
            entries = self._blocks[block_number].entries
            waiting = iter(sorted(entries))
            while some := list(islice(waiting, PIECE_ROWS)):
                yield [entries[number] for number in some]
