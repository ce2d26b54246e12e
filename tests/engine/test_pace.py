"""How many elements travel together."""

from __future__ import annotations

import pytest

from streamcore.engine.core.node import Scheduler
from streamcore.engine.core.pace import Pace


@pytest.mark.parametrize(
    ("loads", "size"),
    [
        ([0.1] * 3, 16),
        ([0.1] * 4, 32),
        ([0.4, 0.4, 0.4, 0.6, 0.4], 16),
        ([0.1] * 100, 256),
        ([2.0], 8),
        ([100.0], 1),
        ([16.0, *[0.6] * 9], 1),
        ([2.0, *[0.4] * 4], 16),
    ],
)
def test_slow_bundles_become_smaller_and_quick_ones_larger(loads: list[float], size: int) -> None:
    pace = Pace()
    for load in loads:
        pace.adapt(pace.size, load)
    assert pace.size == size


def test_a_slow_bundle_of_few_elements_says_more_than_one_of_many() -> None:
    pace = Pace()
    pace.adapt(4, 2.0)
    assert pace.size == 2


def test_a_piece_in_which_nothing_is_handed_on_says_nothing() -> None:
    scheduler = Scheduler()
    for _ in range(10):
        scheduler.adapt(50)
    assert scheduler.intake.size == 16
    scheduler.note_bundle(scheduler.intake, 16)
    scheduler.adapt(4)
    scheduler.adapt(50)
    assert scheduler.intake.size == 4


def test_a_pace_may_have_a_limit_of_its_own() -> None:
    pace = Pace(limit=1)
    assert pace.size == 1
    for _ in range(10):
        pace.adapt(1, 0.1)
    assert pace.size == 1
