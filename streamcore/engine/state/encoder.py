"""From values to columns."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from itertools import chain
from operator import itemgetter
from typing import Any, Final

from streamcore.engine.state.class_names import name_class
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
from streamcore.engine.state.cycles import Nesting
from streamcore.engine.state.instances import Kind, kind_of
from streamcore.engine.state.records import CONSTANT_NAMES, RECORDS_BY_TYPE, Record
from streamcore.errors import StateEncodingError

# A tuple longer than this is rather a list than a row: a column for each position would cost more than it saves.
_WIDEST_ROW: Final = 32


class Encoder:
    """Turns values into columns, one call of Python for many values wherever they are of one type.

    Args:
        allow_pickle: Whether to pickle what cannot be stored in another way.
    """

    def __init__(self, allow_pickle: bool) -> None:
        self._allow_pickle = allow_pickle
        self._nesting = Nesting()

    def column(self, values: list[Any]) -> Column:
        """The column of some values.

        Raises:
            StateEncodingError: If one of them cannot be stored.
        """
        types = dict.fromkeys(map(type, values))
        if len(types) > 1:
            return self._mixed(values, list(types))
        return self._same_type(next(iter(types), type(None)), values)

    def _same_type(self, cls: type[Any], values: list[Any]) -> Column:
        if (plain := _PLAIN.get(cls)) is not None:
            return plain(values)
        if (name := CONSTANT_NAMES.get(cls)) is not None:
            return Constants(name, len(values))
        if cls is tuple:
            return self._tuples(values)
        if cls is list:
            return self._lists(values)
        if cls is dict:
            return self._dicts(values)
        if (record := RECORDS_BY_TYPE.get(cls)) is not None:
            return self._records(record, values)
        if (kind := kind_of(cls)) is not None:
            return self._instances(kind, cls, values)
        return self._pickles(cls, values)

    def _mixed(self, values: list[Any], types: list[type[Any]]) -> Column:
        columns: dict[type[Any], list[Any]] = {cls: [] for cls in types}
        for value in values:
            columns[type(value)].append(value)
        numbers = {cls: number for number, cls in enumerate(types)}
        places = [numbers[cls] for cls in map(type, values)]
        return Mixed(places, [self._same_type(cls, column) for cls, column in columns.items()])

    def _tuples(self, values: list[Any]) -> Column:
        width = len(values[0])
        if width > _WIDEST_ROW or set(map(len, values)) != {width}:
            return self._records(RECORDS_BY_TYPE[tuple], values)
        self._nesting.enter(values, may_be_cyclic=False)
        columns = [self.column(list(map(itemgetter(place), values))) for place in range(width)]
        self._nesting.leave()
        return Tuples(len(values), columns)

    def _lists(self, values: list[Any]) -> Column:
        self._nesting.enter(values, may_be_cyclic=True)
        items = self.column(list(chain.from_iterable(values)))
        self._nesting.leave()
        return Lists(list(map(len, values)), items)

    def _dicts(self, values: list[Any]) -> Column:
        self._nesting.enter(values, may_be_cyclic=True)
        column = self._table(values) or Dicts(
            list(map(len, values)),
            self.column(list(chain.from_iterable(values))),
            self.column([value for mapping in values for value in mapping.values()]),
        )
        self._nesting.leave()
        return column

    def _table(self, values: list[Any]) -> Column | None:
        """Dicts as a table; None if they have not all the same text keys."""
        keys = list(values[0])
        if not 0 < len(keys) <= _WIDEST_ROW or len(values) == 1 or any(list(mapping) != keys for mapping in values):
            return None
        # Keys of different types may be equal; and only what MessagePack can write comes as plain text.
        if set(map(type, chain.from_iterable(values))) != {str} or not isinstance(_strs(keys), Strs):
            return None
        return Tables(len(values), keys, [self.column(list(map(itemgetter(key), values))) for key in keys])

    def _records(self, record: Record, values: list[Any]) -> Column:
        self._nesting.enter(values, record.is_container)
        columns = [self.column(list(map(part, values))) for part in record.parts]
        self._nesting.leave()
        return Records(record.name, columns)

    def _instances(self, kind: Kind, cls: type[Any], values: list[Any]) -> Column:
        name = name_class(cls)
        self._nesting.enter(values, kind.is_container)
        fields, columns = kind.split(cls, values)
        stored = [self.column(column) for column in columns]
        self._nesting.leave()
        return Instances(kind.name, name, len(values), list(fields), stored)

    def _pickles(self, cls: type[Any], values: list[Any]) -> Column:
        what = f"values of type {cls.__module__}.{cls.__qualname__}"
        if not self._allow_pickle:
            msg = f"cannot store {what}; make it a dataclass, a NamedTuple or a msgspec.Struct, or allow pickle"
            raise StateEncodingError(msg)
        try:
            return Pickles(pickle.dumps(values, pickle.HIGHEST_PROTOCOL))
        except Exception as error:  # a class may raise anything in its `__reduce__`
            msg = f"cannot store {what}, not even with pickle: {error}; keep what it was made of instead"
            raise StateEncodingError(msg) from error


def _ints(values: list[int]) -> Column:
    if min(values) >= -(2**63) and max(values) < 2**64:
        return Ints(values)
    # Digits to the base of 16 take time in proportion to their number, and Python sets no limit to it.
    return LongInts([f"{value:x}" for value in values])


def _strs(values: list[str]) -> Column:
    try:
        "".join(values).encode()
    except UnicodeEncodeError:
        return BrokenStrs([value.encode("utf-8", "surrogatepass") for value in values])
    return Strs(values)


_PLAIN: Final[dict[type[Any], Callable[[list[Any]], Column]]] = {
    bool: Bools,
    int: _ints,
    float: Floats,
    str: _strs,
    bytes: ByteStrings,
}
