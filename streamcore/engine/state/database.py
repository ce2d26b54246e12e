"""The database in a state directory: its tables, and what its errors mean."""

from __future__ import annotations

import sqlite3
import uuid
from pathlib import Path
from typing import Final

from streamcore.errors import StateDamagedError, StateDirectoryError, StateError, StateWriteError

# "strm": tells the files of this package from all other SQLite databases.
_APPLICATION_ID: Final = 0x7374726D
FORMAT_VERSION: Final = 1
# How long to wait for another process to finish its transaction; there is none unless the directory was taken over.
_BUSY_SECONDS: Final = 5.0
# Write-ahead logs that grew beyond this are cut.
_LOG_BYTES: Final = 64 << 20

_TABLES: Final = """
    -- One row: which state this is, and who may write.
    CREATE TABLE state (state_id TEXT NOT NULL, epoch INTEGER NOT NULL, owner TEXT NOT NULL);
    -- `pieces` and `bytes` are those of the whole checkpoint, so that missing rows are noticed.
    CREATE TABLE checkpoints (
        number INTEGER PRIMARY KEY, applied INTEGER NOT NULL, pieces INTEGER NOT NULL, bytes INTEGER NOT NULL,
        checksum INTEGER NOT NULL, manifest BLOB NOT NULL);
    -- A piece belongs to the checkpoints from `born` up to, and without, `died`; ids are the order of writing.
    CREATE TABLE pieces (
        id INTEGER PRIMARY KEY, born INTEGER NOT NULL, died INTEGER, step TEXT NOT NULL, scope TEXT NOT NULL,
        checksum INTEGER NOT NULL, data BLOB NOT NULL);
    CREATE INDEX living_pieces ON pieces (step, scope) WHERE died IS NULL;
    CREATE INDEX dead_pieces ON pieces (died) WHERE died IS NOT NULL;
"""


def open_database(path: Path) -> sqlite3.Connection:
    """A connection to the database of a state directory, which is made if it is not there.

    Raises:
        StateDirectoryError: If the file is something else, comes from a newer version, or cannot be written.
        StateDamagedError: If it is a damaged database.
    """
    connection = _connect(path)
    try:
        if _is_new(connection):
            _create(connection, uuid.uuid4().hex)
        else:
            check_format(connection, path)
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            msg = f"the file system of {path.parent} cannot hold a write-ahead log; use a directory on a local disk"
            raise StateDirectoryError(msg)
        for setting in (
            "synchronous = FULL",
            "fullfsync = ON",
            "secure_delete = OFF",
            f"journal_size_limit = {_LOG_BYTES}",
        ):
            connection.execute(f"PRAGMA {setting}")
    except sqlite3.Error as error:
        connection.close()
        raise explain(error, path.parent) from error
    except BaseException:
        connection.close()
        raise
    return connection


def create_copy(path: Path, state_id: str) -> sqlite3.Connection:
    """A connection to a new database that is written in one go and thrown away if that fails."""
    connection = _connect(path)
    try:
        connection.execute("PRAGMA journal_mode = OFF")
        _create(connection, state_id)
    except BaseException:
        connection.close()
        raise
    return connection


def open_copy(path: Path) -> sqlite3.Connection:
    """A connection to a database that nobody writes to any more.

    Raises:
        StateDirectoryError: If the file is something else or comes from a newer version.
        StateDamagedError: If it is damaged.
    """
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    try:
        check_format(connection, path)
    except sqlite3.OperationalError as error:
        connection.close()
        msg = f"cannot read {path}: {error}; make it readable for this user"
        raise StateDirectoryError(msg) from error
    except sqlite3.Error as error:
        connection.close()
        raise explain(error, path) from error
    except BaseException:
        connection.close()
        raise
    return connection


def check_format(connection: sqlite3.Connection, path: Path) -> None:
    """Sees to it that this version of streamcore can read a database.

    Raises:
        StateDirectoryError: If it cannot.
    """
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    if application_id != _APPLICATION_ID:
        msg = f"{path} is not a state of streamcore; use an empty directory, or one that is not there yet"
        raise StateDirectoryError(msg)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > FORMAT_VERSION:
        msg = (
            f"{path} was written by a newer streamcore: its format is {version}, this one reads {FORMAT_VERSION}; "
            "upgrade streamcore, or use another directory"
        )
        raise StateDirectoryError(msg)


def explain(error: sqlite3.Error, path: Path) -> StateError:
    """What an error of SQLite means for who uses the state directory at a path."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return damaged(path, error)
    why, remedy = _FAILURES.get(code, (str(error), "find out why, and try again"))
    return StateWriteError(f"cannot write to the state in {path}: {why}; nothing was changed: {remedy}")


def damaged(path: Path, error: Exception) -> StateDamagedError:
    """The error for a database that cannot be read at all."""
    return StateDamagedError(f"the database in {path} is damaged: {error}; start from a savepoint or a copy of it")


_FAILURES: Final = {
    sqlite3.SQLITE_FULL: ("the disk is full", "make room and try again"),
    sqlite3.SQLITE_READONLY: ("it is read-only", "make it writable and try again"),
    sqlite3.SQLITE_CANTOPEN: ("a file of it cannot be opened", "make it writable for this user and try again"),
    sqlite3.SQLITE_IOERR: ("the disk reports an error", "look after the disk and try again"),
    sqlite3.SQLITE_BUSY: (
        "another process is in the middle of writing to it",
        "end that process, as it may be one that hangs, and try again",
    ),
}


def _connect(path: Path) -> sqlite3.Connection:
    # The methods are called by one thread at a time, but not always by the same.
    return sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)


def _is_new(connection: sqlite3.Connection) -> bool:
    """Whether nothing was ever committed to it: the process may have been killed while it was being made."""
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    return bool(tables == application_id == 0)


def _create(connection: sqlite3.Connection, state_id: str) -> None:
    # One transaction, pragmas included: there is never half a database.
    connection.executescript(
        f"BEGIN IMMEDIATE; {_TABLES}"
        f"PRAGMA application_id = {_APPLICATION_ID}; PRAGMA user_version = {FORMAT_VERSION};"
        f"INSERT INTO state VALUES ('{state_id}', 0, ''); COMMIT;"
    )
