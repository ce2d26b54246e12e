"""The source behind the readers of text and JSON lines: one split a file."""

from __future__ import annotations

import asyncio
import codecs
import os
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from streamcore.errors import PipelineError, SourceError
from streamcore.io.bad_lines import BadLineHandler, refuse_line
from streamcore.io.beginnings import Beginning, shortened
from streamcore.io.blocks import Blocks, FileToRead, LocalBlocks, ThreadBlocks
from streamcore.io.compression import CompressionTypes, check_compression, compression_of, require_extra
from streamcore.io.file_systems import locate
from streamcore.io.line_formats import LineFormat
from streamcore.model.source import Batch, Reader, Source

R = TypeVar("R")

# About a thousand lines: a poll costs next to nothing for each, and decodes them in less than a millisecond.
BLOCK_BYTES: Final = 1 << 17
SMALLEST_BLOCK: Final = 1 << 12
BYTES_AT_ONCE: Final = 1 << 25
MOST_OPEN: Final = 256

# Offset and number of the first line of a block, how many of its elements are done, and length and digest of the
# file's `Beginning`, which is known when something of the file has been read.
Position = tuple[int, int, int] | tuple[int, int, int, int, bytes]


class LineSource(Source[Any]):
    """Files of lines; all files that there are when the run starts are splits from then on.

    Args:
        file_pattern: A path, a pattern (`*`, `?`, `[...]`, `**`) or an fsspec address.
        lines: Makes elements of lines.
        compression_type: A kind of compression; `auto` goes by each file's suffix.
        skip_header_lines: How many lines are left out at the beginning of every file.
        validate: Whether it is an error if no file matches; files of this machine are looked for at once.
        on_bad_line: Returns what takes the place of a line that cannot be decoded, or raises.
    """

    bounded = True

    def __init__(
        self,
        file_pattern: str | os.PathLike[str],
        lines: LineFormat,
        compression_type: str = CompressionTypes.AUTO,
        skip_header_lines: int = 0,
        validate: bool = True,
        on_bad_line: BadLineHandler = refuse_line,
    ) -> None:
        self._files, self._pattern = locate(file_pattern)
        self._address = os.fspath(file_pattern)
        self._lines = lines
        self._compression = check_compression(compression_type)
        require_extra(compression_of(self._pattern, self._compression))
        if isinstance(skip_header_lines, bool) or not isinstance(skip_header_lines, int) or skip_header_lines < 0:
            msg = f"`skip_header_lines` must be a whole number from 0 on, got {skip_header_lines!r}"
            raise PipelineError(msg)
        self._header_lines = skip_header_lines
        self._validate = validate
        self._on_bad_line = on_bad_line
        self._count = 1
        if validate and self._files.is_local and not self._files.find(self._pattern):
            raise PipelineError(self._nothing_found())

    async def splits(self) -> Sequence[str]:
        """The files that match now."""
        paths = await self._call(self._files.find, self._pattern)
        if self._validate and not paths:
            raise SourceError(await self._call(self._nothing_found))
        self._count = len(paths)
        return paths

    def open(self, split: str, position: Sequence[Any] | None) -> LineReader:
        """A reader of one file; that it is still the one that was read shows when it is polled."""
        offset, line, skip, *beginning = position or (0, 0, 0)
        kind = compression_of(split, self._compression)
        header_lines = 0 if offset else self._header_lines
        size = max(SMALLEST_BLOCK, min(BLOCK_BYTES, BYTES_AT_ONCE // max(self._count, 1)))
        buffer = size if self._files.is_local and self._count > MOST_OPEN else None
        known = Beginning(*beginning) if beginning else None
        file = FileToRead(self._files, split, kind, offset, header_lines, buffer, known)
        in_thread = not self._files.is_local or kind != CompressionTypes.UNCOMPRESSED
        blocks: Blocks = ThreadBlocks(file, size) if in_thread else LocalBlocks(file, size)
        return LineReader(split, blocks, self._lines, self._on_bad_line, line if offset else header_lines, skip)

    async def _call(self, work: Callable[..., R], *arguments: Any) -> R:
        return work(*arguments) if self._files.is_local else await asyncio.to_thread(work, *arguments)

    def _nothing_found(self) -> str:
        given = self._address
        if self._files.is_directory(self._pattern):
            return f"{given!r} is a directory; give a pattern of the files in it, such as {given.rstrip('/') + '/*'!r}"
        return f"no file matches {given!r}; check the path, or give validate=False to read nothing in that case"


class LineReader(Reader[Any]):
    """Reads one file of lines.

    Args:
        path: The file's name, for messages.
        blocks: Where whole lines come from.
        lines: Makes elements of them.
        on_bad_line: Stands in for an element that could not be made.
        line: How many lines lie before the first block.
        skip: How many elements of the first blocks have been read before.
    """

    def __init__(
        self, path: str, blocks: Blocks, lines: LineFormat, on_bad_line: BadLineHandler, line: int, skip: int
    ) -> None:
        self._path = path
        self._blocks = blocks
        self._lines = lines
        self._on_bad_line = on_bad_line
        self._line = line
        self._offset = blocks.offset
        self._values: list[Any] = []
        self._line_count = 0
        self._taken = skip

    async def poll(self, limit: int) -> Batch[Any] | None:
        """The elements of the next block, or those of the last one that were more than the limit."""
        while self._taken >= len(self._values):
            block = await self._blocks.next()
            if not block:
                if self._taken > len(self._values):
                    raise shortened(self._path, self._offset)
                return None
            self._parse(block)
        return self._take(limit)

    def poll_nowait(self, limit: int) -> Batch[Any] | None:
        """The same, if no thread has to read."""
        while self._taken >= len(self._values):
            block = self._blocks.next_nowait()
            if not block:
                return None
            self._parse(block)
        return self._take(limit)

    def _take(self, limit: int) -> Batch[Any]:
        start = self._taken
        if not start and len(self._values) <= limit:
            self._taken = len(self._values)
            return Batch(self._values)
        self._taken = min(start + limit, len(self._values))
        return Batch(self._values[start : self._taken])

    def position(self) -> Position:
        """Where the first block begins of which elements are left, and how many of them are done."""
        if self._taken < len(self._values):
            place = self._offset, self._line, self._taken
        else:
            place = self._blocks.offset, self._line + self._line_count, self._taken - len(self._values)
        beginning = self._blocks.beginning
        return place if beginning is None else (*place, beginning.length, beginning.digest)

    async def close(self) -> None:
        """Closes the file."""
        await self._blocks.close()

    def _parse(self, block: bytes) -> None:
        """Makes elements of the next block."""
        self._taken -= len(self._values)
        self._line += self._line_count
        self._offset = self._blocks.offset - len(block)
        if not self._offset:
            block = block.removeprefix(codecs.BOM_UTF8)
        self._values, self._line_count = self._lines.parse(block, self._replace)

    def _replace(self, index: int, line: bytes, error: Exception) -> Any:
        return self._on_bad_line(self._path, self._line + index + 1, line, error)
