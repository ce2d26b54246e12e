"""Where files are: on this machine, or at any address that fsspec knows."""

from __future__ import annotations

import contextlib
import glob
import os
from typing import IO, Any, Protocol

import fsspec

from streamcore.errors import MissingExtraError, PipelineError


class FileSystem(Protocol):
    """What sources and sinks of files need; paths are those of the file system, without its protocol.

    Attributes:
        is_local: Whether calls return so soon that they may be made in the event loop.
    """

    is_local: bool

    def address(self, path: str) -> str:
        """The same for all ways to write the path of a file, and for no other file."""
        ...

    def find(self, pattern: str) -> list[str]:
        """The files that match, in the order of their names."""
        ...

    def is_directory(self, path: str) -> bool:
        """Whether there is a directory of exactly this name."""
        ...

    def open(self, path: str, mode: str) -> IO[bytes]:
        """A file for `rb` or `wb`."""
        ...

    def size(self, path: str) -> int | None:
        """How many bytes a file has; None if there is no such file."""
        ...

    def make_directory(self, path: str) -> None:
        """Makes the directory that a file is to be in."""
        ...

    def sync(self, file: IO[bytes]) -> None:
        """What was written to a file survives a loss of power, if it is local; any other has to be closed for that."""
        ...

    def sync_directory(self, path: str) -> None:
        """So does the name of a file."""
        ...

    def replace(self, source: str, target: str) -> None:
        """Renames a file, over the one that may be there."""
        ...

    def remove(self, path: str) -> None:
        """Removes a file if it is there."""
        ...


class LocalFiles:
    """The files of this machine."""

    is_local = True

    def address(self, path: str) -> str:
        """The absolute path."""
        return os.path.abspath(path)

    def find(self, pattern: str) -> list[str]:
        """A file of exactly this name, or else those that match the pattern."""
        if _is_file(pattern):
            return [pattern]
        return sorted(filter(_is_file, glob.glob(pattern, recursive=True)))

    def is_directory(self, path: str) -> bool:
        """Whether there is a directory of exactly this name."""
        return os.path.isdir(path)

    def open(self, path: str, mode: str) -> IO[bytes]:
        """A buffered binary file."""
        return open(path, mode, 1 << 16)

    def size(self, path: str) -> int | None:
        """How many bytes a file has; None if there is no such file."""
        try:
            return os.path.getsize(path)
        except FileNotFoundError:
            return None

    def make_directory(self, path: str) -> None:
        """Makes the directory of a file, and those above it."""
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)

    def sync(self, file: IO[bytes]) -> None:
        """Has the system write to the disk what it holds of the file."""
        file.flush()
        os.fsync(file.fileno())

    def sync_directory(self, path: str) -> None:
        """Has it write the directory of a file, where a directory can be opened for that."""
        if os.name == "nt":
            return
        directory = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def replace(self, source: str, target: str) -> None:
        """Renames in one step."""
        os.replace(source, target)

    def remove(self, path: str) -> None:
        """Removes a file if it is there."""
        with contextlib.suppress(FileNotFoundError):
            os.remove(path)


class RemoteFiles:
    """The files of an fsspec file system; each call may take as long as the network does."""

    is_local = False

    def __init__(self, fs: Any) -> None:
        self._fs = fs

    def address(self, path: str) -> str:
        """The path with its protocol."""
        return str(self._fs.unstrip_protocol(path))

    def find(self, pattern: str) -> list[str]:
        """A file of exactly this name, or else those that match the pattern."""
        self._fs.invalidate_cache()
        if self._fs.isfile(pattern):
            return [pattern]
        return sorted(path for path in map(str, self._fs.glob(pattern)) if self._fs.isfile(path))

    def is_directory(self, path: str) -> bool:
        """Whether there is something under this name, where the file system has no directories."""
        return bool(self._fs.isdir(path))

    def open(self, path: str, mode: str) -> IO[bytes]:
        """A file as fsspec gives it."""
        file: IO[bytes] = self._fs.open(path, mode)
        return file

    def size(self, path: str) -> int | None:
        """How many bytes a file has; None if there is no such file."""
        self._fs.invalidate_cache()
        try:
            return int(self._fs.size(path))
        except FileNotFoundError:
            return None

    def sync(self, file: IO[bytes]) -> None:
        """Nothing: it is stored when it is closed."""

    def sync_directory(self, path: str) -> None:
        """Nothing: a name is stored with its file."""

    def make_directory(self, path: str) -> None:
        """Makes the directory of a file, where the file system has directories."""
        self._fs.makedirs(self._fs._parent(path), exist_ok=True)

    def replace(self, source: str, target: str) -> None:
        """Moves a file; many object stores copy it for that."""
        self._fs.mv(source, target)

    def remove(self, path: str) -> None:
        """Removes a file if it is there."""
        with contextlib.suppress(FileNotFoundError):
            self._fs.rm_file(path)


def locate(address: str | os.PathLike[str]) -> tuple[FileSystem, str]:
    """The file system of an address, and the path in it.

    Raises:
        PipelineError: If it is not an address, or of a protocol that nobody knows.
        MissingExtraError: If a library for the protocol is not installed.
    """
    if not isinstance(address, str | os.PathLike):
        msg = f"a path or an address is needed, got {address!r}; give one such as 'data/events-*.jsonl' or 's3://bucket/events.jsonl'"
        raise PipelineError(msg)
    path = os.fspath(address)
    if "://" not in path and "::" not in path:
        return LocalFiles(), path
    if path.startswith("file://"):
        return LocalFiles(), path.removeprefix("file://")
    try:
        fs, inner = fsspec.core.url_to_fs(path)
    except ImportError as error:
        msg = f"{path!r} needs a library that is not installed: {error}"
        raise MissingExtraError(msg) from error
    except ValueError as error:
        msg = f"{path!r} is not an address that fsspec knows: {error}"
        raise PipelineError(msg) from error
    return RemoteFiles(fs), str(inner)


def _is_file(path: str) -> bool:
    return os.path.exists(path) and not os.path.isdir(path)
