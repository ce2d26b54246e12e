"""Who may open a state directory, and what is not one."""

from __future__ import annotations

import gc
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from streamcore.engine.state import database, lock
from streamcore.engine.state.directory import StateDirectory
from streamcore.engine.state.lock import DirectoryLock
from streamcore.engine.state.pieces import Piece
from streamcore.errors import StateDamagedError, StateDirectoryError, StateLockedError, StateWriteError

HOLDER = """
import sys
from streamcore.engine.state.directory import StateDirectory
from streamcore.engine.state.pieces import Piece

state = StateDirectory.open(sys.argv[1])
state.prepare(0, b"", [Piece("s", "w", b"theirs")], [])
state.apply(0)
print("ready", flush=True)
sys.stdin.readline()
try:
    state.prepare(1, b"", [], [])
except Exception as error:
    print(type(error).__name__, flush=True)
else:
    print("written", flush=True)
"""

FORKING = """
import os, sys
from streamcore.engine.state.directory import StateDirectory

state = StateDirectory.open(sys.argv[1])
if os.fork():
    os.wait()
else:
    print("ready", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the directory."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path), "--password=secret"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_with_the_name_of_the_first(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    message = (
        f"the state directory {tmp_path} is in use by process {holder.pid} on {socket.gethostname()} (-c, since TIME); "
        "end that job first, use another directory, or open it with take_over=True if that process hangs"
    )
    pattern = re.escape(message).replace("TIME", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")
    with pytest.raises(StateLockedError, match=f"^{pattern}$"):
        StateDirectory.open(tmp_path)


def test_the_lock_of_a_dead_process_is_taken_without_asking(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait()
    with StateDirectory.open(tmp_path) as state:
        assert list(state.read(0)) == [Piece("s", "w", b"theirs")]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
def test_a_process_that_was_forked_does_not_keep_the_lock_of_a_dead_one(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FORKING, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with pytest.raises(StateLockedError, match=f"in use by process {process.pid} on "):
            StateDirectory.open(tmp_path)
        process.kill()
        process.wait()
        StateDirectory.open(tmp_path).close()


def test_a_lock_that_was_dropped_is_released(tmp_path: Path) -> None:
    DirectoryLock.acquire(tmp_path)
    gc.collect()
    DirectoryLock.acquire(tmp_path).release()


def test_a_directory_is_taken_from_a_process_that_is_paused(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    os.kill(holder.pid, signal.SIGSTOP)
    with StateDirectory.open(tmp_path, take_over=True) as state:
        state.prepare(1, b"", [Piece("s", "w", b"mine")], [])
        os.kill(holder.pid, signal.SIGCONT)
        assert holder.communicate("go on\n")[0] == "StateTakenOverError\n"
        state.apply(1)
        assert [piece.data for piece in state.read(1)] == [b"theirs", b"mine"]
        with pytest.raises(StateLockedError, match="in use by this process itself; "):
            StateDirectory.open(tmp_path)


def test_who_takes_a_directory_over_is_still_locked_in_when_the_old_one_ends(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    with StateDirectory.open(tmp_path, take_over=True):
        holder.kill()
        holder.wait()
        with pytest.raises(StateLockedError):
            StateDirectory.open(tmp_path)
    StateDirectory.open(tmp_path).close()


def test_a_lock_on_a_file_that_is_gone_by_now_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process takes the directory over between the opening of the lock file and its locking."""
    lock_file = tmp_path / "lock"
    try_lock = lock._try_lock
    calls = []

    def replace_first(descriptor: int) -> bool:
        calls.append(descriptor)
        if len(calls) == 1:
            lock_file.unlink()
            lock_file.touch()
        return try_lock(descriptor)

    monkeypatch.setattr(lock, "_try_lock", replace_first)
    with StateDirectory.open(tmp_path), pytest.raises(StateLockedError):
        StateDirectory.open(tmp_path)


