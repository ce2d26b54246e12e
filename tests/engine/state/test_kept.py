"""State that earlier versions wrote can still be read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from streamcore.engine.state.columns import decode
from streamcore.engine.state.directory import StateDirectory
from streamcore.engine.state.pieces import Piece
from streamcore.engine.state.savepoints import open_savepoint_file, savepoint_path
from tests.engine.state.kept_contents import FIRST, SECOND, TABLE, VALUES
from tests.engine.state.likeness import likeness

KEPT = sorted((Path(__file__).parent / "kept").iterdir())


@pytest.fixture(params=KEPT, ids=lambda path: path.name)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy, as opening a directory writes to it."""
    return shutil.copytree(request.param, tmp_path / "kept")


def places(pieces: list[Piece]) -> list[tuple[str, str]]:
    return [(piece.step, piece.scope) for piece in pieces]


def test_checkpoints_are_read(kept: Path) -> None:
    with StateDirectory.open(kept) as state:
        assert (state.checkpoints(), state.applied(), state.prepared()) == ([0, 1, 2], 1, 2)
        assert [state.manifest(number) for number in range(3)] == [b"first", b"second", b"undecided"]
        assert places(list(state.read(1))) == places([FIRST[1], *SECOND])
        state.apply(2)
        state.prepare(3, b"", SECOND, [])


def test_values_are_read(kept: Path) -> None:
    with StateDirectory.open(kept) as state:
        values, table = [decode(piece.data) for piece in state.read(0)]
    assert [likeness(value) for value in values] == [likeness(value) for value in VALUES]
    assert table == TABLE


def test_savepoints_are_read(kept: Path) -> None:
    with open_savepoint_file(savepoint_path(kept, "kept")) as savepoint:
        assert (savepoint.number, savepoint.manifest(), len(savepoint.state_id)) == (0, b"first", 32)
        assert places(list(savepoint.read())) == places(FIRST)
