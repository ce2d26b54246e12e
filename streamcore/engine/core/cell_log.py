"""What has changed in dicts of cells, of which there is one for each window or span of time.

Keys come to such a dict and never leave it; it goes away as a whole. Dicts that are small when they are first written
share a scope, so that a job with very many small windows does not make very many small pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import islice
from typing import Any

from streamcore.engine.core.changes import PIECE_ROWS, Change, is_written_anew
from streamcore.model.bundle import Bundle
from streamcore.model.windowing import TimeWindowFn

Columns = tuple[list[Any], ...]


class CellDict:
    """A dict of cells.

    Attributes:
        name: What its owner knows it by; plain data or a window.
        number: Dicts are numbered as they are opened.
        cells: The cells by key.
        dirty: The keys that have been touched since they were written, in the order of the first touch.
        block: The dicts that it shares a scope with; None if it was never written.
    """

    __slots__ = ("block", "cells", "dirty", "name", "number")

    def __init__(self, name: Hashable, number: int, cells: dict[Any, Any], block: Block | None = None) -> None:
        self.name = name
        self.number = number
        self.cells = cells
        self.dirty: dict[Any, None] = {}
        self.block = block


class Block:
    """The dicts of one scope.

    Attributes:
        scope: Name of the scope.
        members: Those that are open.
        touched: Those that have dirty keys.
        written: How many rows the scope has collected.
    """

    __slots__ = ("members", "scope", "touched", "written")

    def __init__(self, scope: str) -> None:
        self.scope = scope
        self.members: dict[int, CellDict] = {}
        self.touched: dict[int, CellDict] = {}
        self.written = 0

    def is_written_anew(self) -> bool:
        """Whether all of it is to be written now, instead of what has changed."""
        changed = sum(len(one.dirty) for one in self.touched.values())
        return is_written_anew(changed, sum(len(one.cells) for one in self.members.values()), self.written)


class CellLog:
    """Notes which cells change.

    Args:
        split: From cells to the columns that are written.
        join: From these columns to cells.
    """

    def __init__(self, split: Callable[[list[Any]], Columns], join: Callable[[Columns], list[Any]]) -> None:
        self._split = split
        self._join = join
        self._open: dict[Hashable, CellDict] = {}
        self._numbered = 0
        self._blocks = 0
        self._fresh: dict[int, CellDict] = {}
        self._touched: dict[str, Block] = {}
        self._dropped: list[str] = []
        # While state is put back: dicts by number, and blocks by scope.
        self._restored: dict[int, CellDict] = {}
        self._restored_blocks: dict[str, Block] = {}

    # What happens to cells.

    def open(self, name: Hashable, cells: dict[Any, Any]) -> None:
        """There is a new dict."""
        self._numbered += 1
        self._open[name] = self._fresh[self._numbered] = CellDict(name, self._numbered, cells)

    def close(self, name: Hashable) -> None:
        """A dict goes away."""
        gone = self._open.pop(name)
        if gone.block is None:
            del self._fresh[gone.number]
        else:
            self._leave(gone.block, gone.number)

    def touch(self, name: Hashable, keys: Iterable[Any]) -> None:
        """The cells of these keys may have changed."""
        for dirty in self._dirty([name]):
            dirty.update(dict.fromkeys(keys))

    def touch_by_time(
        self, keys: Iterable[Any], bundle: Bundle, windowfn: TimeWindowFn, names: Callable[[int], Iterable[Hashable]]
    ) -> None:
        """The cells that the elements of a bundle fall into may have changed.

        Args:
            keys: The elements' keys.
            bundle: Where the elements come from; their windows follow from their times.
            windowfn: The window kind.
            names: The dicts that hold the cells of a moment.
        """
        if bundle.bounds is not None:
            earliest, latest = bundle.bounds
            if latest < windowfn.span_at(earliest)[1]:
                for name in names(earliest):
                    self.touch(name, keys)
                return
        begin = end = 0
        touched: list[dict[Any, None]] = []
        for key, time in zip(keys, bundle.timestamp_list(), strict=True):
            if not begin <= time < end:
                begin, end = windowfn.span_at(time)
                touched = self._dirty(names(time))
            for dirty in touched:
                dirty[key] = None

    def _dirty(self, names: Iterable[Hashable]) -> list[dict[Any, None]]:
        """The notes on dicts that are open; what was never written needs none, as all of it will be written."""
        found = []
        for name in names:
            one = self._open.get(name)
            if one is not None and one.block is not None:
                one.block.touched[one.number] = one
                self._touched[one.block.scope] = one.block
                found.append(one.dirty)
        return found

    def _leave(self, block: Block, number: int) -> None:
        del block.members[number]
        block.touched.pop(number, None)
        if block.members:
            self._touched[block.scope] = block  # it may have become worth writing anew
        else:
            self._touched.pop(block.scope, None)
            self._dropped.append(block.scope)

    # What is written of it.

    def changes(self) -> Iterator[Change]:
        """The rows of cells that have changed, and the scopes that are gone."""
        dropped, self._dropped = self._dropped, []
        for scope in dropped:
            yield Change(scope, replaces=True)
        touched, self._touched = self._touched, {}
        for block in touched.values():
            if block.is_written_anew():
                block.written = 0
                yield from self._write(block, block.members.values(), anew=True)
            else:
                yield from self._write(block, block.touched.values())
            block.touched = {}
        fresh, self._fresh = self._fresh, {}
        for members in _packed(fresh.values()):
            self._blocks += 1
            block = Block(str(self._blocks))
            block.members = {one.number: one for one in members}
            yield from self._write(block, members)

    def _write(self, block: Block, members: Iterable[CellDict], anew: bool = False) -> Iterator[Change]:
        """Rows of dicts: all if they are new or to be written anew, else those of dirty keys."""
        piece, replaces = Piece(), anew
        for one in members:
            keys = iter(one.cells if anew or one.block is None else one.dirty)
            while some := list(islice(keys, PIECE_ROWS - len(piece.keys))):
                piece.add(one, some)
                if len(piece.keys) >= PIECE_ROWS:
                    yield self._close_piece(block, piece, replaces)
                    piece, replaces = Piece(), False
            one.dirty = {}
            one.block = block
        if piece.keys:
            yield self._close_piece(block, piece, replaces)

    def _close_piece(self, block: Block, piece: Piece, replaces: bool) -> Change:
        block.written += len(piece.keys)
        columns: Columns = (piece.numbers, piece.names, piece.counts, piece.keys, *self._split(piece.cells))
        return Change(block.scope, columns, replaces)

    # Putting it back.

    def counters(self) -> tuple[int, int]:
        """How many dicts and scopes there have been."""
        return self._numbered, self._blocks

    def restore_counters(self, counters: tuple[int, int]) -> None:
        """Puts the counters back."""
        self._numbered, self._blocks = counters

    def restore(self, change: Change) -> None:
        """Takes back rows."""
        numbers, names, counts, keys, *columns = change.columns
        block = self._restored_blocks.get(change.scope)
        if block is None:
            block = self._restored_blocks[change.scope] = Block(change.scope)
        block.written += len(keys)
        rows = zip(keys, self._join(tuple(columns)), strict=True)
        for number, name, count in zip(numbers, names, counts, strict=True):
            one = self._restored.get(number)
            if one is None:
                one = self._restored[number] = CellDict(name, number, {}, block)
                block.members[number] = one
            one.cells.update(islice(rows, count))

    def resume(self, adopt: Callable[[CellDict], bool]) -> Iterator[CellDict]:
        """Has all dicts that were restored opened again, in the order in which they were opened at first.

        Args:
            adopt: Opens a dict; False if it had gone away, and was written only with others of its scope.
        """
        restored, self._restored = self._restored, {}
        self._restored_blocks = {}
        for number in sorted(restored):
            one = restored[number]
            if adopt(one):
                self._open[one.name] = one
                yield one
            elif one.block is not None:
                del one.block.members[number]


class Piece:
    """The rows of one change while they are gathered: runs of cells, each of one dict."""

    __slots__ = ("cells", "counts", "keys", "names", "numbers")

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.names: list[Hashable] = []
        self.counts: list[int] = []
        self.keys: list[Any] = []
        self.cells: list[Any] = []

    def add(self, one: CellDict, keys: list[Any]) -> None:
        """Adds the cells of some keys; there may be none of a key whose elements came too late."""
        before = len(self.keys)
        for key in keys:
            if key in one.cells:
                self.keys.append(key)
                self.cells.append(one.cells[key])
        if len(self.keys) > before:
            self.numbers.append(one.number)
            self.names.append(one.name)
            self.counts.append(len(self.keys) - before)


def _packed(dicts: Iterable[CellDict]) -> Iterator[list[CellDict]]:
    """Groups of dicts that fill a piece together."""
    pack: list[CellDict] = []
    rows = 0
    for one in dicts:
        pack.append(one)
        rows += len(one.cells)
        if rows >= PIECE_ROWS:
            yield pack
            pack, rows = [], 0
    if pack:
        yield pack
