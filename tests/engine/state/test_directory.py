"""Checkpoints in a state directory: what they consist of, and what is refused."""

from __future__ import annotations

import re
import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from streamcore.engine.state.directory import StateDirectory
from streamcore.engine.state.pieces import Piece, Scope
from streamcore.errors import InvariantError, StateDirectoryError, StateTakenOverError


@pytest.fixture
def state(tmp_path: Path):
    with StateDirectory.open(tmp_path / "state") as opened:
        yield opened


def write(state: StateDirectory, number: int, *pieces: Piece, dropped: list[Scope] = []) -> None:  # noqa: B006
    state.prepare(number, f"manifest {number}".encode(), pieces, dropped)
    state.apply(number)


def piece(data: str, scope: str = "w1", step: str = "Count") -> Piece:
    return Piece(step, scope, data.encode())


def test_a_new_directory_holds_nothing(state: StateDirectory) -> None:
    assert (state.applied(), state.prepared(), state.checkpoints(), state.epoch) == (None, None, [], 1)
    assert state.savepoints() == []
    assert re.fullmatch("[0-9a-f]{32}", state.state_id)


def test_a_checkpoint_is_all_pieces_so_far_in_order_of_writing(state: StateDirectory) -> None:
    write(state, 0, piece("a"), piece("b", "w2"))
    write(state, 1, piece("c", "w2"), piece("d"), piece("d"))
    assert list(state.read(1)) == [piece("a"), piece("b", "w2"), piece("c", "w2"), piece("d"), piece("d")]
    assert state.manifest(1) == b"manifest 1"


def test_a_scope_is_dropped_as_a_whole(state: StateDirectory) -> None:
    write(state, 0, piece("a"), piece("b", "w2"), piece("c", step="Mean"))
    write(state, 1, piece("d"))
    write(state, 2, dropped=[("Count", "w1"), ("Count", "never written")])
    assert list(state.read(2)) == [piece("b", "w2"), piece("c", step="Mean")]


def test_a_scope_that_is_dropped_and_written_to_is_replaced(state: StateDirectory) -> None:
    write(state, 0, piece("a"), piece("b"))
    write(state, 1, piece("a and b"), dropped=[("Count", "w1")])
    assert list(state.read(1)) == [piece("a and b")]


def test_the_checkpoint_before_stays_until_the_next_is_applied(state: StateDirectory) -> None:
    write(state, 0, piece("a"))
    write(state, 1, piece("b"), dropped=[("Count", "w1")])
    assert list(state.read(0)) == [piece("a")]
    state.prepare(2, b"", [], [])
    assert state.checkpoints() == [0, 1, 2]
    assert list(state.read(0)) == [piece("a")]
    state.apply(2)
    assert state.checkpoints() == [1, 2]
    message = f"the state directory {state.path} has no checkpoint 0; it has: 1, 2"
    with pytest.raises(StateDirectoryError, match=f"^{message}$"):
        state.manifest(0)
    with pytest.raises(StateDirectoryError, match=f"^{message}$"):
        list(state.read(0))


def test_what_is_in_no_checkpoint_any_more_takes_no_room(state: StateDirectory) -> None:
    for number in range(4):
        write(state, number, piece("x" * 100_000), dropped=[("Count", "w1")])
    with sqlite3.connect(state.path / "state.sqlite") as database:
        assert database.execute("SELECT count(*) FROM pieces").fetchone() == (2,)
    database.close()


def test_a_prepared_checkpoint_is_read_but_not_applied(state: StateDirectory) -> None:
    write(state, 0, piece("a"))
    state.prepare(1, b"m", [piece("b")], [("Count", "w1")])
    assert (state.applied(), state.prepared()) == (0, 1)
    assert (list(state.read(0)), list(state.read(1))) == ([piece("a")], [piece("b")])


def test_a_checkpoint_that_is_rolled_back_leaves_nothing(state: StateDirectory) -> None:
    write(state, 0, piece("a"))
    state.prepare(1, b"m", [piece("b")], [("Count", "w1")])
    state.roll_back(1)
    state.roll_back(1)
    assert (state.applied(), state.prepared(), state.checkpoints()) == (0, None, [0])
    assert list(state.read(0)) == [piece("a")]
    write(state, 1, piece("c"))
    assert list(state.read(1)) == [piece("a"), piece("c")]


