"""A disk that is full, read-only or broken: nothing is half written, and it goes on when the disk is well again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamcore.engine.state.directory import StateDirectory
from streamcore.engine.state.pieces import Piece
from streamcore.errors import StateError, StateWriteError

SMALL = Piece("s", "w", b"small")
LARGE = Piece("s", "w", os.urandom(3 << 20))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(tmp_path)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a file system can be mounted by root only")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def fill(path: Path) -> None:
    with pytest.raises(OSError, match="No space left on device"):
        path.write_bytes(bytes(3 << 20))


def full(path: Path) -> str:
    return f"^cannot write to the state in {path}: the disk is full; nothing was changed: make room and try again$"


def test_a_full_disk_changes_nothing_and_may_be_cleared(small_disk: Path) -> None:
    path = small_disk / "state"
    with StateDirectory.open(path) as state:
        state.prepare(0, b"zero", [SMALL], [])
        state.apply(0)
        with pytest.raises(StateWriteError, match=full(path)):
            state.prepare(1, b"one", [LARGE], [("s", "w")])
        assert (state.applied(), state.prepared(), list(state.read(0))) == (0, None, [SMALL])
        subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
        state.prepare(1, b"one", [LARGE], [("s", "w")])
        state.apply(1)
        assert list(state.read(1)) == [LARGE]
    with StateDirectory.open(path) as state:
        assert (state.applied(), list(state.read(1))) == (1, [LARGE])


def test_a_disk_that_fills_up_bit_by_bit(small_disk: Path) -> None:
    path = small_disk / "state"
    with StateDirectory.open(path) as state:
        number = 0
        while True:
            try:
                state.prepare(number, b"", [Piece("s", "w", os.urandom(100_000))], [])
                state.apply(number)
            except StateWriteError:
                break
            number += 1
        if state.prepared() is not None:
            state.roll_back(number)
        kept = list(state.read(number - 1))
        assert number > 3
        assert len(kept) == number
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    with StateDirectory.open(path) as state:
        assert (state.applied(), list(state.read(number - 1))) == (number - 1, kept)


def test_a_disk_without_room_for_a_savepoint(small_disk: Path) -> None:
    path = small_disk / "state"
    with StateDirectory.open(path) as state:
        state.prepare(0, b"", [Piece("s", "w", os.urandom(500_000))], [])
        state.apply(0)
        fill(small_disk / "rest")
        with pytest.raises(StateWriteError, match=full(path / "savepoints" / "a.sqlite")):
            state.savepoint("a")
        assert list((path / "savepoints").iterdir()) == []
        (small_disk / "rest").unlink()
        state.savepoint("a")


def test_a_disk_without_room_for_a_new_state(small_disk: Path) -> None:
    fill(small_disk / "rest")
    with pytest.raises(StateWriteError, match=full(small_disk / "state")):
        StateDirectory.open(small_disk / "state")
    (small_disk / "rest").unlink()
    StateDirectory.open(small_disk / "state").close()


def test_a_disk_that_has_become_read_only(small_disk: Path) -> None:
    path = small_disk / "state"
    with StateDirectory.open(path) as state:
        state.prepare(0, b"", [SMALL], [])
        state.apply(0)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    message = (
        f"^cannot write to the state directory {path}: Read-only file system; "
        "make it writable for this user, or use another directory$"
    )
    with pytest.raises(StateError, match=message):
        StateDirectory.open(path)


def test_a_database_that_must_not_grow(tmp_path: Path) -> None:
    with StateDirectory.open(tmp_path) as state:
        state.prepare(0, b"", [SMALL], [])
        state.apply(0)
        state._connection.execute("PRAGMA max_page_count = 50")
        with pytest.raises(StateWriteError, match=full(tmp_path)):
            state.prepare(1, b"", [LARGE], [("s", "w")])
        assert (state.prepared(), list(state.read(0))) == (None, [SMALL])
        state._connection.execute("PRAGMA max_page_count = 1073741823")
        state.prepare(1, b"", [LARGE], [("s", "w")])
        assert list(state.read(1)) == [LARGE]


LIMITED = """
import os, resource, sys
from streamcore.engine.state.directory import StateDirectory
from streamcore.engine.state.pieces import Piece

small, large = Piece("s", "w", b"small"), Piece("s", "w", os.urandom(3 << 20))
with StateDirectory.open(sys.argv[1]) as state:
    state.prepare(0, b"", [small], [])
    state.apply(0)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        state.prepare(1, b"", [large], [("s", "w")])
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
    assert (state.prepared(), list(state.read(0))) == (None, [small])
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    state.prepare(1, b"", [large], [("s", "w")])
    state.apply(1)
    assert list(state.read(1)) == [large]
"""


def test_a_file_that_must_not_grow(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    command = [sys.executable, "-c", LIMITED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout == (
        f"StateWriteError: cannot write to the state in {tmp_path}: the disk reports an error; nothing was changed: "
        "look after the disk and try again\n"
    )
