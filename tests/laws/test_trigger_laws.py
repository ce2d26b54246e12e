"""The algebra of triggers, and what the engine relies on when it does not ask after every element."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import assume, given, strategies as st

from streamcore.model.trigger import DataLossReason, Moment, Trigger
from streamcore.triggers import (
    AfterAll,
    AfterAny,
    AfterEach,
    AfterWatermark,
    DefaultTrigger,
    Never,
    OrFinally,
    Repeatedly,
)
from tests.laws.trigger_strategies import TRIGGERS, scripts
from tests.triggers.driver import END, SECOND, Cell, play

MINUTE = 60_000_000


def same(left: Trigger, right: Trigger, script: list[str]) -> None:
    assert play(left, " ".join(script)) == play(right, " ".join(script))


@given(scripts())
def test_default_is_repeatedly_after_watermark(script: list[str]) -> None:
    same(DefaultTrigger(), Repeatedly(AfterWatermark()), script)


@given(TRIGGERS, TRIGGERS, scripts())
def test_nothing_comes_after_what_is_repeated(a: Trigger, b: Trigger, script: list[str]) -> None:
    same(AfterEach(Repeatedly(a), b), Repeatedly(a), script)


@given(TRIGGERS, scripts())
def test_to_repeat_twice_is_to_repeat(a: Trigger, script: list[str]) -> None:
    same(Repeatedly(Repeatedly(a)), Repeatedly(a), script)


@given(TRIGGERS, scripts())
def test_any_all_and_each_of_one_are_that_one(a: Trigger, script: list[str]) -> None:
    same(AfterAny(a), a, script)
    same(AfterAll(a), a, script)
    same(AfterEach(a), a, script)


@given(TRIGGERS, TRIGGERS, scripts())
def test_any_and_all_know_no_order(a: Trigger, b: Trigger, script: list[str]) -> None:
    same(AfterAny(a, b), AfterAny(b, a), script)
    same(AfterAll(a, b), AfterAll(b, a), script)


@given(TRIGGERS, TRIGGERS, TRIGGERS, scripts())
def test_each_is_associative(a: Trigger, b: Trigger, c: Trigger, script: list[str]) -> None:
    same(AfterEach(a, AfterEach(b, c)), AfterEach(AfterEach(a, b), c), script)
    same(AfterEach(a, b, c), AfterEach(AfterEach(a, b), c), script)


@given(TRIGGERS, scripts())
def test_or_finally_never_is_the_trigger_itself(a: Trigger, script: list[str]) -> None:
    same(OrFinally(a, Never()), a, script)


@given(TRIGGERS, scripts())
def test_never_takes_no_part_in_any(a: Trigger, script: list[str]) -> None:
    same(AfterAny(a, Never()), a, script)


@given(TRIGGERS, scripts())
def test_early_and_late_are_repeated(a: Trigger, script: list[str]) -> None:
    same(AfterWatermark(early=a, late=a), AfterWatermark(early=Repeatedly(a), late=Repeatedly(a)), script)


@given(TRIGGERS, scripts())
def test_repeatedly_never_finishes(a: Trigger, script: list[str]) -> None:
    assert "." not in play(Repeatedly(a), " ".join(script))


@given(TRIGGERS, st.booleans(), st.data())
def test_a_trigger_that_loses_nothing_does_not_finish_before_the_last_element(
    trigger: Trigger, lateness: bool, data: st.DataObject
) -> None:
    assume(trigger.may_lose_data(MINUTE if lateness else 0) == DataLossReason.NO_POTENTIAL_LOSS)
    script = data.draw(scripts(late=lateness))
    played = play(trigger, " ".join(script))
    assert "." not in (played if lateness else played.split(END, maxsplit=1)[0])


def reached(trigger: Trigger, script: list[str]) -> Cell:
    """The cell after the script, or before the step that would finish the trigger."""
    cell = Cell(trigger)
    for token in script:
        before = copy.copy(cell)
        cell.step(token)
        if cell.finished:
            return before
    return cell


@given(TRIGGERS, scripts(), st.integers(0, 20), st.data())
def test_quiet_elements_may_come_in_at_once(trigger: Trigger, script: list[str], cut: int, data: st.DataObject) -> None:
    cell = reached(trigger, script[:cut])
    quiet = trigger.quiet(cell.state, cell.moment)
    count = data.draw(st.integers(0, min(quiet, 10)))
    together = trigger.on_elements(cell.state, count, cell.moment) if count else cell.state
    single = cell.state
    for _ in range(count):
        single = trigger.on_elements(single, 1, cell.moment)
        assert not trigger.should_fire(single, cell.moment)
        assert trigger.quiet(single, cell.moment) <= quiet
    assert together == single
    # Another element, or the clock, finds both alike.
    assert trigger.on_elements(together, 1, cell.moment) == trigger.on_elements(single, 1, cell.moment)
    assert trigger.deadline(together) == trigger.deadline(single)


@given(TRIGGERS, scripts(), st.integers(0, 20), st.integers(0, 3), st.data())
def test_quiet_elements_may_come_in_at_any_time_before_the_deadline(
    trigger: Trigger, script: list[str], cut: int, seconds: int, data: st.DataObject
) -> None:
    """Whether `on_elements` is told of them when they come, or of all of them together at the end."""
    cell = reached(trigger, script[:cut])
    count = data.draw(st.integers(0, min(trigger.quiet(cell.state, cell.moment), 10)))
    deadline = trigger.deadline(cell.state)
    latest = cell.moment.now + seconds * SECOND
    after = cell.moment._replace(now=latest if deadline is None else max(cell.moment.now, min(latest, deadline - 1)))
    if not count:
        return
    early = trigger.on_elements(cell.state, count, cell.moment)
    assert trigger.on_elements(cell.state, count, after) == early
    assert not trigger.should_fire(early, after) or trigger.should_fire(cell.state, after)


@given(TRIGGERS, scripts(), st.integers(0, 20), st.integers(0, 30))
def test_no_pane_is_due_without_a_deadline(trigger: Trigger, script: list[str], cut: int, seconds: int) -> None:
    cell = reached(trigger, script[:cut])
    later = cell.moment._replace(now=cell.moment.now + seconds * SECOND)
    if trigger.should_fire(cell.state, later) and not trigger.should_fire(cell.state, cell.moment):
        deadline = trigger.deadline(cell.state)
        assert deadline is not None
        # After the window's end a mixture of end and time may fire a little late, but it does fire.
        assert deadline <= later.now or later.ended


@given(TRIGGERS, scripts(), st.integers(0, 20), st.integers(0, 5), st.integers(0, 30))
def test_time_and_watermark_never_take_a_pane_back(
    trigger: Trigger, script: list[str], cut: int, count: int, seconds: int
) -> None:
    cell = reached(trigger, script[:cut])
    state = trigger.on_elements(cell.state, count, cell.moment) if count else cell.state
    if trigger.should_fire(state, cell.moment):
        assert trigger.should_fire(state, Moment(cell.moment.ended, cell.moment.now + seconds * SECOND))
        assert trigger.should_fire(state, Moment(True, cell.moment.now))


def is_plain(state: Any) -> bool:
    if isinstance(state, tuple):
        return all(map(is_plain, state))
    return state is None or type(state) in (bool, int)


@given(TRIGGERS, scripts())
def test_state_is_plain_data_and_triggers_remember_nothing(trigger: Trigger, script: list[str]) -> None:
    untouched = copy.deepcopy(trigger)
    cell = Cell(trigger)
    for token in script:
        assert is_plain(cell.state)
        cell.step(token)
    assert is_plain(cell.state)
    assert trigger == untouched


@given(TRIGGERS, st.lists(st.tuples(scripts(), st.integers(0, 20)), min_size=1, max_size=3), st.booleans())
def test_merging_knows_no_order(trigger: Trigger, parts: list[tuple[list[str], int]], ended: bool) -> None:
    states = [reached(trigger, script[:cut]).state for script, cut in parts]
    moment = Moment(ended, 60 * SECOND)
    merged = trigger.on_merge(states, moment)
    assert is_plain(merged)
    assert trigger.on_merge(states[::-1], moment) == merged
    trigger.should_fire(trigger.on_elements(merged, 1, moment), moment)


@given(TRIGGERS, scripts(), st.integers(0, 20))
def test_a_window_that_only_grows_goes_on(trigger: Trigger, script: list[str], cut: int) -> None:
    """A merge of one window that has not ended, and still has not, changes nothing."""
    cell = reached(trigger, script[: min(cut, script.index(END))])
    assert trigger.on_merge([cell.state], cell.moment) == cell.state
