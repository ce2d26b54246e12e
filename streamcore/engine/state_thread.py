"""A state directory on a thread of its own, seen from the event loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

from streamcore.engine.manifest import Manifest
from streamcore.engine.snapshots import Snapshot
from streamcore.engine.state.directory import StateDirectory
from streamcore.engine.state.pieces import Piece
from streamcore.engine.state.savepoints import open_savepoint_file

T = TypeVar("T")

PIECES_AT_ONCE: Final = 16


class StateThread:
    """Does what `StateDirectory` does, one thing after another, while the event loop goes on.

    Args:
        path: The directory.
        private: Whether nobody else may be able to write to it.
    """

    def __init__(self, path: str | os.PathLike[str], private: bool) -> None:
        self.path = Path(path)
        self._private = private
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="streamcore-state")
        self._directory: StateDirectory | None = None

    async def open(self, take_over: bool, from_savepoint: bool) -> None:
        """Opens the directory, which may hold nothing but savepoints if the state begins with one."""

        def open_directory() -> None:
            # Here and not in the event loop, which may not wait for it any more: what was opened is closed.
            self._directory = StateDirectory.open(
                self.path, take_over=take_over, private=self._private, from_savepoint=from_savepoint
            )

        await self._do(open_directory)

    async def close(self) -> None:
        """Closes the directory, after what is being done."""

        def close_directory() -> None:
            if self._directory is not None:
                self._directory.close()

        await self._do(close_directory)
        self._thread.shutdown(wait=False)

    @property
    def directory(self) -> StateDirectory:
        """The directory; its methods are not for the event loop."""
        assert self._directory is not None
        return self._directory

    async def renew(self) -> None:
        """Claims the directory under a higher epoch."""
        await self._do(self.directory.renew)

    async def latest(self) -> tuple[Manifest | None, Manifest | None]:
        """The applied checkpoint, and the prepared one."""
        return await self._do(
            lambda: (self._manifest(self.directory.applied()), self._manifest(self.directory.prepared()))
        )

    async def manifest(self, number: int) -> Manifest:
        """The manifest of a checkpoint."""
        return Manifest.decode(await self._do(lambda: self.directory.manifest(number)))

    async def prepare(self, manifest: Manifest, snapshot: Snapshot) -> None:
        """Writes a checkpoint."""
        number = manifest.checkpoint.number
        data = manifest.encode()
        await self._do(lambda: self.directory.prepare(number, data, snapshot.pieces, snapshot.dropped))

    async def apply(self, number: int) -> None:
        """The prepared checkpoint holds."""
        await self._do(lambda: self.directory.apply(number))

    async def roll_back(self, number: int) -> None:
        """The prepared checkpoint does not hold."""
        await self._do(lambda: self.directory.roll_back(number))

    async def read(self, number: int) -> AsyncIterator[list[Piece]]:
        """The pieces of a checkpoint, some at a time."""
        pieces = self.directory.read(number)
        while some := await self._do(lambda: list(islice(pieces, PIECES_AT_ONCE))):
            yield some

    async def keep(self, name: str) -> None:
        """Keeps the last checkpoint under a name."""
        await self._do(lambda: self.directory.savepoint(name))

    async def read_savepoint(self, file: Path) -> tuple[Manifest, list[Piece]]:
        """A savepoint: its manifest, and all its pieces."""

        def read() -> tuple[bytes, list[Piece]]:
            with open_savepoint_file(file, private=self._private) as kept:
                return kept.manifest(), list(kept.read())

        data, pieces = await self._do(read)
        return Manifest.decode(data), pieces

    def _manifest(self, number: int | None) -> Manifest | None:
        return None if number is None else Manifest.decode(self.directory.manifest(number))

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
