"""The state directory: checkpoints on disk, which survive the process and belong to one process at a time."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Final, Self

from streamcore.engine.state.checkpoints import CheckpointReader, DamageError
from streamcore.engine.state.database import open_database
from streamcore.engine.state.lock import LOCK_NAME, DirectoryLock
from streamcore.engine.state.owned_database import OwnedDatabase
from streamcore.engine.state.pieces import Piece, Scope
from streamcore.engine.state.rows import insert_checkpoint, insert_pieces
from streamcore.engine.state.savepoints import (
    SAVEPOINTS_NAME,
    publish,
    savepoint_names,
    savepoint_path,
    write_draft,
)
from streamcore.engine.state.trust import require_private
from streamcore.errors import InvariantError, StateDamagedError, StateDirectoryError

DATABASE_NAME: Final = "state.sqlite"
_SCOPES_AT_ONCE: Final = 400


class StateDirectory:
    """Checkpoints of one job, numbered from 0; made by `open`, and a context manager.

    A checkpoint is prepared, then applied or rolled back; at most one is undecided. It consists of all pieces that were
    written by it and by those before it, in the order of writing, without those in scopes that were dropped since. The
    checkpoint before the last applied one stays readable, in case that one is damaged.

    All methods block, and are for one thread at a time, not for the event loop.

    Attributes:
        path: The directory.
        state_id: Tells this state from all others; made at random when the directory was made.
        epoch: How often the state has been opened. Writing ends where another process opens it: every change is made
            only if the epoch is still this one.

    >>> import tempfile
    >>> with StateDirectory.open(tempfile.mkdtemp()) as state:
    ...     state.prepare(0, b"positions", [Piece("Count", "window 1", b"counts")], dropped=[])
    ...     state.apply(0)
    ...     list(state.read(0))
    [Piece(step='Count', scope='window 1', data=b'counts')]
    """

    def __init__(self, path: Path, lock: DirectoryLock, connection: sqlite3.Connection) -> None:
        self.path = path
        self._lock = lock
        self._connection = connection
        self._owned = OwnedDatabase(connection, path, str(lock.holder))
        self._stored = CheckpointReader(connection, path)
        self.state_id = self._stored.state_id()

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        take_over: bool = False,
        private: bool = False,
        from_savepoint: bool = False,
    ) -> Self:
        """Opens a state directory, which is made if it is not there.

        Args:
            path: The directory.
            take_over: Whether to take it from a process that has it but hangs. That process writes nothing more.
            private: Whether to refuse a directory that others could have written to, as is right where pickle is
                allowed.
            from_savepoint: Whether the state is going to begin with a savepoint. A directory that has savepoints but no
                state is taken then, and is refused otherwise: its state may have been lost.

        Raises:
            StateLockedError: If another process has it.
            StateDirectoryError: If it cannot be written, holds something else, comes from a newer version of
                streamcore, or may have been written by others.
            StateDamagedError: If the database is damaged.
            StateWriteError: If the disk is full, or does not let itself be written to.
        """
        directory = Path(path)
        _make(directory, from_savepoint)
        if private:
            require_private(directory)
        lock = DirectoryLock.acquire(directory, take_over=take_over)
        try:
            database = directory / DATABASE_NAME
            connection = open_database(database)
            try:
                if private:
                    require_private(database)
                return cls(directory, lock, connection)
            except BaseException:
                connection.close()
                raise
        except BaseException:
            lock.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the database and gives the directory free; may be called twice."""
        self._connection.close()
        self._lock.release()

    @property
    def epoch(self) -> int:
        """The epoch of this opening."""
        return self._owned.epoch

    def renew(self) -> None:
        """Claims the state once more, under a higher epoch: what was done under the last one is told from what follows.

        Raises:
            StateTakenOverError: If another process has the directory now.
            StateWriteError: If the disk is full, or does not let itself be written to.
        """
        self._owned.renew()

    def applied(self) -> int | None:
        """The last checkpoint that was applied, or None."""
        return self._stored.latest(applied=True)

    def prepared(self) -> int | None:
        """The checkpoint that is not decided yet, or None."""
        return self._stored.latest(applied=False)

    def checkpoints(self) -> list[int]:
        """The checkpoints that can be read: the applied one, the one before it, and one that is not decided."""
        return self._stored.numbers()

    def manifest(self, number: int) -> bytes:
        """The manifest of a checkpoint.

        Raises:
            StateDirectoryError: If there is no such checkpoint.
            StateDamagedError: If the manifest is not what was written.
        """
        self._require(number)
        try:
            return self._stored.manifest(number)
        except DamageError as damage:
            raise self._damaged(number, damage) from damage

    def read(self, number: int) -> Iterator[Piece]:
        """The pieces of a checkpoint, in the order in which they were written.

        Nothing may be written until all are read. What has been handed out before an error was whole in itself, but
        the checkpoint is not.

        Raises:
            StateDirectoryError: If there is no such checkpoint.
            StateDamagedError: If a piece is not what was written, or some are missing.
        """
        self._require(number)
        try:
            yield from self._stored.read(number)
        except DamageError as damage:
            raise self._damaged(number, damage) from damage

    def prepare(self, number: int, manifest: bytes, pieces: Iterable[Piece], dropped: Iterable[Scope]) -> None:
        """Writes the next checkpoint, which is on the disk when this returns, but not decided.

        Args:
            number: One more than the last applied one; 0 for the first.
            manifest: What else belongs to the checkpoint, such as positions of sources.
            pieces: What has changed.
            dropped: Scopes whose earlier pieces are gone. A scope that is dropped and written to is replaced.

        Raises:
            StateTakenOverError: If another process has the directory now.
            StateWriteError: If the disk is full, or does not let itself be written to; nothing was changed.
        """
        written, gone = list(pieces), list(dropped)
        with self._owned.begin() as database:
            self._require_next(number)
            _drop(database, number, gone)
            insert_pieces(database, number, written)
            insert_checkpoint(database, number, manifest, applied=False)

    def apply(self, number: int) -> None:
        """Decides that the prepared checkpoint holds; to be called again after a crash, it may have been called before.

        Raises:
            StateTakenOverError: If another process has the directory now.
            StateWriteError: If the disk is full, or does not let itself be written to; nothing was changed.
        """
        with self._owned.begin() as database:
            if self.prepared() != number:
                if self.applied() != number:
                    msg = f"checkpoint {number} is to be applied, but {self._standing()}"
                    raise InvariantError(msg)
                return
            database.execute("UPDATE checkpoints SET applied = TRUE WHERE number = ?", (number,))
            # The checkpoint before this one stays; what died with it, or before, is not in it.
            database.execute("DELETE FROM pieces WHERE died < ?", (number,))
            database.execute("DELETE FROM checkpoints WHERE number < ?", (number - 1,))

    def roll_back(self, number: int) -> None:
        """Decides that the prepared checkpoint does not hold; it may have been called before.

        Raises:
            StateTakenOverError: If another process has the directory now.
            StateWriteError: If the disk is full, or does not let itself be written to; nothing was changed.
        """
        with self._owned.begin() as database:
            if self.prepared() != number:
                if number != self._next():
                    msg = f"checkpoint {number} is to be rolled back, but {self._standing()}"
                    raise InvariantError(msg)
                return
            _undo(database, number)

    def revert_to(self, number: int) -> None:
        """Goes back to an earlier checkpoint: those after it are gone.

        For when the last one is damaged. What the job did since, such as records that it wrote to Kafka, is not undone.

        Raises:
            StateDirectoryError: If there is no such checkpoint, or it is not applied.
            StateTakenOverError: If another process has the directory now.
            StateWriteError: If the disk is full, or does not let itself be written to; nothing was changed.
        """
        self._require(number)
        with self._owned.begin() as database:
            if self.prepared() == number:
                msg = f"cannot go back to checkpoint {number}, which is not decided yet; go back to {self.applied()}"
                raise StateDirectoryError(msg)
            _undo(database, number + 1)

    def savepoint(self, name: str) -> None:
        """Keeps the last applied checkpoint under a name, in a file of its own, until somebody deletes that file.

        It is read by `open_savepoint_file`.

        Raises:
            StateDirectoryError: If there is one of that name, the name cannot be one, or nothing was applied yet.
            StateDamagedError: If the checkpoint is damaged.
            StateTakenOverError: If another process has the directory now.
            StateWriteError: If the disk is full, or does not let itself be written to; nothing was changed.
        """
        target = savepoint_path(self.path, name)
        number = self.applied()
        if number is None:
            msg = f"the state directory {self.path} has no checkpoint to keep as {name!r}; wait until there is one"
            raise StateDirectoryError(msg)
        draft = write_draft(target, self.state_id, number, self.manifest(number), self.read(number))
        try:
            # Within a transaction, so that a process that has lost the directory adds nothing to it.
            with self._owned.begin():
                if target.exists():
                    msg = f"the state directory {self.path} has a savepoint {name!r} already; choose another name"
                    raise StateDirectoryError(msg)
                publish(draft, target)
        finally:
            draft.unlink(missing_ok=True)

    def savepoints(self) -> list[str]:
        """The names of all savepoints."""
        return savepoint_names(self.path)

    def _next(self) -> int:
        applied = self.applied()
        return 0 if applied is None else applied + 1

    def _require_next(self, number: int) -> None:
        if self.prepared() is not None or number != self._next():
            msg = f"checkpoint {number} is to be prepared, but {self._standing()}"
            raise InvariantError(msg)

    def _standing(self) -> str:
        return f"the last applied one is {self.applied()} and the undecided one {self.prepared()}"

    def _require(self, number: int) -> None:
        numbers = self.checkpoints()
        if number not in numbers:
            held = ", ".join(map(str, numbers)) or "none"
            msg = f"the state directory {self.path} has no checkpoint {number}; it has: {held}"
            raise StateDirectoryError(msg)

    def _damaged(self, number: int, damage: DamageError) -> StateDamagedError:
        earlier = [other for other in reversed(self.checkpoints()) if other < number]
        whole = next((other for other in earlier if self._stored.is_whole(other)), None)
        if whole is None:
            names = ", ".join(self.savepoints()) or "there are none here"
            remedy = f"no earlier one is whole; start anew from a savepoint ({names})"
        else:
            remedy = f"checkpoint {whole} is whole; call revert_to({whole}) on the opened directory to start from it"
        msg = f"checkpoint {number} in the state directory {self.path} is damaged: {damage}; {remedy}"
        return StateDamagedError(msg, number, whole)


