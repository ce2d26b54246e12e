"""Compressed files: which kind a file is of, and the streams that unpack and pack it."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
from types import ModuleType
from typing import IO, Final, cast

from streamcore.errors import MissingExtraError, PipelineError
from streamcore.io.zstd_frames import ZstdFrames


class CompressionTypes:
    """Names of the kinds of compression, as in Beam."""

    AUTO = "auto"
    BZIP2 = "bzip2"
    GZIP = "gzip"
    LZMA = "lzma"
    ZSTD = "zstd"
    UNCOMPRESSED = "uncompressed"


SUFFIXES: Final = {
    ".bz2": CompressionTypes.BZIP2,
    ".gz": CompressionTypes.GZIP,
    ".lzma": CompressionTypes.LZMA,
    ".xz": CompressionTypes.LZMA,
    ".zst": CompressionTypes.ZSTD,
    ".zstd": CompressionTypes.ZSTD,
}
KINDS: Final = ("auto", "uncompressed", "gzip", "zstd", "bzip2", "lzma")


def check_compression(kind: object) -> str:
    """A kind of compression that is known.

    Raises:
        PipelineError: If it is not.
    """
    if kind is None:
        return CompressionTypes.UNCOMPRESSED
    if not isinstance(kind, str) or kind not in KINDS:
        msg = f"`compression_type` must be one of {', '.join(map(repr, KINDS))}, got {kind!r}"
        raise PipelineError(msg)
    return kind


def compression_of(path: str, kind: str) -> str:
    """The kind of compression of a file: the given one, or with `auto` the one its suffix tells.

    >>> compression_of("events.jsonl.gz", "auto"), compression_of("events.gz", "uncompressed")
    ('gzip', 'uncompressed')
    """
    if kind != CompressionTypes.AUTO:
        return kind
    found = (known for suffix, known in SUFFIXES.items() if path.endswith(suffix))
    return next(found, CompressionTypes.UNCOMPRESSED)


def open_unpacked(file: IO[bytes], kind: str, stack: contextlib.ExitStack) -> IO[bytes]:
    """What is in a compressed file; the stream is closed with `stack`."""
    if kind == CompressionTypes.GZIP:
        return cast("IO[bytes]", stack.enter_context(gzip.GzipFile(fileobj=file, mode="rb")))
    if kind == CompressionTypes.BZIP2:
        return stack.enter_context(bz2.BZ2File(file, "rb"))
    if kind == CompressionTypes.LZMA:
        return stack.enter_context(lzma.LZMAFile(file, "rb"))
    if kind == CompressionTypes.ZSTD:
        unpacked = ZstdFrames(file, _zstandard().ZstdDecompressor().decompressobj)
        return stack.enter_context(io.BufferedReader(unpacked, 1 << 16))
    return file


def open_packed(file: IO[bytes], kind: str, stack: contextlib.ExitStack) -> IO[bytes]:
    """Compresses into a file what is written to the stream returned, which is closed with `stack`."""
    if kind == CompressionTypes.GZIP:
        # Without the time of writing, so that the same elements give the same file.
        packed = gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0)
        return cast("IO[bytes]", stack.enter_context(packed))
    if kind == CompressionTypes.BZIP2:
        return stack.enter_context(bz2.BZ2File(file, "wb"))
    if kind == CompressionTypes.LZMA:
        return stack.enter_context(lzma.LZMAFile(file, "wb"))
    if kind == CompressionTypes.ZSTD:
        stream: IO[bytes] = _zstandard().ZstdCompressor().stream_writer(file, closefd=False)
        return stack.enter_context(stream)
    return file


def require_extra(kind: str) -> None:
    """Finds out early whether the library for a kind of compression is there.

    Raises:
        MissingExtraError: If it is not, with the line that installs it.
    """
    if kind == CompressionTypes.ZSTD:
        _zstandard()


def _zstandard() -> ModuleType:
    try:
        import zstandard  # noqa: PLC0415
    except ImportError as error:
        msg = "zstd files need the library `zstandard`; install it with: pip install 'streamcore-engine[zstd]'"
        raise MissingExtraError(msg) from error
    return zstandard
