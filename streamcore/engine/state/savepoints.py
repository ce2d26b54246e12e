"""Savepoints: checkpoints under a name, each in a file of its own."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Self

from streamcore.engine.state.checkpoints import CheckpointReader, DamageError
from streamcore.engine.state.database import create_copy, explain, open_copy
from streamcore.engine.state.pieces import Piece
from streamcore.engine.state.rows import insert_checkpoint, insert_pieces
from streamcore.engine.state.trust import require_private
from streamcore.errors import StateDamagedError, StateDirectoryError, StateWriteError, shorten

SAVEPOINTS_NAME: Final = "savepoints"
_SUFFIX: Final = ".sqlite"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Savepoint:
    """A checkpoint that was kept under a name, to be read. Made by `open_savepoint_file`; it is a context manager.

    Attributes:
        name: Its name.
        state_id: The state it was taken of.
        number: The number of the checkpoint.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        self._stored = CheckpointReader(connection, path)
        self.name = path.name.removesuffix(_SUFFIX)
        try:
            self.state_id = self._stored.state_id()
            (self.number,) = self._stored.numbers()
        except BaseException:
            connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def manifest(self) -> bytes:
        """The manifest of the checkpoint.

        Raises:
            StateDamagedError: If it is not what was written.
        """
        try:
            return self._stored.manifest(self.number)
        except DamageError as damage:
            raise self._damaged(damage) from damage

    def read(self) -> Iterator[Piece]:
        """The pieces of the checkpoint, in the order in which they were written.

        Raises:
            StateDamagedError: If they are not what was written.
        """
        try:
            yield from self._stored.read(self.number)
        except DamageError as damage:
            raise self._damaged(damage) from damage

    def _damaged(self, error: Exception) -> StateDamagedError:
        msg = f"the savepoint {self._path} is damaged: {error}; use another one, or a copy of it"
        return StateDamagedError(msg)


def open_savepoint_file(file: Path, *, private: bool = False) -> Savepoint:
    """Opens a savepoint, or a copy of one, wherever it is; also while a job uses the state directory.

    Args:
        file: The file.
        private: Whether to refuse a savepoint that others could have written, as is right where pickle is allowed.

    Raises:
        StateDirectoryError: If there is no such file, a newer version wrote it, or others could have.
        StateDamagedError: If it is damaged.
    """
    if not file.is_file():
        msg = f"there is no savepoint {file}; give the file of one, or the name of one in the state directory"
        raise StateDirectoryError(msg)
    if private:
        require_private(file.parent, file)
    return Savepoint(file, open_copy(file))


def savepoint_path(directory: Path, name: object) -> Path:
    """Where a savepoint is.

    Raises:
        StateDirectoryError: If it cannot be the name of one.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        msg = (
            f"{shorten(name)} cannot be the name of a savepoint; "
            "use up to 100 letters, digits, '.', '_' and '-', with a letter or a digit first"
        )
        raise StateDirectoryError(msg)
    return _path(directory, name)


def savepoint_file(directory: Path, given: str) -> Path:
    """The file of a savepoint that a user has given, by its path or by its name in a state directory."""
    if given.endswith(_SUFFIX) or Path(given).name != given:
        return Path(given).resolve()
    return _path(directory, given).resolve()


def savepoint_names(directory: Path) -> list[str]:
    """The savepoints of a state directory, in the order of their names."""
    files = (directory / SAVEPOINTS_NAME).glob(f"*{_SUFFIX}")
    return sorted(file.name.removesuffix(_SUFFIX) for file in files if not file.name.startswith("."))


def write_draft(target: Path, state_id: str, number: int, manifest: bytes, pieces: Iterable[Piece]) -> Path:
    """Writes what is to be a savepoint, in full and safely on the disk, to a file beside it.

    Args:
        target: Where the savepoint is to be.
        state_id: The state.
        number: The checkpoint.
        manifest: Its manifest.
        pieces: Its pieces.

    Raises:
        StateWriteError: If the disk is full, or does not let itself be written to.
    """
    draft = target.with_name(f".{target.name}")
    with _telling_failures(target):
        target.parent.mkdir(mode=0o700, exist_ok=True)
        draft.unlink(missing_ok=True)
        try:
            _fill(draft, state_id, number, manifest, pieces)
            _sync(draft)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    return draft


def publish(draft: Path, target: Path) -> None:
    """Makes a draft the savepoint.

    Raises:
        StateWriteError: If the disk does not let itself be written to.
    """
    with _telling_failures(target):
        draft.rename(target)
        _sync(target.parent)
        _sync(target.parent.parent)


@contextlib.contextmanager
def _telling_failures(target: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise explain(error, target) from error
    except OSError as error:
        msg = f"cannot write the savepoint {target}: {error}; find out why, and try again"
        raise StateWriteError(msg) from error


def _path(directory: Path, name: str) -> Path:
    return directory / SAVEPOINTS_NAME / f"{name}{_SUFFIX}"


def _fill(draft: Path, state_id: str, number: int, manifest: bytes, pieces: Iterable[Piece]) -> None:
    connection = create_copy(draft, state_id)
    try:
        connection.execute("BEGIN")
        insert_pieces(connection, number, pieces)
        insert_checkpoint(connection, number, manifest, applied=True)
        connection.execute("COMMIT")
    finally:
        connection.close()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
