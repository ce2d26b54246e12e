"""The database of a state directory, as whoever owns it writes to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streamcore.engine.state.database import explain
from streamcore.errors import StateTakenOverError


class OwnedDatabase:
    """A database that is written to in transactions, done whole or not at all, until somebody else claims the state.

    Args:
        connection: The database.
        directory: Where it is, for messages.
        owner: Who writes.

    Attributes:
        epoch: How many owners the state has had, this one included.

    Raises:
        StateWriteError: If the state cannot be claimed.
    """

    def __init__(self, connection: sqlite3.Connection, directory: Path, owner: str) -> None:
        self.epoch: int
        self._connection = connection
        self._directory = directory
        with self._atomic():
            connection.execute("UPDATE state SET epoch = epoch + 1, owner = ?", (owner,))
            (self.epoch,) = connection.execute("SELECT epoch FROM state").fetchone()

    def renew(self) -> None:
        """Claims the state once more, under a higher epoch.

        Raises:
            StateTakenOverError: If another process has claimed it.
            StateWriteError: If the disk is full, or does not let itself be written to.
        """
        with self.begin() as database:
            database.execute("UPDATE state SET epoch = epoch + 1")
        self.epoch += 1

    @contextmanager
    def begin(self) -> Iterator[sqlite3.Connection]:
        """A transaction; it is committed at the end of the `with` block, and rolled back on an error.

        Raises:
            StateTakenOverError: If another process has claimed the state.
            StateWriteError: If the disk is full, or does not let itself be written to.
        """
        with self._atomic():
            epoch, owner = self._connection.execute("SELECT epoch, owner FROM state").fetchone()
            if epoch != self.epoch:
                msg = (
                    f"the state directory {self._directory} was taken over by {owner}; "
                    "this process writes nothing to it any more: end it"
                )
                raise StateTakenOverError(msg)
            yield self._connection

    @contextmanager
    def _atomic(self) -> Iterator[None]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise explain(error, self._directory) from error
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        # On some errors SQLite has done so itself.
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
