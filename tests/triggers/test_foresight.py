"""How far ahead a trigger can tell: `quiet` elements, and the `deadline`."""

from __future__ import annotations

from typing import Any

import pytest

from streamcore.model.trigger import UNLIMITED, Moment, Trigger, fires_at_end_only
from streamcore.triggers import (
    AfterAll,
    AfterAny,
    AfterCount,
    AfterEach,
    AfterProcessingTime,
    AfterWatermark,
    Always,
    DefaultTrigger,
    Never,
    OrFinally,
    Repeatedly,
)
from tests.triggers.driver import SECOND, AtEnd

OPEN = Moment(ended=False, now=0)
ENDED = Moment(ended=True, now=0)
LATER = Moment(ended=False, now=60 * SECOND)

QUIET: list[tuple[Trigger, Any, Moment, int, str]] = [
    (DefaultTrigger(), None, OPEN, UNLIMITED, "only the end counts"),
    (DefaultTrigger(), None, ENDED, 0, "every late element fires"),
    (Always(), None, OPEN, 0, "every element fires"),
    (Never(), None, ENDED, UNLIMITED, "nothing fires"),
    (AfterCount(5), 0, OPEN, 4, "the fifth fires"),
    (AfterCount(5), 4, OPEN, 0, "the next fires"),
    (AfterProcessingTime(9), None, OPEN, 0, "the first element sets the time"),
    (AfterProcessingTime(9), 9 * SECOND, OPEN, UNLIMITED, "only the clock counts"),
    (AfterProcessingTime(9), 9 * SECOND, LATER, 0, "due already"),
    (AfterWatermark(), (False, None), OPEN, UNLIMITED, "only the end counts"),
    (AfterWatermark(), (False, None), ENDED, 0, "the first element of a window that has ended"),
    (AfterWatermark(), (True, None), ENDED, UNLIMITED, "finished"),
    (AfterWatermark(early=AfterCount(5)), (False, 2), OPEN, 2, "as early does"),
    (AfterWatermark(early=AfterCount(5)), (False, 2), ENDED, 0, "the end is passed"),
    (AfterWatermark(late=AfterCount(5)), (True, 2), ENDED, 2, "as late does"),
    (Repeatedly(AfterCount(5)), 2, OPEN, 2, "as what it repeats"),
    (AfterAny(AfterCount(5), AfterCount(9)), (2, 2), OPEN, 2, "the first of all"),
    (AfterAny(AfterCount(5), AfterProcessingTime(9)), (0, None), OPEN, 0, "one wants to see the first"),
    (AfterAll(AfterCount(5), AfterCount(9)), ((2,), (2,)), OPEN, 2, "no more than any of them"),
    (AfterAll(AfterCount(5), AfterCount(9)), ((6,), (6,)), OPEN, 2, "one has enough and waits for the other"),
    (AfterAll(AfterCount(5), AfterCount(9)), ((), (6,)), OPEN, 2, "one has finished"),
    (AfterAll(AfterCount(5), AfterCount(9)), ((9,), (9,)), OPEN, 0, "due already"),
    (AfterAll(AfterCount(5), AfterWatermark()), ((6,), ((False, None),)), OPEN, UNLIMITED, "only the end is missing"),
    (AfterEach(AfterCount(5), AfterCount(9)), (1, 2), OPEN, 6, "as the present one does"),
    (AfterEach(AfterCount(5)), (1, None), OPEN, UNLIMITED, "finished"),
    (OrFinally(AfterCount(5), AfterCount(9)), (0, 6), OPEN, 2, "the first of both"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("trigger", "state", "moment", "quiet", "why"), QUIET, ids=[f"{row[0]}: {row[4]}" for row in QUIET]
)
def test_quiet(trigger: Trigger, state: Any, moment: Moment, quiet: int, why: str) -> None:
    assert trigger.quiet(state, moment) == quiet


DEADLINES: list[tuple[Trigger, Any, int | None, str]] = [
    (DefaultTrigger(), None, None, "the clock plays no part"),
    (AfterCount(5), 3, None, "the clock plays no part"),
    (AfterProcessingTime(9), None, None, "no element yet"),
    (AfterProcessingTime(9), 50, 50, "set by the first element"),
    (Repeatedly(AfterProcessingTime(9)), 50, 50, "as what it repeats"),
    (AfterWatermark(), (False, None), None, "the clock plays no part"),
    (AfterWatermark(early=AfterProcessingTime(9)), (False, 50), 50, "as early does"),
    (AfterWatermark(late=AfterProcessingTime(9)), (True, 50), 50, "as late does"),
    (AfterWatermark(), (True, None), None, "finished"),
    (AfterAny(AfterCount(5), AfterProcessingTime(9)), (1, 50), 50, "the only one"),
    (AfterAny(AfterProcessingTime(5), AfterProcessingTime(9)), (30, 50), 30, "the first"),
    (AfterAny(AfterCount(5), AfterProcessingTime(9)), (0, None), None, "no element yet"),
    (AfterAll(AfterProcessingTime(5), AfterProcessingTime(9)), ((30,), (50,)), 50, "the last"),
    (AfterAll(AfterProcessingTime(5), AfterProcessingTime(9)), ((30,), ()), 30, "the other has finished"),
    (AfterAll(AfterCount(5), AfterProcessingTime(9)), ((1,), (50,)), None, "elements are missing, too"),
    (AfterAll(AfterCount(5), AfterProcessingTime(9)), ((5,), (50,)), 50, "only the time is missing"),
    (AfterAll(AfterWatermark(), AfterProcessingTime(9)), (((False, None),), (50,)), 50, "if the window ends before"),
    (
        AfterAll(AfterWatermark(early=AfterProcessingTime(9)), AfterProcessingTime(2)),
        (((False, 50),), (20,)),
        50,
        "the window has not ended, so early has to fire, too",
    ),
    (AfterEach(AfterCount(5), AfterProcessingTime(9)), (1, 50), 50, "as the present one does"),
    (AfterEach(AfterCount(5)), (1, None), None, "finished"),
    (OrFinally(AfterCount(5), AfterProcessingTime(9)), (1, 50), 50, "the only one"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("trigger", "state", "deadline", "why"), DEADLINES, ids=[f"{row[0]}: {row[3]}" for row in DEADLINES]
)
def test_deadline(trigger: Trigger, state: Any, deadline: int | None, why: str) -> None:
    assert trigger.deadline(state) == deadline


AT_END_ONLY: list[tuple[Trigger, bool, str]] = [
    (DefaultTrigger(), True, "late elements play no part"),
    (AfterWatermark(), True, "the end is all there is"),
    (AfterWatermark(late=AfterCount(1)), True, "late elements play no part"),
    (AfterWatermark(early=AfterCount(5)), False, "elements before the end"),
    (AfterWatermark(early=AfterProcessingTime(5)), False, "the clock before the end"),
    (AtEnd(), True, "one of a user's own"),
    (Repeatedly(AtEnd()), True, "as what it repeats"),
    (AfterAll(AfterWatermark(), AfterCount(1)), True, "the first element is enough"),
    (AfterAll(AfterWatermark(), AfterProcessingTime(5)), False, "if the window ends before"),
    (AfterAny(AfterWatermark(), AfterCount(5)), False, "elements before the end"),
    (AfterEach(AfterWatermark(), AfterCount(5)), True, "elements count after the end"),
    (AfterEach(AfterCount(5), AfterWatermark()), False, "elements before the end"),
    (OrFinally(AfterWatermark(), AfterProcessingTime(5)), False, "the clock before the end"),
    (Always(), False, "every element"),
    (Never(), False, "not at the end either"),
]


@pytest.mark.parametrize(("trigger", "only", "why"), AT_END_ONLY, ids=[f"{row[0]}: {row[2]}" for row in AT_END_ONLY])
def test_whether_only_the_end_makes_it_fire(trigger: Trigger, only: bool, why: str) -> None:
    assert fires_at_end_only(trigger) is only
