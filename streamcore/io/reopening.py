"""A file that is open only while it is read: for reading more files side by side than may be open at once."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from streamcore.io.file_systems import FileSystem

if TYPE_CHECKING:
    from typing_extensions import Buffer


class ReopeningFile(io.RawIOBase):
    """Opens the file for each read, where the last one ended.

    Args:
        files: The file system.
        path: The path in it.
    """

    def __init__(self, files: FileSystem, path: str) -> None:
        self._files = files
        self._path = path
        self._at = 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be read from any place."""
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        """Reads what fits into the buffer."""
        view = memoryview(buffer)
        with self._files.open(self._path, "rb") as file:
            file.seek(self._at)
            data = file.read(len(view))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Moves to a place counted from the beginning or from here."""
        if whence == io.SEEK_END:
            msg = "the end of a file that is not open is unknown"
            raise io.UnsupportedOperation(msg)
        self._at = offset + (self._at if whence == io.SEEK_CUR else 0)
        return self._at

    def tell(self) -> int:
        """The place where the next read begins."""
        return self._at
