"""What becomes of triggers when windows merge."""

from __future__ import annotations

from typing import Any

import pytest

from streamcore.model.trigger import Moment, Trigger
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

OPEN = Moment(ended=False, now=100)
ENDED = Moment(ended=True, now=100)
BOTH = AfterWatermark(early=AfterCount(5), late=AfterCount(3))

MERGES: list[tuple[Trigger, list[Any], Moment, Any, str]] = [
    (DefaultTrigger(), [None, None], OPEN, None, "nothing to remember"),
    (Always(), [None, None], OPEN, None, "nothing to remember"),
    (Never(), [None, None], OPEN, None, "nothing to remember"),
    (AfterCount(5), [2, 0, 2], OPEN, 4, "counts add up"),
    (AfterProcessingTime(9), [300, None, 200], OPEN, 200, "the first element of all sets the time"),
    (AfterProcessingTime(9), [None, None], OPEN, None, "no element yet"),
    (Repeatedly(AfterCount(5)), [2, 2], OPEN, 4, "as what it repeats"),
    (BOTH, [(False, 2), (False, 1)], OPEN, (False, 3), "none is late"),
    (BOTH, [(True, 2), (True, 1)], ENDED, (True, 3), "all are late, and so is the merged window"),
    (BOTH, [(True, 2)], ENDED, (True, 2), "a late window that grows but stays behind the watermark"),
    (BOTH, [(True, 2), (True, 1)], OPEN, (False, 0), "reaches beyond the watermark: complete no more"),
    (BOTH, [(True, 2)], OPEN, (False, 0), "a late window that grows beyond the watermark"),
    (BOTH, [(True, 2), (False, 4)], ENDED, (False, 4), "one part waits for its on-time pane"),
    (BOTH, [(True, 2), (False, 4)], OPEN, (False, 4), "only what the early trigger counted counts for it"),
    (AfterWatermark(), [(True, None), (True, None)], ENDED, (True, None), "finished in all"),
    (AfterWatermark(), [(True, None)], OPEN, (False, None), "opens again"),
    (AfterAny(AfterCount(5), AfterProcessingTime(9)), [(1, 300), (2, 200)], OPEN, (3, 200), "trigger by trigger"),
    (AfterAll(AfterCount(5), AfterCount(9)), [((1,), (1,)), ((2,), (2,))], OPEN, ((3,), (3,)), "trigger by trigger"),
    (AfterAll(AfterCount(5), AfterCount(9)), [((), (1,)), ((), (2,))], OPEN, ((), (3,)), "finished in all"),
    (AfterAll(AfterCount(5), AfterCount(9)), [((), (1,)), ((2,), (2,))], OPEN, ((2,), (3,)), "finished in one"),
    (AfterEach(AfterCount(5), AfterCount(9)), [(1, 3), (0, 1), (0, 2)], OPEN, (0, 3), "the least advanced"),
    (AfterEach(AfterCount(5), AfterCount(9)), [(1, 3), (1, 1)], OPEN, (1, 4), "at the same trigger"),
    (AfterEach(AfterCount(5)), [(1, None), (1, None)], OPEN, (1, None), "finished in all"),
    (OrFinally(AfterCount(5), AfterProcessingTime(9)), [(1, 300), (2, None)], OPEN, (3, 300), "trigger by trigger"),
]  # fmt: skip


@pytest.mark.parametrize(("trigger", "states", "moment", "merged", "_why"), MERGES, ids=[row[4] for row in MERGES])
def test_merges(trigger: Trigger, states: list[Any], moment: Moment, merged: Any, _why: str) -> None:
    assert trigger.on_merge(states, moment) == merged
    assert trigger.on_merge(states[::-1], moment) == merged


def test_a_merged_window_that_has_ended_fires_for_the_part_that_never_did() -> None:
    merged = BOTH.on_merge([(True, 0), (False, 1)], ENDED)
    assert BOTH.should_fire(merged, ENDED)
    assert BOTH.on_fire(merged, ENDED) == ((True, 0), False)


def test_merged_counts_may_be_more_than_enough() -> None:
    merged = AfterCount(5).on_merge([4, 4], OPEN)
    assert AfterCount(5).should_fire(merged, OPEN)
    assert AfterCount(5).quiet(merged, OPEN) == 0
