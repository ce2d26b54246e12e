"""State directories that are not what was written."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from streamcore.engine.state.directory import StateDirectory
from streamcore.engine.state.pieces import Piece
from streamcore.errors import StateDamagedError, StateError

PIECES = [Piece("s", "w1", b"first"), Piece("s", "w2", b"second"), Piece("t", "w1", b"third")]


def make(path: Path) -> None:
    """Two checkpoints: `first` and `second` in 0, `second` and `third` in 1."""
    with StateDirectory.open(path) as state:
        state.prepare(0, b"zero", PIECES[:2], [])
        state.apply(0)
        state.prepare(1, b"one", PIECES[2:], [("s", "w1")])
        state.apply(1)


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path / "state.sqlite")) as database, database:
        assert database.execute(statement).rowcount == 1


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        (
            "UPDATE pieces SET data = 'Third' WHERE data = x'7468697264'",
            "a piece of step 't', scope 'w1', does not match its checksum",
        ),
        (
            "UPDATE pieces SET scope = 'w3' WHERE step = 't'",
            "a piece of step 't', scope 'w3', does not match its checksum",
        ),
        ("UPDATE pieces SET id = 9 WHERE step = 't'", "a piece of step 't', scope 'w1', does not match its checksum"),
        ("DELETE FROM pieces WHERE step = 't'", "it has 1 pieces of 6 bytes, but 2 of 11 bytes were written"),
        (
            "UPDATE pieces SET died = NULL WHERE scope = 'w1' AND step = 's'",
            "it has 3 pieces of 16 bytes, but 2 of 11 bytes were written",
        ),
    ],
)
def test_a_damaged_checkpoint_is_refused_and_the_one_before_is_offered(
    tmp_path: Path, statement: str, what: str
) -> None:
    make(tmp_path)
    change(tmp_path, statement.replace("'Third'", "x'546869726466'"))
    message = (
        f"checkpoint 1 in the state directory {tmp_path} is damaged: {what}; "
        "checkpoint 0 is whole; call revert_to(0) on the opened directory to start from it"
    )
    if "NULL" in statement:
        # What was to have died with checkpoint 1 is in both.
        change(tmp_path, "UPDATE pieces SET born = 0 WHERE scope = 'w1' AND step = 's'")
    with StateDirectory.open(tmp_path) as state:
        with pytest.raises(StateDamagedError, match=f"^{re.escape(message)}$") as caught:
            list(state.read(1))
        assert (caught.value.number, caught.value.whole) == (1, 0)
        state.revert_to(0)
        assert list(state.read(0)) == PIECES[:2]
        state.prepare(1, b"", [], [])


def test_a_damaged_manifest(tmp_path: Path) -> None:
    make(tmp_path)
    change(tmp_path, "UPDATE checkpoints SET manifest = x'00' WHERE number = 1")
    message = (
        f"checkpoint 1 in the state directory {tmp_path} is damaged: its manifest does not match its checksum; "
        "checkpoint 0 is whole; call revert_to(0) on the opened directory to start from it"
    )
    with StateDirectory.open(tmp_path) as state:
        with pytest.raises(StateDamagedError, match=f"^{re.escape(message)}$"):
            state.manifest(1)
        assert state.manifest(0) == b"zero"


def test_damage_that_the_checkpoint_before_has_too(tmp_path: Path) -> None:
    make(tmp_path)
    change(tmp_path, "UPDATE pieces SET data = x'00' WHERE scope = 'w2'")
    message = (
        f"checkpoint 1 in the state directory {tmp_path} is damaged: a piece of step 's', scope 'w2', does not match "
        "its checksum; no earlier one is whole; start anew from a savepoint (there are none here)"
    )
    with StateDirectory.open(tmp_path) as state:
        with pytest.raises(StateDamagedError, match=f"^{re.escape(message)}$") as caught:
            list(state.read(1))
        assert caught.value.whole is None
        with pytest.raises(StateDamagedError):
            state.savepoint("a")
        assert list((tmp_path / "savepoints").iterdir()) == []


def test_savepoints_are_offered_where_no_checkpoint_is_whole(tmp_path: Path) -> None:
    make(tmp_path)
    with StateDirectory.open(tmp_path) as state:
        state.savepoint("monday")
    change(tmp_path, "UPDATE pieces SET data = x'00' WHERE scope = 'w2'")
    with (
        StateDirectory.open(tmp_path) as state,
        pytest.raises(StateDamagedError, match=r"; start anew from a savepoint \(monday\)$"),
    ):
        list(state.read(1))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(position=st.integers(0), byte=st.integers(0, 255))
def test_whatever_byte_is_wrong_no_wrong_state_is_read(tmp_path: Path, position: int, byte: int) -> None:
    original = tmp_path / "original"
    if not original.exists():
        make(original)
    stored = bytearray((original / "state.sqlite").read_bytes())
    stored[position % len(stored)] = byte
    copy = tmp_path / "copy"
    copy.mkdir(exist_ok=True)
    for path in copy.iterdir():
        path.unlink()
    (copy / "state.sqlite").write_bytes(stored)
    try:
        with StateDirectory.open(copy) as state:
            assert (state.manifest(1), list(state.read(1))) == (b"one", PIECES[1:])
    except StateError:
        pass
