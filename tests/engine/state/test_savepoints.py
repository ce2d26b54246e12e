"""Checkpoints that are kept under a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamcore.engine.state.directory import StateDirectory
from streamcore.engine.state.pieces import Piece
from streamcore.engine.state.savepoints import open_savepoint_file, savepoint_path
from streamcore.errors import StateDamagedError, StateDirectoryError

FIRST = Piece("s", "w1", b"first")
SECOND = Piece("s", "w2", b"second")


@pytest.fixture
def state(tmp_path: Path):
    """A directory with two checkpoints, and a third that is not decided."""
    with StateDirectory.open(tmp_path) as opened:
        opened.prepare(0, b"zero", [FIRST], [])
        opened.apply(0)
        opened.prepare(1, b"one", [SECOND], [("s", "w1")])
        opened.apply(1)
        opened.prepare(2, b"two", [FIRST], [])
        yield opened


def test_a_savepoint_is_the_applied_checkpoint_and_stays(state: StateDirectory) -> None:
    state.savepoint("before.upgrade-1")
    state.apply(2)
    state.savepoint("later")
    for number in range(3, 6):
        state.prepare(number, b"", [], [("s", "w2")])
        state.apply(number)
    assert state.savepoints() == ["before.upgrade-1", "later"]
    with open_savepoint_file(savepoint_path(state.path, "before.upgrade-1")) as savepoint:
        assert (savepoint.name, savepoint.state_id, savepoint.number) == ("before.upgrade-1", state.state_id, 1)
        assert (savepoint.manifest(), list(savepoint.read())) == (b"one", [SECOND])
    with open_savepoint_file(savepoint_path(state.path, "later"), private=True) as savepoint:
        assert (savepoint.manifest(), list(savepoint.read())) == (b"two", [SECOND, FIRST])


def test_a_savepoint_is_one_file_that_can_be_copied(state: StateDirectory, tmp_path: Path) -> None:
    state.savepoint("a")
    (copy := tmp_path / "elsewhere").mkdir()
    (source,) = (state.path / "savepoints").iterdir()
    (copy / "b.sqlite").write_bytes(source.read_bytes())
    with open_savepoint_file(copy / "b.sqlite") as savepoint:
        assert list(savepoint.read()) == [SECOND]


def test_a_new_state_may_start_from_a_savepoint(state: StateDirectory, tmp_path: Path) -> None:
    state.savepoint("a")
    file = savepoint_path(state.path, "a")
    with open_savepoint_file(file) as savepoint, StateDirectory.open(tmp_path / "new") as new:
        new.prepare(0, savepoint.manifest(), savepoint.read(), [])
        new.apply(0)
        assert (list(new.read(0)), new.manifest(0)) == ([SECOND], b"one")
        assert new.state_id != savepoint.state_id


def test_a_name_is_given_once(state: StateDirectory) -> None:
    state.savepoint("a")
    state.apply(2)
    message = f"the state directory {state.path} has a savepoint 'a' already; choose another name"
    with pytest.raises(StateDirectoryError, match=f"^{message}$"):
        state.savepoint("a")
    with open_savepoint_file(savepoint_path(state.path, "a")) as savepoint:
        assert savepoint.number == 1


@pytest.mark.parametrize("name", ["", "../a", "a/b", ".a", "-a", "ä", "a\n", "x" * 101])
def test_a_name_must_be_fit_for_a_file(state: StateDirectory, name: str) -> None:
    message = (
        f"{name!r} cannot be the name of a savepoint; "
        "use up to 100 letters, digits, '.', '_' and '-', with a letter or a digit first"
    )
    for call in (lambda: state.savepoint(name), lambda: savepoint_path(state.path, name)):
        with pytest.raises(StateDirectoryError) as caught:
            call()
        assert str(caught.value) == message


def test_there_must_be_a_checkpoint(tmp_path: Path) -> None:
    with StateDirectory.open(tmp_path) as state:
        state.prepare(0, b"", [], [])
        message = f"the state directory {tmp_path} has no checkpoint to keep as 'a'; wait until there is one"
        with pytest.raises(StateDirectoryError, match=f"^{message}$"):
            state.savepoint("a")


def test_a_savepoint_that_is_not_there(state: StateDirectory) -> None:
    file = savepoint_path(state.path, "a")
    message = f"there is no savepoint {file}; give the file of one, or the name of one in the state directory"
    with pytest.raises(StateDirectoryError, match=f"^{message}$"):
        open_savepoint_file(file)


def test_what_a_killed_process_left_is_no_savepoint(state: StateDirectory) -> None:
    (folder := state.path / "savepoints").mkdir()
    (folder / ".a.sqlite").write_bytes(b"half")
    assert state.savepoints() == []
    state.savepoint("a")
    assert [path.name for path in folder.iterdir()] == ["a.sqlite"]


def test_a_savepoint_that_others_could_have_written_to(state: StateDirectory) -> None:
    state.savepoint("a")
    (state.path / "savepoints" / "a.sqlite").chmod(0o666)
    with pytest.raises(StateDirectoryError, match=r"a\.sqlite can be written to by others \(mode 666\); "):
        open_savepoint_file(savepoint_path(state.path, "a"), private=True)


def test_a_damaged_savepoint(state: StateDirectory) -> None:
    state.savepoint("a")
    path = state.path / "savepoints" / "a.sqlite"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"second", b"sEcond"))
    what = "a piece of step 's', scope 'w2', does not match its checksum"
    with open_savepoint_file(path) as savepoint:
        message = f"the savepoint {path} is damaged: {what}; use another one, or a copy of it"
        with pytest.raises(StateDamagedError, match=f"^{message}$"):
            list(savepoint.read())
        assert savepoint.manifest() == b"one"
    path.write_bytes(b"dear diary" * 1000)
    message = f"the database in {path} is damaged: file is not a database; start from a savepoint or a copy of it"
    with pytest.raises(StateDamagedError, match=f"^{message}$"):
        open_savepoint_file(path)
