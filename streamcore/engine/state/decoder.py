"""From columns back to values."""

from __future__ import annotations

import pickle
from itertools import accumulate, pairwise
from typing import Any, assert_never

from streamcore.engine.state.class_names import find_class
from streamcore.engine.state.column_format import (
    Bools,
    BrokenStrs,
    ByteStrings,
    Column,
    Constants,
    Dicts,
    Floats,
    Instances,
    Ints,
    Lists,
    LongInts,
    Mixed,
    Pickles,
    Records,
    Strs,
    Tables,
    Tuples,
)
from streamcore.engine.state.instances import KINDS
from streamcore.engine.state.records import CONSTANTS, RECORDS
from streamcore.errors import StateDecodingError


class Decoder:
    """Turns columns into values.

    Args:
        allow_pickle: Whether to load what was pickled, which runs the code that is named in it.
    """

    def __init__(self, allow_pickle: bool) -> None:
        self._allow_pickle = allow_pickle

    def values(self, column: Column) -> list[Any]:
        """The values of a column.

        Raises:
            StateDecodingError: If they cannot be had.
        """
        match column:
            case Ints() | Strs() | Floats() | Bools() | ByteStrings():
                return column.values
            case Constants():
                return [CONSTANTS[column.name]] * column.count
            case LongInts():
                return [int(digits, 16) for digits in column.values]
            case BrokenStrs():
                return [data.decode("utf-8", "surrogatepass") for data in column.values]
            case Mixed():
                return self._mixed(column)
            case Tuples():
                return (
                    list(zip(*map(self.values, column.columns), strict=True)) if column.columns else [()] * column.count
                )
            case Lists():
                items = self.values(column.items)
                return [items[start:end] for start, end in _spans(column.lengths, items)]
            case Dicts():
                return self._dicts(column)
            case Tables():
                rows = zip(*map(self.values, column.columns), strict=True)
                return [dict(zip(column.keys, row, strict=True)) for row in rows]
            case Records():
                return self._records(column)
            case Instances():
                return self._instances(column)
            case Pickles():
                return self._pickled(column)
        assert_never(column)

    def _mixed(self, column: Mixed) -> list[Any]:
        columns = [iter(self.values(part)) for part in column.columns]
        return [next(columns[place]) for place in column.places]

    def _dicts(self, column: Dicts) -> list[Any]:
        keys, values = self.values(column.keys), self.values(column.values)
        return [dict(zip(keys[a:b], values[a:b], strict=True)) for a, b in _spans(column.lengths, keys)]

    def _records(self, column: Records) -> list[Any]:
        record = RECORDS.get(column.name)
        if record is None:
            msg = f"stored state has values of the unknown type {column.name}; upgrade streamcore"
            raise StateDecodingError(msg)
        build = record.build
        return [build(*parts) for parts in zip(*map(self.values, column.columns), strict=True)]

    def _instances(self, column: Instances) -> list[Any]:
        kind = KINDS[column.kind]
        cls = find_class(column.class_name, kind)
        return kind.build(cls, column.fields, [self.values(part) for part in column.columns], column.count)

    def _pickled(self, column: Pickles) -> list[Any]:
        if not self._allow_pickle:
            msg = "stored state has pickled values, which can run any code; allow pickle if you trust who wrote them"
            raise StateDecodingError(msg)
        values: list[Any] = pickle.loads(column.data)
        return values


def _spans(lengths: list[int], items: list[Any]) -> list[tuple[int, int]]:
    """Where each of some lists begins and ends in the items of all of them."""
    ends = list(accumulate(lengths, initial=0))
    if ends[-1] != len(items):
        msg = f"stored lists have {ends[-1]} items in all, but {len(items)} were found; the state is damaged"
        raise StateDecodingError(msg)
    return list(pairwise(ends))
