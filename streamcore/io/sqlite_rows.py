"""Rows of a table: made of elements, and written by statements that are made once."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from streamcore.errors import SinkError, shorten

Row: TypeAlias = list[Any]
STORABLE: Final = frozenset({int, float, str, bytes, bool, type(None)})
MAX_INTEGER: Final = (1 << 63) - 1


class TableWriter:
    """Writes rows to a table, over those with the same key.

    Args:
        table: The table.
        key: The columns that tell rows from each other; empty if every row is another one.

    Attributes:
        columns: Those of the first row; all have the same.
    """

    def __init__(self, table: str, key: tuple[str, ...]) -> None:
        self.columns: tuple[str, ...] = ()
        self._table = table
        self._key = key
        self._statements: dict[tuple[str, ...], str] = {}

    def row(self, element: Any) -> Row:
        """The values of an element, in the order of the columns.

        Raises:
            SinkError: If it has none, or others than the first one, or one that a database cannot store.
        """
        fields = _fields(element)
        if not self.columns:
            self._set_columns(element, fields)
        row = [fields.get(column) for column in self.columns]
        if len(fields) != len(self.columns) or not all(column in fields for column in self.columns):
            msg = (
                f"element {shorten(element)} has the columns {', '.join(fields)}, but rows of {self._table!r} have "
                f"{', '.join(self.columns)}; give all elements the same ones with a Map before the sink"
            )
            raise SinkError(msg)
        for column, value in zip(self.columns, row):
            if type(value) not in STORABLE or (type(value) is int and not -MAX_INTEGER <= value <= MAX_INTEGER):
                msg = (
                    f"element {shorten(element)} cannot be written: column {column!r} is of type "
                    f"{type(value).__name__}, and SQLite stores int up to 64 bits, float, str, bytes and None; change "
                    "it with a Map before the sink"
                )
                raise SinkError(msg)
        return row

    def insert(self, database: sqlite3.Connection, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
        """Writes rows within the open transaction; makes the table if it is not there."""
        if not rows:
            return
        if columns not in self._statements:
            self._statements[columns] = self._prepare(database, columns)
        database.executemany(self._statements[columns], rows)

    def _set_columns(self, element: Any, fields: Mapping[str, Any]) -> None:
        missing = [column for column in self._key if column not in fields]
        if missing or not fields:
            msg = (
                f"element {shorten(element)} has no column {', '.join(map(repr, missing or ['at all']))}, which is the "
                f"key of {self._table!r}; add it with a Map before the sink"
            )
            raise SinkError(msg)
        self.columns = tuple(fields)

    def _prepare(self, database: sqlite3.Connection, names: tuple[str, ...]) -> str:
        table, columns, key = _quote(self._table), list(map(_quote, names)), list(map(_quote, self._key))
        primary = f", primary key ({', '.join(key)})" if key else ""
        database.execute(f"create table if not exists {table} ({', '.join(columns)}{primary})")
        insert = f"insert into {table} ({', '.join(columns)}) values ({', '.join('?' * len(columns))})"
        if key:
            others = [column for column in columns if column not in key]
            change = f"update set {', '.join(f'{one} = excluded.{one}' for one in others)}" if others else "nothing"
            insert += f" on conflict ({', '.join(key)}) do {change}"
        try:
            database.execute(f"explain {insert}", [None] * len(columns))
        except sqlite3.OperationalError as error:
            msg = (
                f"table {self._table!r} does not take rows with the columns {', '.join(names)} and the key "
                f"{', '.join(self._key) or '()'}: {error}; give it those columns, and a unique index on the key"
            )
            raise SinkError(msg) from error
        return insert


def _fields(element: Any) -> Mapping[str, Any]:
    if isinstance(element, Mapping):
        return element
    names = getattr(element, "_fields", None)
    if isinstance(element, tuple) and names is not None:
        return dict(zip(names, element))
    if dataclasses.is_dataclass(element) and not isinstance(element, type):
        return {field.name: getattr(element, field.name) for field in dataclasses.fields(element)}
    msg = (
        f"element {shorten(element)} is not a row: dicts, named tuples and dataclasses are; make one with a Map before "
        "the sink"
    )
    raise SinkError(msg)


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
