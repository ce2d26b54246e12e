"""The cost of keeping state follows what has changed, and what is kept follows what there is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from streamcore import CombinePerKey
from streamcore.engine.core.changes import Change
from streamcore.engine.core.node import Node
from streamcore.errors import InvariantError
from streamcore.model.source import Batch
from streamcore.model.windowing import Windowing
from streamcore.triggers import AfterCount, DefaultTrigger, Repeatedly
from streamcore.windowing import FixedWindows, GlobalWindows, Sessions, SlidingWindows
from tests.laws.arrivals import Element, Poll, Replay
from tests.laws.runs import Build
from tests.laws.stops import Engine, Kept, restored

SECOND = 1_000_000
RARELY = Repeatedly(AfterCount(1000))
KINDS = {
    "spans": Windowing(FixedWindows(60), DefaultTrigger()),
    "shared spans": Windowing(SlidingWindows(60, 10), DefaultTrigger()),
    "sessions": Windowing(Sessions(60), DefaultTrigger()),
    "cells": Windowing(FixedWindows(60), RARELY),
    "merging cells": Windowing(Sessions(60), RARELY),
}


@pytest.fixture(params=KINDS)
def windowing(request: pytest.FixtureRequest) -> Windowing:
    return KINDS[request.param]


def make(windowing: Windowing) -> Engine:
    build = Build(Replay([], 1), 256)
    build.group(build.read(None, [0]), windowing, CombinePerKey(sum), "sums")
    return Engine(build)


def started(windowing: Windowing) -> Engine:
    engine = make(windowing)
    engine.start()
    return engine


def feed(engine: Engine, keys: Iterator[str] | list[str], time: int, watermark: int | None = None) -> None:
    values = [Element(0, key, 1, time * SECOND) for key in keys]
    mark = None if watermark is None else watermark * SECOND
    engine.play(Poll(0, Batch(values, [value.time for value in values], mark)))


def node_of(engine: Engine) -> Node:
    return next(node for node in engine.plan.nodes if node.label == "sums")


def taken(engine: Engine) -> list[Change]:
    return [change for change in node_of(engine).changes() if change is not None]


def keys_in(changes: list[Change]) -> list[str]:
    """The keys of all rows, wherever a kind of node writes them."""
    return [value for change in changes for column in change.columns for value in column if isinstance(value, str)]


def names(count: int) -> list[str]:
    return [f"key {number}" for number in range(count)]


def test_the_first_changes_are_all_there_is_in_small_pieces(windowing: Windowing) -> None:
    engine = started(windowing)
    feed(engine, names(1700), 5)
    rows = [change for change in taken(engine) if change.scope]
    assert keys_in(rows) == names(1700)
    assert [len(keys_in([change])) for change in rows] == [500, 500, 500, 200]


def test_later_changes_are_those_that_were_touched(windowing: Windowing) -> None:
    engine = started(windowing)
    feed(engine, names(1700), 5)
    taken(engine)
    feed(engine, ["key 3", "new", "key 1000", "key 3"], 6)
    rows = [change for change in taken(engine) if change.scope]
    assert sorted(keys_in(rows)) == ["key 1000", "key 3", "new"]
    assert not any(change.replaces for change in rows)


def test_without_tracking_nothing_is_noted(windowing: Windowing) -> None:
    engine = started(windowing)
    node_of(engine).tracks = False
    feed(engine, names(10), 5)
    assert [change.scope for change in taken(engine)] == [""]


def test_what_is_born_and_closed_in_between_is_never_written(windowing: Windowing) -> None:
    engine = started(windowing)
    taken(engine)
    feed(engine, names(100), 5)
    feed(engine, [], 0, watermark=1000)
    assert [change.scope for change in taken(engine)] == [""]


def test_nothing_is_kept_of_what_is_over(windowing: Windowing) -> None:
    engine, kept = started(windowing), Kept()
    feed(engine, names(1000), 5)
    kept.take(node_of(engine))
    feed(engine, ["last"], 2000, watermark=1000)
    kept.take(node_of(engine))
    rows = [change for change in kept.changes[node_of(engine).state_name] if change.scope]
    assert {key for key in keys_in(rows) if key != "last"} == set()


def test_what_is_written_again_and_again_does_not_fill_the_disk(windowing: Windowing) -> None:
    engine, kept = started(windowing), Kept()
    feed(engine, names(300), 5)
    sizes = []
    for _ in range(60):
        feed(engine, names(200), 5)
        kept.take(node_of(engine))
        rows = [change for change in kept.changes[node_of(engine).state_name] if change.scope]
        sizes.append(len(keys_in(rows)))
    assert max(sizes) <= 5 * 300 + 2000
    assert sizes.index(300, 1) > 5, "written anew, but not every time"


def test_what_goes_one_by_one_does_not_stay_on_the_disk() -> None:
    engine, kept = started(KINDS["sessions"]), Kept()
    sizes = []
    for minute in range(1, 200):
        # One session goes on and on, and keeps a place among the others that have ended.
        feed(engine, [f"{minute}:{name}" for name in names(100)], 30 * minute, watermark=30 * minute - 1)
        feed(engine, ["always"], 30 * minute)
        kept.take(node_of(engine))
        rows = [change for change in kept.changes[node_of(engine).state_name] if change.scope]
        sizes.append(len(keys_in(rows)))
    assert max(sizes) <= 5 * 400 + 2000


@pytest.mark.parametrize("kind", ["spans", "cells"])
def test_small_windows_share_pieces(kind: str) -> None:
    engine = started(KINDS[kind])
    for minute in range(2000):
        feed(engine, ["a", "b"], 60 * minute)
    rows = [change for change in taken(engine) if change.scope]
    assert len(rows) == 8
    assert {len(keys_in([change])) for change in rows} == {500}


@pytest.mark.parametrize("kind", ["spans", "cells"])
def test_windows_that_share_a_scope_are_all_written_anew(kind: str) -> None:
    engine, kept = started(KINDS[kind]), Kept()
    for minute in range(4):
        feed(engine, names(10), 60 * minute)
    for node in engine.plan.nodes:
        kept.take(node)
    anew = 0
    for _ in range(12):
        # Nothing new in some windows, and so much in others that the scope is written anew, in several pieces.
        for minute in (1, 3):
            feed(engine, names(500), 60 * minute)
        for node in engine.plan.nodes:
            kept.take(node)
        anew += any(change.replaces for change in kept.changes[node_of(engine).state_name] if change.scope)
    assert anew
    again = restored(kept, engine, make(KINDS[kind]))
    for one in (engine, again):
        one.outputs.clear()
        one.end(0)
        one.end_all()
    assert again.outputs == engine.outputs


@pytest.mark.parametrize("kind", ["spans", "cells"])
def test_a_window_that_is_over_does_not_come_back_with_those_it_shared_a_piece_with(kind: str) -> None:
    engine, kept = started(KINDS[kind]), Kept()
    feed(engine, ["a"], 5)
    feed(engine, ["b"], 65)
    for node in engine.plan.nodes:
        kept.take(node)
    feed(engine, [], 0, watermark=60)
    for node in engine.plan.nodes:
        kept.take(node)
    again = restored(kept, engine, make(KINDS[kind]))
    again.outputs.clear()
    again.end(0)
    again.end_all()
    panes = [one.value for label, one in again.outputs if label == "keep sums"]
    assert panes == [("b", 1)]


def test_cells_keep_their_order(windowing: Windowing) -> None:
    engine, kept = started(windowing), Kept()
    feed(engine, ["c", "a"], 5)
    kept.take(node_of(engine))
    feed(engine, ["d", "a", "b"], 5)
    for node in engine.plan.nodes:
        kept.take(node)
    again = restored(kept, engine, make(windowing))
    for one in (engine, again):
        one.outputs.clear()
        one.end(0)
        one.end_all()
    assert again.outputs == engine.outputs


def test_a_step_with_one_window_for_all_time_is_kept_too() -> None:
    windowing = Windowing(GlobalWindows(), DefaultTrigger())
    engine, kept = started(windowing), Kept()
    feed(engine, names(3), 5)
    for node in engine.plan.nodes:
        kept.take(node)
    again = restored(kept, engine, make(windowing))
    again.end(0)
    again.end_all()
    panes = [one.value for label, one in again.outputs if label == "keep sums"]
    assert panes == [("key 0", 1), ("key 1", 1), ("key 2", 1)]


def test_rows_of_a_step_that_keeps_none() -> None:
    engine = started(KINDS["spans"])
    node = next(node for node in engine.plan.nodes if node.label.startswith("pairs"))
    with pytest.raises(InvariantError) as caught:
        node.restore(Change("1", ([1],)))
    assert str(caught.value) == (
        "internal invariant broken: rows of scope '1' are to be put back in 'pairs [0] (step)', which keeps none; "
        "this is a bug in streamcore, please report it"
    )


def test_names_of_steps_are_unique() -> None:
    engine = started(KINDS["spans"])
    found = [node.state_name for node in engine.plan.nodes]
    assert len(set(found)) == len(found)
    assert found[:2] == ["read [0] (source)", "pairs [0] (step)"]
