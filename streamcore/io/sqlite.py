"""WriteToSqlite: rows to a table of an SQLite database, each exactly once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from streamcore.errors import PipelineError
from streamcore.graph.pipeline import require_pcollection
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PCollection, PDone
from streamcore.io.sqlite_sink import SqliteSink
from streamcore.transforms.write import Write


class WriteToSqlite(PTransform[PCollection[Any], PDone]):
    """Writes each element as a row of a table: dicts, named tuples and dataclasses, with a value for each column.

    With a key a row takes the place of the one that has the same values in those columns, so that panes which correct
    earlier ones need no more. In a run with a state directory rows appear with each checkpoint, exactly once; without
    one they appear at once, and again if a run is repeated.

    Args:
        path: The database; it is made if it is not there, and so is its directory.
        table: The table; it is made if it is not there, with the columns of the first row.
        key: The columns that tell rows from each other, which need a primary key or unique index if the table is there;
            empty to add a row for each element.

    >>> import sqlite3
    >>> from streamcore.io import WriteToSqlite
    >>> with Pipeline() as p:
    ...     counts = p | Create([{"user": "ann", "n": 1}, {"user": "bob", "n": 1}, {"user": "ann", "n": 2}])
    ...     _ = counts | WriteToSqlite("counts.sqlite", "counts", key="user")
    >>> database = sqlite3.connect("counts.sqlite")
    >>> database.execute("select user, n from counts order by user").fetchall()
    [('ann', 2), ('bob', 1)]
    >>> database.close()
    """

    def __init__(self, path: str | os.PathLike[str], table: str, *, key: str | Sequence[str] = ()) -> None:
        super().__init__()
        if not isinstance(table, str) or not table:
            msg = f"`table` must be the name of a table, got {table!r}"
            raise PipelineError(msg)
        self._path = os.fspath(path)
        self._table = table
        self._key = (key,) if isinstance(key, str) else tuple(key)

    def default_label(self) -> str:
        """`WriteToSqlite(counts)`."""
        return self.label or f"WriteToSqlite({self._table})"

    def expand(self, pvalue: PCollection[Any]) -> PDone:
        """Nothing follows."""
        return require_pcollection(self, pvalue) | Write(SqliteSink(self._path, self._table, self._key))
