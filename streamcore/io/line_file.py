"""A file that appears when it is complete."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import IO, Any, Final

from streamcore.io.compression import CompressionTypes, compression_of, open_packed
from streamcore.io.file_parts import Part, PartNaming
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
        naming: Makes hidden names.
        inherited: What a checkpoint knows of the file; it is gone on with.
    """

    def __init__(
        self,
        files: FileSystem,
        target: str,
        compression_type: str,
        header: bytes,
        footer: bytes,
        naming: PartNaming = PartNaming(),  # noqa: B008  # is frozen
        inherited: Sequence[Part] = (),
    ) -> None:
        self.target = target
        self._files = files
        self._compression = compression_of(target, compression_type)
        self._footer = footer
        self._pieces = [] if inherited else [header]
        self._size = 0 if inherited else len(header)
        self._naming = naming
        # Parts that nothing is added to any more.
        self._parts = list(inherited)
        self._temporary = naming.new_name(target)
        self._file: IO[bytes] | None = None
        # Compresses into the file; ended wherever a checkpoint has to find whole blocks.
        self._packed: IO[bytes] | None = None
        self._packing = contextlib.ExitStack()
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

    async def seal(self) -> list[Part]:
        """Makes safe what has been written, and returns where it is; more may follow."""
        await self._call_in_thread(self._store, self._take_pieces())
        parts = list(self._parts)
        if self._file is not None:
            parts.append(Part(self._temporary, self._file.tell()))
        return parts

    async def finish(self) -> list[Part]:
        """Makes safe all of it, and returns where it is; the last part is always one of its own."""
        self._pieces.append(self._footer)
        await self._call_in_thread(self._end, self._take_pieces())
        return self._parts

    async def discard(self) -> None:
        """Removes what has been written, unless the file is complete; may be called while something is written."""
        await self.release()
        if self._file is not None and not self._is_complete:
            await self._call(self._files.remove, self._temporary)

    async def release(self) -> None:
        """Writes nothing more, and leaves what there is; may be called while something is written."""
        self._is_discarded = True
        if self._busy is not None:
            await asyncio.wait([self._busy])
        await self._call(self._leave)

    def _take_pieces(self) -> bytes:
        data = b"".join(self._pieces)
        self._pieces.clear()
        self._size = 0
        return data

    async def _call(self, work: Callable[..., None], *arguments: Any) -> None:
        if self._in_loop:
            work(*arguments)
        else:
            await self._call_in_thread(work, *arguments)

    async def _call_in_thread(self, work: Callable[..., None], *arguments: Any) -> None:
        self._busy = asyncio.ensure_future(asyncio.to_thread(work, *arguments))
        await asyncio.shield(self._busy)

    def _append(self, data: bytes) -> None:
        if self._file is None:
            self._files.make_directory(self.target)
            self._file = self._files.open(self._temporary, "wb")
        if self._packed is None:
            self._packed = open_packed(self._file, self._compression, self._packing)
        self._packed.write(data)

    def _store(self, data: bytes) -> None:
        if data:
            self._append(data)
        if self._packed is None or self._file is None:
            return
        self._end_packing()
        self._files.sync(self._file)
        self._files.sync_directory(self._temporary)
        if not self._files.is_local:
            self._close_part()

    def _end(self, data: bytes) -> None:
        self._append(data)
        self._store(b"")
        if self._file is not None:
            self._close_part()

    def _end_packing(self) -> None:
        self._packed = None
        self._packing.close()

    def _close_part(self) -> None:
        assert self._file is not None
        length = self._file.tell()
        self._file.close()
        self._file = None
        self._parts.append(Part(self._temporary, length))
        self._temporary = self._naming.new_name(self.target)

    def _finish(self, data: bytes) -> None:
        self._append(data)
        self._end_packing()
        if self._file is not None:
            self._file.close()
        self._files.replace(self._temporary, self.target)
        self._is_complete = True

    def _leave(self) -> None:
        with contextlib.suppress(Exception):  # what went wrong before has been told
            self._end_packing()
            if self._file is not None:
                self._file.close()