def test_to_apply_twice_is_to_apply_once(state: StateDirectory) -> None:
    write(state, 0, piece("a"))
    state.apply(0)
    assert state.applied() == 0


def test_everything_is_there_after_opening_it_again(tmp_path: Path) -> None:
    with StateDirectory.open(tmp_path / "a" / "b") as state:
        write(state, 0, piece("a"), piece("b", "w2"))
        state.prepare(1, b"m", [piece("c")], [("Count", "w2")])
        state_id = state.state_id
    with StateDirectory.open(str(tmp_path / "a" / "b")) as state:
        assert state.state_id == state_id
        assert (state.applied(), state.prepared(), state.epoch) == (0, 1, 2)
        assert list(state.read(1)) == [piece("a"), piece("c")]


@pytest.mark.parametrize(
    ("call", "standing"),
    [
        (
            lambda s: s.prepare(3, b"", [], []),
            "3 is to be prepared, but the last applied one is 1 and the undecided one None",
        ),
        (
            lambda s: s.prepare(1, b"", [], []),
            "1 is to be prepared, but the last applied one is 1 and the undecided one None",
        ),
        (lambda s: s.apply(2), "2 is to be applied, but the last applied one is 1 and the undecided one None"),
        (lambda s: s.roll_back(1), "1 is to be rolled back, but the last applied one is 1 and the undecided one None"),
        (
            lambda s: (s.prepare(2, b"", [], []), s.prepare(3, b"", [], [])),
            "3 is to be prepared, but the last applied one is 1 and the undecided one 2",
        ),
        (
            lambda s: (s.prepare(2, b"", [], []), s.prepare(2, b"", [], [])),
            "2 is to be prepared, but the last applied one is 1 and the undecided one 2",
        ),
    ],
)
def test_checkpoints_come_one_after_another(state: StateDirectory, call, standing: str) -> None:
    write(state, 0, piece("a"))
    write(state, 1, piece("b"))
    message = f"internal invariant broken: checkpoint {standing}; this is a bug in streamcore, please report it"
    with pytest.raises(InvariantError, match=f"^{message}$"):
        call(state)
    assert list(state.read(1)) == [piece("a"), piece("b")]


def test_pieces_that_fail_on_the_way_leave_nothing(state: StateDirectory) -> None:
    write(state, 0, piece("a"))
    with pytest.raises(UnicodeEncodeError):
        state.prepare(1, b"m", [piece("b"), piece("c", "\ud800")], [("Count", "w1")])
    assert (list(state.read(0)), state.prepared()) == ([piece("a")], None)
    write(state, 1, piece("b"))


def test_many_scopes_may_be_dropped_at_once(state: StateDirectory) -> None:
    scopes = [f"w{number}" for number in range(1000)]
    write(state, 0, *[piece("a", scope) for scope in scopes], piece("b", "kept"))
    write(state, 1, dropped=[("Count", scope) for scope in scopes])
    assert list(state.read(1)) == [piece("b", "kept")]


def test_names_may_hold_anything_that_is_text(state: StateDirectory) -> None:
    odd = [piece("a", '"]\\\n\0ü', "Step/'1'"), piece("b", "", "")]
    write(state, 0, *odd)
    assert list(state.read(0)) == odd
    write(state, 1, dropped=[odd[0][:2]])
    assert list(state.read(1)) == odd[1:]


def test_going_back_to_the_checkpoint_before(state: StateDirectory) -> None:
    write(state, 0, piece("a"))
    write(state, 1, piece("b"), dropped=[("Count", "w1")])
    state.prepare(2, b"", [piece("c")], [("Count", "w1")])
    state.revert_to(0)
    assert (state.applied(), state.prepared(), state.checkpoints()) == (0, None, [0])
    assert list(state.read(0)) == [piece("a")]
    write(state, 1, piece("d"))
    assert list(state.read(1)) == [piece("a"), piece("d")]


