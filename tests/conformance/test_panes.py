"""The scenarios, one by one and in bundles, grouped and combined."""

from __future__ import annotations

import pytest

from tests.conformance import counts_and_clocks, fixed_windows, other_windows, session_windows
from tests.conformance.scenario import AGGREGATIONS, Scenario, expected, play

TABLES = {
    "fixed": fixed_windows,
    "counts and clocks": counts_and_clocks,
    "sessions": session_windows,
    "other": other_windows,
}
ROWS = [pytest.param(row, id=f"{table}: {row.name}") for table, module in TABLES.items() for row in module.SCENARIOS]


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@pytest.mark.parametrize("together", [False, True], ids=["one by one", "together"])
@pytest.mark.parametrize("scenario", ROWS)
def test_panes(scenario: Scenario, together: bool, aggregation: str) -> None:
    assert play(scenario, aggregation, together) == expected(scenario)
