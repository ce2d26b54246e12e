"""Files as blocks of whole lines: read at once where that is quick, in a thread where it is not."""

from __future__ import annotations

import asyncio
import contextlib
import io
from typing import IO, Final, Protocol

from streamcore.io.beginnings import Beginning, replaced, shortened
from streamcore.io.compression import CompressionTypes, open_unpacked
from streamcore.io.file_systems import FileSystem
from streamcore.io.reopening import ReopeningFile

BLOCKS_A_PIECE: Final = 8
SKIPPED_AT_ONCE: Final = 1 << 20


class FileToRead:
    """A file that is opened at its first use.

    Args:
        files: The file system.
        path: The path in it.
        compression: The kind of compression.
        offset: Where to begin, in bytes of what is unpacked.
        header_lines: How many lines to leave out there.
        reopening_buffer: Buffer size of a file that is open only while it is read; None for one that stays open.
        beginning: What it began with when a part of it was read; None if nothing was.

    Attributes:
        offset: Where the next line begins.
        start: Where the first line behind the header began; known when the file has been opened.
        beginning: What it begins with; None as long as nothing of it has been read.
    """

    def __init__(
        self,
        files: FileSystem,
        path: str,
        compression: str,
        offset: int,
        header_lines: int,
        reopening_buffer: int | None = None,
        beginning: Beginning | None = None,
    ) -> None:
        self.offset = self.start = offset
        self.beginning = beginning
        self._header_lines = header_lines
        self._header = b""
        self._reopening_buffer = reopening_buffer
        self._files = files
        self._path = path
        self._compression = compression
        self._stack = contextlib.ExitStack()
        self._file: IO[bytes] | None = None

    def read_lines(self, size: int) -> bytes:
        """The next bytes up to the first end of a line at `size` or behind; empty at the end of the file.

        Raises:
            SourceError: If it is not the file any more that a part was read of.
        """
        file = self._file or self._open()
        block = file.read(size)
        if block and not block.endswith(b"\n"):
            block += file.readline()
        if self.beginning is None:
            self.beginning = Beginning.of(self._header + block)
        self.offset += len(block)
        return block

    def close(self) -> None:
        """Closes it."""
        self._stack.close()

    def _open(self) -> IO[bytes]:
        if self.beginning is not None:
            self._check(self.beginning)
        self._file = file = self._unpacked(self._stack)
        if self.offset:
            self._skip(file)
        if self._header_lines:
            self._header = b"".join([file.readline() for _ in range(self._header_lines)])
            self.offset += len(self._header)
            self.start = self.offset
            self._header_lines = 0
        return file

    def _unpacked(self, stack: contextlib.ExitStack) -> IO[bytes]:
        raw = stack.enter_context(self._open_raw())
        return open_unpacked(raw, self._compression, stack)

    def _check(self, expected: Beginning) -> None:
        """Opens it for that alone: not every stream can go back."""
        with contextlib.ExitStack() as stack:
            found = Beginning.of(self._unpacked(stack).read(expected.length))
        if found != expected:
            raise replaced(self._path)

    def _skip(self, file: IO[bytes]) -> None:
        """Goes to the offset, and reads the byte before it, which has to be there."""
        if self._compression == CompressionTypes.UNCOMPRESSED:
            file.seek(self.offset - 1)
            left = 1
        else:
            left = self.offset
        while left:
            got = len(file.read(min(left, SKIPPED_AT_ONCE)))
            if not got:
                raise shortened(self._path, self.offset)
            left -= got

    def _open_raw(self) -> IO[bytes]:
        if self._reopening_buffer is None:
            return self._files.open(self._path, "rb")
        return io.BufferedReader(ReopeningFile(self._files, self._path), self._reopening_buffer)


class Blocks(Protocol):
    """Blocks of whole lines, one after another."""

    @property
    def offset(self) -> int:
        """Where the next block begins."""
        ...

    @property
    def beginning(self) -> Beginning | None:
        """What the file begins with; None as long as that is not known."""
        ...

    async def next(self) -> bytes:
        """The next block; empty at the end of the file. Cancelled while it waits it loses nothing."""
        ...

    def next_nowait(self) -> bytes:
        """The next block, if that needs no waiting; else, and at the end of the file, empty."""
        ...

    async def close(self) -> None:
        """Closes the file."""
        ...


class LocalBlocks:
    """Blocks of an uncompressed file of this machine, read at once: some 20 microseconds each.

    Args:
        file: The file.
        size: About how many bytes a block has.
    """

    def __init__(self, file: FileToRead, size: int) -> None:
        self._file = file
        self._size = size

    @property
    def offset(self) -> int:
        """Where the next block begins."""
        return self._file.offset

    @property
    def beginning(self) -> Beginning | None:
        """What the file begins with."""
        return self._file.beginning

    async def next(self) -> bytes:
        """Reads a block."""
        return self.next_nowait()

    def next_nowait(self) -> bytes:
        """Reads a block."""
        return self._file.read_lines(self._size)

    async def close(self) -> None:
        """Closes the file."""
        self._file.close()


class ThreadBlocks:
    """Blocks of a compressed or remote file, read in a thread, a large piece ahead of what is asked for.

    Args:
        file: The file.
        size: About how many bytes a block has.
    """

    def __init__(self, file: FileToRead, size: int) -> None:
        self.offset = file.offset
        self._file = file
        self._size = size
        self._piece = io.BytesIO()
        self._ahead: asyncio.Future[bytes] | None = None
        self._ended = False

    @property
    def beginning(self) -> Beginning | None:
        """What the file begins with."""
        return self._file.beginning

    async def next(self) -> bytes:
        """A block of the piece at hand, or of the next one."""
        block = self.next_nowait()
        if not block and not self._ended:
            await self._next_piece()
            block = self.next_nowait()
        return block

    def next_nowait(self) -> bytes:
        """A block of the piece at hand."""
        block = self._piece.read(self._size)
        if block and not block.endswith(b"\n"):
            block += self._piece.readline()
        self.offset += len(block)
        return block

    async def close(self) -> None:
        """Waits for the thread and closes the file."""
        self._ended = True
        if self._ahead is not None:
            await asyncio.wait([self._ahead])
            self._ahead.exception()  # it has been seen
            self._ahead = None
        self._file.close()

    async def _next_piece(self) -> None:
        if self._ahead is None:
            self._ahead = self._read()
        piece = await asyncio.shield(self._ahead)
        self.offset = max(self.offset, self._file.start)
        self._ahead = self._read() if piece else None
        self._piece = io.BytesIO(piece)
        if not piece:
            self._ended = True
            self._file.close()

    def _read(self) -> asyncio.Future[bytes]:
        return asyncio.ensure_future(asyncio.to_thread(self._file.read_lines, self._size * BLOCKS_A_PIECE))
