"""The watermark of several splits, and holds."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from streamcore.engine.core.ingress import SourceNode
from streamcore.engine.core.node import Scheduler
from streamcore.engine.core.watermarks import Holds, SplitWatermarks
from streamcore.model.source import Batch
from streamcore.timestamp import MAX_MICROS, MIN_MICROS
from streamcore.windowing import GlobalWindows


def test_the_slowest_split_counts() -> None:
    splits = SplitWatermarks()
    splits.add("a")
    splits.add("b")
    assert splits.update("a", 10) == MIN_MICROS
    assert splits.update("b", 7) == 7
    assert splits.update("b", 20) == 10
    assert splits.others("a") == 20


def test_an_idle_split_does_not_count_until_its_next_element() -> None:
    splits = SplitWatermarks()
    for name in "ab":
        splits.update(name, 1)
    splits.update("a", 50)
    assert splits.set_idle("b") == 50
    assert splits.update("b", 10) == 50  # back, but the watermark never goes back
    assert splits.update("a", 60) == 50
    assert splits.update("b", 55) == 55


def test_an_idle_split_is_not_the_slowest() -> None:
    splits = SplitWatermarks()
    for name in "ab":
        splits.add(name)
    splits.update("a", 100)
    splits.update("b", 5)
    assert splits.lowest() == 5
    splits.set_idle("b")
    assert splits.lowest() == 100


def test_an_idle_split_of_a_source_counts_again_though_its_next_element_tells_no_watermark() -> None:
    scheduler = Scheduler()
    node = SourceNode("read", scheduler, GlobalWindows())
    for name in "ab":
        node.add_split(name)
    node.take("a", Batch([], [], 10))
    node.take("b", Batch([], [], 5))
    node.take("b", Batch([], [], None, idle=True))
    scheduler.run()
    assert node.watermark == 10
    node.take("b", Batch(["element"], [7]))
    node.take("a", Batch([], [], 20))
    scheduler.run()
    assert node.watermark == 10


def test_the_watermark_stays_while_all_are_idle_unless_processing_time_raises_it() -> None:
    splits = SplitWatermarks()
    splits.update("a", 5)
    assert splits.set_idle("a") == 5
    assert splits.all_idle()
    assert splits.raise_to(9) == 9
    assert splits.raise_to(3) == 9


def test_a_new_split_joins_at_the_present_watermark() -> None:
    splits = SplitWatermarks()
    splits.update("a", 40)
    splits.add("b")
    assert splits.snapshot()[0] == 40
    assert splits.of("b") == 40
    assert splits.update("b", 3) == 40  # its older elements are late
    assert splits.update("a", 80) == 40
    assert splits.update("b", 90) == 80


def test_an_ended_split_does_not_count() -> None:
    splits = SplitWatermarks()
    splits.update("a", 5)
    splits.update("b", 9)
    assert splits.set_ended("a") == 9
    assert splits.snapshot() == (9, [("b", 9)])


def test_a_split_that_ends_while_it_is_idle_is_forgotten() -> None:
    splits = SplitWatermarks()
    for name in "abc":
        splits.update(name, 5)
        splits.set_idle(name)
    splits.set_ended("a")
    assert splits.all_idle()
    splits.update("b", 6)
    assert not splits.all_idle()
    splits.set_ended("c")
    assert not splits.all_idle()


def test_the_watermark_of_a_split_never_goes_back() -> None:
    splits = SplitWatermarks()
    for name in "ab":
        splits.add(name)
    splits.update("a", 50)
    assert splits.update("b", 20) == 20
    assert splits.update("a", 10) == 20
    assert splits.of("a") == 50
    assert splits.update("b", 60) == 50


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["update", "idle", "end", "add"]), st.integers(0, 99)))
)
def test_the_watermark_never_goes_back(moves: list[tuple[str, str, int]]) -> None:
    splits, before = SplitWatermarks(), MIN_MICROS
    for split, move, time in moves:
        if move == "update":
            splits.update(split, time)
        elif move == "idle":
            splits.set_idle(split)
        elif move == "end":
            splits.set_ended(split)
        else:
            splits.add(split)
        watermark, _ = splits.snapshot()
        assert watermark >= before
        before = watermark


def test_holds_are_counted() -> None:
    holds = Holds()
    assert holds.lowest() == MAX_MICROS
    holds.hold(5)
    holds.hold(5)
    holds.hold(9)
    holds.release(5)
    assert holds.lowest() == 5
    holds.release(5)
    assert holds.lowest() == 9
    with pytest.raises(KeyError):
        holds.release(5)


@given(st.lists(st.integers(0, 20)), st.data())
def test_the_lowest_hold_is_the_lowest_that_is_held(times: list[int], data: st.DataObject) -> None:
    holds, held = Holds(), []
    for time in times:
        holds.hold(time)
        held.append(time)
        if data.draw(st.booleans()):
            freed = data.draw(st.sampled_from(held))
            held.remove(freed)
            holds.release(freed)
        assert holds.lowest() == min(held, default=MAX_MICROS)


def test_watermarks_of_splits_go_on_from_a_snapshot() -> None:
    splits = SplitWatermarks()
    for name, mark in (("slow", 10), ("idle", 5), ("ended", 1)):
        splits.update(name, mark)
    splits.set_idle("idle")
    splits.set_ended("ended")
    again = SplitWatermarks()
    again.restore(splits.snapshot())
    for one in (splits, again):
        assert one.snapshot() == (10, [("slow", 10), ("idle", 10)])
    assert splits.update("slow", 20) == 20, "the idle split does not hold it back"
    assert splits.others("slow") == MAX_MICROS
    assert again.update("slow", 20) == 10, "after a crash it may have something, until it has been asked"
    assert again.set_idle("idle") == 20
    for one in (splits, again):
        assert one.update("idle", 6) == 20, "it does not pull it back"


def test_a_split_of_which_nobody_knows_whether_it_has_something_is_not_idle() -> None:
    splits = SplitWatermarks()
    splits.update("a", 5)
    splits.set_idle("a")
    splits.raise_to(9)
    splits.set_active("a")
    assert not splits.all_idle()
    assert splits.snapshot() == (9, [("a", 5)])
