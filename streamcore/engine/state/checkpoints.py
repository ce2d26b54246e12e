"""Reading checkpoints out of a database, and seeing whether they are what was written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from streamcore.engine.state.database import damaged
from streamcore.engine.state.pieces import Piece
from streamcore.engine.state.rows import checkpoint_checksum, piece_checksum

# The pieces of checkpoint :number; a scope that was dropped by it or before has died.
_LIVING: Final = "born <= :number AND (died IS NULL OR died > :number)"


class DamageError(Exception):
    """What is wrong with a checkpoint; told to the user as a `StateDamagedError`, with what to do."""


class CheckpointReader:
    """The checkpoints in a database.

    All methods raise `StateDamagedError` if SQLite finds the database to be damaged as a whole.

    Args:
        connection: The database.
        path: Where it is, for messages.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def state_id(self) -> str:
        """The state that they are of."""
        ((state_id,),) = self._rows("SELECT state_id FROM state")
        return str(state_id)

    def numbers(self) -> list[int]:
        """All that can be read, in order."""
        return [number for (number,) in self._rows("SELECT number FROM checkpoints ORDER BY number")]

    def latest(self, *, applied: bool) -> int | None:
        """The latest that is applied, or the one that is not."""
        ((number,),) = self._rows("SELECT max(number) FROM checkpoints WHERE applied = ?", applied)
        return None if number is None else int(number)

    def manifest(self, number: int) -> bytes:
        """The manifest of a checkpoint.

        Raises:
            DamageError: If it is not what was written.
        """
        with _Reading():
            query = (
                "SELECT state_id, number, pieces, bytes, manifest, checksum FROM state, checkpoints WHERE number = ?"
            )
            *row, expected = self._connection.execute(query, (number,)).fetchone()
            if checkpoint_checksum(*row) != expected:
                msg = "its manifest does not match its checksum"
                raise DamageError(msg)
        manifest: bytes = row[-1]
        return manifest

    def read(self, number: int) -> Iterator[Piece]:
        """The pieces of a checkpoint in the order in which they were written.

        Raises:
            DamageError: If one of them is not what was written, or some are missing.
        """
        count = size = 0
        with _Reading():
            query = f"SELECT checksum, id, born, step, scope, data FROM pieces WHERE {_LIVING} ORDER BY id"
            for expected, identifier, born, *row in self._connection.execute(query, {"number": number}):
                piece = Piece(*row)
                if piece_checksum(identifier, born, piece) != expected:
                    msg = f"a piece of step {piece.step!r}, scope {piece.scope!r}, does not match its checksum"
                    raise DamageError(msg)
                count += 1
                size += len(piece.data)
                yield piece
            query = "SELECT pieces, bytes FROM checkpoints WHERE number = ?"
            written = self._connection.execute(query, (number,)).fetchone()
        if written != (count, size):
            msg = f"it has {count} pieces of {size} bytes, but {written[0]} of {written[1]} bytes were written"
            raise DamageError(msg)

    def is_whole(self, number: int) -> bool:
        """Whether everything in a checkpoint is what was written."""
        try:
            self.manifest(number)
            for _ in self.read(number):
                pass
        except DamageError:
            return False
        return True

    def _rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query, parameters).fetchall()
        except sqlite3.DatabaseError as error:
            raise damaged(self._path, error) from error


class _Reading:
    """Tells of what SQLite finds to be damaged as `DamageError`."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        # A row that is damaged may also hold something of another type. Misuse of the connection is our own fault.
        if isinstance(error, sqlite3.DatabaseError | TypeError) and not isinstance(error, sqlite3.ProgrammingError):
            raise DamageError(str(error)) from error