def test_a_process_that_hangs_in_a_transaction_has_to_be_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    StateDirectory.open(tmp_path).close()
    monkeypatch.setattr(database, "_BUSY_SECONDS", 0.0)
    with closing(sqlite3.connect(tmp_path / "state.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        message = (
            f"cannot write to the state in {tmp_path}: another process is in the middle of writing to it; nothing was "
            "changed: end that process, as it may be one that hangs, and try again"
        )
        with pytest.raises(StateWriteError, match=f"^{message}$"):
            StateDirectory.open(tmp_path)
    StateDirectory.open(tmp_path).close()


def test_closing_twice_is_closing_once(tmp_path: Path) -> None:
    state = StateDirectory.open(tmp_path)
    state.close()
    state.close()


def test_only_the_user_can_look_into_a_new_directory(tmp_path: Path) -> None:
    StateDirectory.open(tmp_path / "state", private=True).close()
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_a_directory_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("dear diary")
    message = f"{tmp_path} is not a state directory: it holds 'notes.txt'; use an empty or a new directory"
    with pytest.raises(StateDirectoryError, match=f"^{message}$"):
        StateDirectory.open(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_savepoints_beside_something_else(tmp_path: Path) -> None:
    (tmp_path / "savepoints").mkdir()
    (tmp_path / "state.sqlite-wal").touch()
    message = f"{tmp_path} is not a state directory: it holds 'state.sqlite-wal'; use an empty or a new directory"
    with pytest.raises(StateDirectoryError, match=f"^{message}$"):
        StateDirectory.open(tmp_path, from_savepoint=True)


def test_a_database_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE diary (entry)")
    before = path.read_bytes()
    message = f"{path} is not a state of streamcore; use an empty directory, or one that is not there yet"
    with pytest.raises(StateDirectoryError, match=f"^{message}$"):
        StateDirectory.open(tmp_path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "state.sqlite").write_bytes(b"dear diary" * 1000)
    message = f"the database in {tmp_path} is damaged: file is not a database; start from a savepoint or a copy of it"
    with pytest.raises(StateDamagedError, match=f"^{message}$"):
        StateDirectory.open(tmp_path)


def test_a_file_in_place_of_the_directory(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_text("")
    message = f"cannot use {path} as the state directory: File exists; give a directory that can be written to"
    with pytest.raises(StateDirectoryError, match=f"^{message}$"):
        StateDirectory.open(path)


def test_a_directory_that_cannot_be_made() -> None:
    message = "cannot use /proc/state as the state directory: .+; give a directory that can be written to"
    if not Path("/proc/self").exists():
        pytest.skip("no /proc here")
    with pytest.raises(StateDirectoryError, match=f"^{message}$"):
        StateDirectory.open("/proc/state")


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    message = (
        f"cannot write to the state directory {tmp_path}: Is a directory; "
        "make it writable for this user, or use another directory"
    )
    with pytest.raises(StateDirectoryError, match=f"^{message}$"):
        StateDirectory.open(tmp_path)


def test_a_newer_format(tmp_path: Path) -> None:
    StateDirectory.open(tmp_path).close()
    path = tmp_path / "state.sqlite"
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 2")
    message = (
        f"{path} was written by a newer streamcore: its format is 2, this one reads 1; "
        "upgrade streamcore, or use another directory"
    )
    with pytest.raises(StateDirectoryError, match=f"^{message}$"):
        StateDirectory.open(tmp_path)


def test_a_failed_opening_leaves_no_lock_behind(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    path.write_bytes(b"dear diary" * 1000)
    with pytest.raises(StateDamagedError):
        StateDirectory.open(tmp_path)
    path.unlink()
    StateDirectory.open(tmp_path).close()


def test_a_process_that_was_killed_while_it_made_the_database(tmp_path: Path) -> None:
    (tmp_path / "state.sqlite").touch()
    (tmp_path / "lock").touch()
    with StateDirectory.open(tmp_path) as state:
        assert state.applied() is None


def test_a_directory_that_others_could_have_written_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o775)
    message = (
        f"{tmp_path} can be written to by others (mode 775); pickled state is read only from a directory that nobody "
        f"else can write to: run `chmod go-w {tmp_path}`, or do not allow pickle"
    )
    with pytest.raises(StateDirectoryError, match=f"^{re.escape(message)}$"):
        StateDirectory.open(tmp_path, private=True)
    StateDirectory.open(tmp_path).close()


def test_a_database_that_others_could_have_written_to(tmp_path: Path) -> None:
    StateDirectory.open(tmp_path).close()
    (tmp_path / "state.sqlite").chmod(0o666)
    with pytest.raises(StateDirectoryError, match=r"state\.sqlite can be written to by others \(mode 666\); "):
        StateDirectory.open(tmp_path, private=True)


def test_a_directory_that_belongs_to_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    message = (
        f"{tmp_path} belongs to user {owner}, not to user {owner + 1} who runs this; pickled state is read only from "
        "a directory of one's own: change the owner, or do not allow pickle"
    )
    with pytest.raises(StateDirectoryError, match=f"^{message}$"):
        StateDirectory.open(tmp_path, private=True)