def _drop(database: sqlite3.Connection, number: int, scopes: list[Scope]) -> None:
    """Ends the life of all pieces in some scopes."""
    # Few statements: with each, the interpreter is handed from thread to thread.
    for start in range(0, len(scopes), _SCOPES_AT_ONCE):
        chosen = scopes[start : start + _SCOPES_AT_ONCE]
        places = ", ".join(["(?, ?)"] * len(chosen))
        query = f"UPDATE pieces SET died = ? WHERE died IS NULL AND (step, scope) IN (VALUES {places})"
        database.execute(query, (number, *chain.from_iterable(chosen)))


def _undo(database: sqlite3.Connection, number: int) -> None:
    """Takes back all that checkpoint `number` and those after it did."""
    database.execute("DELETE FROM pieces WHERE born >= ?", (number,))
    database.execute("UPDATE pieces SET died = NULL WHERE died >= ?", (number,))
    database.execute("DELETE FROM checkpoints WHERE number >= ?", (number,))


def _make(directory: Path, from_savepoint: bool) -> None:
    """Makes the directory, or sees to it that it holds a state or nothing."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        entries = {entry.name for entry in directory.iterdir()}
    except OSError as error:
        msg = (
            f"cannot use {directory} as the state directory: {error.strerror}; give a directory that can be written to"
        )
        raise StateDirectoryError(msg) from error
    if DATABASE_NAME in entries:
        return
    if foreign := entries - {LOCK_NAME, SAVEPOINTS_NAME}:
        msg = f"{directory} is not a state directory: it holds {min(foreign)!r}; use an empty or a new directory"
        raise StateDirectoryError(msg)
    if SAVEPOINTS_NAME in entries and not from_savepoint:
        msg = (
            f"the state directory {directory} has savepoints, but no {DATABASE_NAME}; "
            "begin with a savepoint by from_savepoint=..., or use an empty or a new directory"
        )
        raise StateDirectoryError(msg)
