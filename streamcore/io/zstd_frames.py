"""Reading zstd files so that one that ends too early is told."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import IO, Any, Final

# Few, as all that they unpack to is held: 4 bytes can stand for 128 KiB.
PACKED_BYTES: Final = 4096


class ZstdFrames(io.RawIOBase):
    """What is in the frames of a zstd file; the library's own stream does not tell one that ends inside a frame.

    Args:
        file: The file.
        begin_frame: Makes what unpacks one frame, `ZstdDecompressor().decompressobj`.
    """

    def __init__(self, file: IO[bytes], begin_frame: Callable[[], Any]) -> None:
        self._file = file
        self._begin_frame = begin_frame
        self._frame = begin_frame()
        self._unpacked = memoryview(b"")

    def readable(self) -> bool:
        """It is only read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Reads what there is, at most a buffer full; nothing at the end of the last frame.

        Raises:
            EOFError: If the file ends before its last frame does.
        """
        while not self._unpacked:
            packed = self._frame.unused_data or self._file.read(PACKED_BYTES)
            if not packed:
                if self._frame.eof:
                    return 0
                msg = "Compressed file ended before the end-of-stream marker was reached"
                raise EOFError(msg)
            if self._frame.eof:
                self._frame = self._begin_frame()
            self._unpacked = memoryview(self._frame.decompress(packed))
        count = min(len(buffer), len(self._unpacked))
        buffer[:count] = self._unpacked[:count]
        self._unpacked = self._unpacked[count:]
        return count
