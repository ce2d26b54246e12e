"""The sink behind WriteToSqlite: rows are put aside with a checkpoint, and moved to their table when it holds."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import msgspec

from streamcore.errors import SinkError, StartRefusedError
from streamcore.io.sqlite_rows import Row, TableWriter
from streamcore.model.bundle import Bundle
from streamcore.model.two_phase import SinkRestart, TwoPhaseSink

T = TypeVar("T")

# Rows are put aside in pieces of so many, so that memory does not grow with the time between checkpoints.
STAGED_AT_ONCE: Final = 2_000
BUSY_SECONDS: Final = 60
MEMORY: Final = ":memory:"

TABLES: Final = """
create table if not exists streamcore_staged (
    sink text not null, epoch integer not null, checkpoint integer not null, rows blob not null
);
create table if not exists streamcore_applied (sink text primary key, checkpoint integer not null);
"""


class SqliteSink(TwoPhaseSink[Any]):
    """Writes rows to a table.

    What belongs to a checkpoint that is not decided yet waits in the table `streamcore_staged` of the same database, so
    that moving it and noting in `streamcore_applied` that it was moved are one transaction.

    Args:
        path: The database.
        table: The table.
        key: The columns that tell rows from each other.
    """

    def __init__(self, path: str, table: str, key: tuple[str, ...]) -> None:
        self._path = path
        self._writer = TableWriter(table, key)
        self._rows: list[Row] = []
        self._sink: str | None = None
        self._epoch = 0
        self._checkpoint = 0
        self._pieces = 0
        self._connection: sqlite3.Connection | None = None
        self._thread: ThreadPoolExecutor | None = None

    def for_run(self) -> SqliteSink:
        """A sink with a connection of its own."""
        return copy.copy(self)

    async def open(self) -> None:
        """Opens the database."""
        self._sink = None
        self._rows = []
        # A connection is for one thread at a time, and a call that is cancelled goes on.
        self._thread = ThreadPoolExecutor(1, "streamcore-sqlite")
        await self._call(self._connect)

    async def restart(self, restart: SinkRestart) -> None:
        """Forgets the rows that no checkpoint knows."""
        self._rows = []
        self._sink = f"{restart.state_id} {restart.step}"
        self._epoch, self._checkpoint, self._pieces = restart.epoch, restart.checkpoint, 0
        await self._call(self._forget)

    async def write(self, bundle: Bundle) -> None:
        """Takes rows, and puts them aside when there are many; without a state directory they are written at once."""
        self._rows += map(self._writer.row, bundle.values)
        if self._sink is None:
            await self._call(self._insert, self._take_rows())
        elif len(self._rows) >= STAGED_AT_ONCE:
            await self._call(self._stage, self._take_rows())

    async def prepare(self, number: int) -> list[Any] | None:
        """Puts aside the rows that are left."""
        if self._sink is None:
            return None
        await self._call(self._stage, self._take_rows())
        self._checkpoint = number
        pieces, self._pieces = self._pieces, 0
        return [self._sink, self._epoch, pieces]

    async def commit(self, number: int, prepared: list[Any] | None) -> None:
        """Moves the rows of a checkpoint to the table, unless that has been done."""
        if prepared is not None:
            await self._call(self._move, number, *prepared)

    async def close(self) -> None:
        """Closes the database."""
        if self._thread is not None:
            await self._call(self._disconnect)
            self._thread.shutdown(wait=False)
            self._thread = None

    async def abort(self) -> None:
        """Closes the database; what was put aside waits for the next run."""
        await self.close()

    def _take_rows(self) -> list[Row]:
        rows, self._rows = self._rows, []
        return rows

    async def _call(self, work: Callable[..., None], *arguments: Any) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    # In the thread.

    def _connect(self) -> None:
        try:
            if self._path != MEMORY:
                os.makedirs(os.path.dirname(self._path) or ".", exist_ok=True)
            self._connection = sqlite3.connect(
                self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.OperationalError) as error:
            msg = (
                f"the database {self._path!r} cannot be opened: {error}; give the path of a file that can be written to"
            )
            raise SinkError(msg) from error
        self._connection.execute("pragma synchronous = full")

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        if self._connection is None:
            msg = f"the database {self._path!r} is closed"
            raise SinkError(msg)
        self._connection.execute("begin immediate")
        try:
            yield self._connection
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()

    def _insert(self, rows: list[Row]) -> None:
        with self._transaction() as database:
            self._writer.insert(database, self._writer.columns, rows)

    def _stage(self, rows: list[Row]) -> None:
        if not rows:
            return
        values = self._sink, self._epoch, self._checkpoint + 1, msgspec.msgpack.encode((self._writer.columns, rows))
        with self._transaction() as database:
            database.execute("insert into streamcore_staged values (?, ?, ?, ?)", values)
        self._pieces += 1

    def _forget(self) -> None:
        """Removes what earlier epochs have put aside; whoever came later is left alone."""
        with self._transaction() as database:
            _make_tables(database)
            applied = _applied(database, self._sink)
            if applied > self._checkpoint:
                msg = (
                    f"the database {self._path!r} has the rows of checkpoint {applied}, but the state directory knows "
                    f"only of checkpoint {self._checkpoint}: it is an older copy, and going on from it would write "
                    "rows a second time; use the directory that ran last, or an empty one to begin anew"
                )
                raise StartRefusedError(msg)
            database.execute("delete from streamcore_staged where sink = ? and epoch < ?", (self._sink, self._epoch))

    def _move(self, number: int, sink: str, epoch: int, pieces: int) -> None:
        with self._transaction() as database:
            _make_tables(database)
            if _applied(database, sink) >= number:
                return
            of_checkpoint = "from streamcore_staged where sink = ? and epoch = ? and checkpoint = ?"
            values = sink, epoch, number
            found = database.execute(f"select rows {of_checkpoint} order by rowid", values).fetchall()
            if len(found) != pieces:
                msg = (
                    f"the database {self._path!r} lacks rows that were put aside in it with checkpoint {number}: it is "
                    "another one, or an older copy; use the one that was written to last"
                )
                raise SinkError(msg)
            for (data,) in found:
                columns, rows = msgspec.msgpack.decode(data)
                self._writer.insert(database, tuple(columns), rows)
            database.execute(f"delete {of_checkpoint}", values)
            database.execute("replace into streamcore_applied values (?, ?)", (sink, number))


def _make_tables(database: sqlite3.Connection) -> None:
    for statement in TABLES.split(";"):
        database.execute(statement)


def _applied(database: sqlite3.Connection, sink: str | None) -> int:
    """The last checkpoint whose rows are in the table."""
    row = database.execute("select checkpoint from streamcore_applied where sink = ?", (sink,)).fetchone()
    return -1 if row is None else int(row[0])