def test_going_back_needs_an_applied_checkpoint(state: StateDirectory) -> None:
    write(state, 0, piece("a"))
    state.prepare(1, b"", [], [])
    message = f"the state directory {state.path} has no checkpoint 5; it has: 0, 1"
    with pytest.raises(StateDirectoryError, match=f"^{message}$"):
        state.revert_to(5)
    message = "cannot go back to checkpoint 1, which is not decided yet; go back to 0"
    with pytest.raises(StateDirectoryError, match=f"^{message}$"):
        state.revert_to(1)


def test_a_process_that_lost_the_directory_writes_nothing(tmp_path: Path) -> None:
    old = StateDirectory.open(tmp_path)
    write(old, 0, piece("a"))
    old.prepare(1, b"", [piece("b")], [])
    new = StateDirectory.open(tmp_path, take_over=True)
    assert new.epoch == old.epoch + 1
    message = (
        f"the state directory {re.escape(str(tmp_path))} was taken over by process .+; "
        "this process writes nothing to it any more: end it"
    )
    for write_something in (
        lambda: old.apply(1),
        lambda: old.roll_back(1),
        lambda: old.prepare(2, b"", [], []),
        lambda: old.revert_to(0),
        lambda: old.savepoint("mine"),
    ):
        with pytest.raises(StateTakenOverError, match=f"^{message}$"):
            write_something()
    old.close()
    assert (new.applied(), new.prepared(), new.savepoints()) == (0, 1, [])
    new.apply(1)
    new.close()
    assert list((tmp_path / "savepoints").iterdir()) == []


class CheckpointModel(RuleBasedStateMachine):
    """Any sequence of calls against lists in memory."""

    scopes = st.tuples(st.sampled_from(["s1", "s2"]), st.sampled_from(["w1", "w2"]))
    pieces = st.lists(st.builds(lambda scope, data: Piece(*scope, data), scopes, st.binary(max_size=3)), max_size=4)

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.state = StateDirectory.open(self.folder.name)
        self.held: dict[int, list[Piece]] = {}
        self.applied: int | None = None
        self.prepared: int | None = None

    def teardown(self) -> None:
        self.state.close()
        self.folder.cleanup()

    @precondition(lambda self: self.prepared is None)
    @rule(pieces=pieces, dropped=st.lists(scopes, max_size=3))
    def prepare(self, pieces: list[Piece], dropped: list[Scope]) -> None:
        number = 0 if self.applied is None else self.applied + 1
        self.state.prepare(number, bytes([number]), pieces, dropped)
        before = [] if self.applied is None else self.held[self.applied]
        self.held[number] = [piece for piece in before if piece[:2] not in dropped] + pieces
        self.prepared = number

    @precondition(lambda self: self.prepared is not None)
    @rule()
    def apply(self) -> None:
        self.state.apply(self.prepared)
        self.applied, self.prepared = self.prepared, None
        self.held = {number: held for number, held in self.held.items() if number >= self.applied - 1}

    @precondition(lambda self: self.prepared is not None)
    @rule()
    def roll_back(self) -> None:
        self.state.roll_back(self.prepared)
        del self.held[self.prepared]
        self.prepared = None

    @rule()
    def open_again(self) -> None:
        self.state.close()
        self.state = StateDirectory.open(self.folder.name)

    @precondition(lambda self: self.applied is not None)
    @rule()
    def go_back(self) -> None:
        number = min(self.held)
        if number == self.prepared:
            return
        self.state.revert_to(number)
        self.held = {number: self.held[number]}
        self.applied, self.prepared = number, None

    @invariant()
    def holds_what_was_written(self) -> None:
        assert (self.state.applied(), self.state.prepared()) == (self.applied, self.prepared)
        assert {number: list(self.state.read(number)) for number in self.state.checkpoints()} == self.held
        assert all(self.state.manifest(number) == bytes([number]) for number in self.held)


TestCheckpointModel = CheckpointModel.TestCase
TestCheckpointModel.settings = settings(max_examples=20, stateful_step_count=15, deadline=None)
