"""A file that appears when it is complete."""

from __future__ import annotations

import asyncio
import contextlib
import os
import uuid
from collections.abc import Callable
from typing import IO, Any, Final

from streamcore.io.compression import CompressionTypes, compression_of, open_packed
from streamcore.io.file_systems import FileSystem

# What is written at once by a thread, and by the event loop: there no more than what is still in the cache.
PIECE_BYTES: Final = 1 << 18
QUICK_PIECE_BYTES: Final = 1 << 15


class LineFile:
    """Written under a hidden name beside its own, and renamed when it is complete.

    Small files are held in memory until then; a local one is written by the event loop, any other in a thread.

    Args:
        files: The file system.
        target: The path that the file gets.
        compression_type: The kind of compression; `auto` goes by the suffix.
        header: What it begins with.
        footer: What it ends with.
    """

    def __init__(self, files: FileSystem, target: str, compression_type: str, header: bytes, footer: bytes) -> None:
        self._files = files
        self._target = target
        self._compression = compression_of(target, compression_type)
        self._footer = footer
        self._pieces = [header]
        self._size = len(header)
        self._temporary = _hidden_name(target)
        self._stack = contextlib.ExitStack()
        self._file: IO[bytes] | None = None
        self._in_loop = files.is_local and self._compression == CompressionTypes.UNCOMPRESSED
        self._busy: asyncio.Future[None] | None = None
        self._is_complete = False
        self._is_discarded = False

    async def open(self) -> None:
        """Makes the file now, to find out early that it cannot be made."""
        await self._call(self._append, b"")

    @property
    def is_quick(self) -> bool:
        """Whether lines can be written with no waiting, by `write_nowait`."""
        return self._in_loop

    def write_nowait(self, data: bytes) -> None:
        """Adds lines to a local file."""
        if not self._is_discarded:
            self._pieces.append(data)
            self._size += len(data)
            if self._size >= QUICK_PIECE_BYTES:
                self._append(self._take_pieces())

    async def write(self, data: bytes) -> None:
        """Adds lines."""
        if self._in_loop:
            self.write_nowait(data)
        elif not self._is_discarded:
            self._pieces.append(data)
            self._size += len(data)
            if self._size >= PIECE_BYTES:
                await self._call(self._append, self._take_pieces())

    async def complete(self) -> None:
        """Writes the rest, and gives the file its name."""
        if self._is_discarded:
            return
        self._pieces.append(self._footer)
        await self._call(self._finish, self._take_pieces())

    async def discard(self) -> None:
        """Removes what has been written, unless the file is complete; may be called while something is written."""
        self._is_discarded = True
        if self._busy is not None:
            await asyncio.wait([self._busy])
        if not self._is_complete:
            await self._call(self._remove)

    def _take_pieces(self) -> bytes:
        data = b"".join(self._pieces)
        self._pieces.clear()
        self._size = 0
        return data

    async def _call(self, work: Callable[..., None], *arguments: Any) -> None:
        if self._in_loop:
            work(*arguments)
            return
        self._busy = asyncio.ensure_future(asyncio.to_thread(work, *arguments))
        await asyncio.shield(self._busy)

    def _append(self, data: bytes) -> None:
        if self._file is None:
            self._files.make_directory(self._target)
            self._file = self._stack.enter_context(self._files.open(self._temporary, "wb"))
            self._file = open_packed(self._file, self._compression, self._stack)
        self._file.write(data)

    def _finish(self, data: bytes) -> None:
        self._append(data)
        self._stack.close()
        self._files.replace(self._temporary, self._target)
        self._is_complete = True

    def _remove(self) -> None:
        if self._file is None:
            return
        with contextlib.suppress(Exception):  # what went wrong before has been told
            self._stack.close()
        self._files.remove(self._temporary)


def _hidden_name(target: str) -> str:
    """Beside the target, so that renaming it is one step; hidden, so that patterns for the target do not find it."""
    name = os.path.basename(target)
    return f"{target.removesuffix(name)}.{name}.{uuid.uuid4().hex[:8]}.part"
