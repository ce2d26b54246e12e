"""The lock on a state directory: one process at a time."""

from __future__ import annotations

import contextlib
import datetime
import os
import socket
import sys
import weakref
from pathlib import Path
from typing import Final, Self

import msgspec

from streamcore.errors import StateDirectoryError, StateLockedError

if sys.platform != "win32":
    import fcntl

LOCK_NAME: Final = "lock"
_HELD: Final[weakref.WeakSet[DirectoryLock]] = weakref.WeakSet()


class Holder(msgspec.Struct, frozen=True):
    """The process that has a state directory.

    Attributes:
        host: Its machine.
        pid: Its process id there.
        program: What it runs; without arguments, which may hold secrets.
        since: When it took the lock.
    """

    host: str
    pid: int
    program: str
    since: datetime.datetime

    @classmethod
    def this_process(cls) -> Self:
        """The process that asks, now."""
        program = Path(sys.argv[0]).name if sys.argv and sys.argv[0] else Path(sys.executable).name
        since = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        return cls(socket.gethostname(), os.getpid(), program, since)

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} ({self.program}, since {self.since.isoformat()})"


class DirectoryLock:
    """A lock that the operating system takes back when the process ends, however it ends.

    Made by `acquire`. The file stays when the lock is released; what counts is who has it locked. A lock that is
    dropped is released, and processes that are forked have no part in it.

    Attributes:
        holder: This process.
    """

    def __init__(self, descriptor: int, holder: Holder) -> None:
        self._close = weakref.finalize(self, os.close, descriptor)
        self.holder = holder
        _HELD.add(self)

    @classmethod
    def acquire(cls, directory: Path, *, take_over: bool = False) -> Self:
        """Locks a directory.

        Args:
            directory: The directory, which must be there.
            take_over: Whether to lock it even if another process has it. That process is not told; it keeps its lock on
                a file that is no longer there.

        Raises:
            StateLockedError: If another process has the directory, and it is not to be taken over.
            StateDirectoryError: If there can be no lock file.
        """
        path = directory / LOCK_NAME
        holder = Holder.this_process()
        while True:
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            except OSError as error:
                msg = (
                    f"cannot write to the state directory {directory}: {error.strerror}; "
                    "make it writable for this user, or use another directory"
                )
                raise StateDirectoryError(msg) from error
            if not _try_lock(descriptor):
                present = _read_holder(descriptor)
                os.close(descriptor)
                if not take_over:
                    raise StateLockedError(_locked(directory, present))
                path.unlink(missing_ok=True)
            elif _is_at(descriptor, path):
                _write_holder(descriptor, holder)
                return cls(descriptor, holder)
            else:
                # Another process put a new file in its place between the two calls.
                os.close(descriptor)

    def release(self) -> None:
        """Gives the directory free; may be called twice."""
        self._close()


def _release_all() -> None:
    """Closes what a forked process has inherited: with it the directory would stay locked when its parent is dead."""
    for lock in list(_HELD):
        lock.release()


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_release_all)


def _try_lock(descriptor: int) -> bool:
    if sys.platform == "win32":
        os.close(descriptor)
        msg = "a state directory needs file locks that Windows does not have; run without one, or on Linux or macOS"
        raise StateDirectoryError(msg)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _read_holder(descriptor: int) -> Holder | None:
    try:
        return msgspec.json.decode(os.pread(descriptor, 4096, 0), type=Holder)
    except msgspec.MsgspecError:
        return None  # it is just about to write its name


def _write_holder(descriptor: int, holder: Holder) -> None:
    # It is only for messages: a disk that is full shall not keep anybody from opening the state.
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, msgspec.json.encode(holder), 0)


def _locked(directory: Path, holder: Holder | None) -> str:
    if holder is None:
        who = "another process"
    elif (holder.pid, holder.host) == (os.getpid(), socket.gethostname()):
        who = "this process itself"
    else:
        who = str(holder)
    return (
        f"the state directory {directory} is in use by {who}; end that job first, use another directory, "
        "or open it with take_over=True if that process hangs"
    )
