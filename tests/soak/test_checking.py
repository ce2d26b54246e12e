"""The soak's own checks find what they are there to find."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from tests.soak.checking import GAP, SIZE, Row, faults
from tests.soak.story import Event, events

SOME = [Event(0, "k1", 60.0), Event(1, "k1", 65.0), Event(2, "k1", 95.0), Event(3, "k2", 61.0)]


def right_rows() -> list[Row]:
    def row(branch: str, key: str, window: Any, index: int, **more: Any) -> Row:
        return {"branch": branch, "key": key, "window": window, "index": index, **more}

    return [
        row("sessions", "k1", [60.0, 75.0], 0, numbers=[0, 1]),
        row("sessions", "k1", [95.0, 95.0 + GAP], 0, numbers=[2]),
        row("sessions", "k2", [61.0, 61.0 + GAP], 0, numbers=[3]),
        row("fixed", "k1", [60, 60 + SIZE], 0, numbers=[0]),
        row("fixed", "k1", [60, 60 + SIZE], 1, numbers=[1]),
        row("fixed", "k1", [90, 90 + SIZE], 0, numbers=[2]),
        row("fixed", "k2", [60, 60 + SIZE], 0, numbers=[3]),
        row("running", "k1", [], 0, total=[2, 1]),
        row("running", "k1", [], 1, total=[3, 3]),
        row("running", "k2", [], 0, total=[1, 3]),
    ]


def test_right_rows_are_right() -> None:
    assert faults(SOME, right_rows()) == []


@pytest.mark.parametrize("index", range(10))
def test_a_row_that_is_missing_is_found(index: int) -> None:
    rows = right_rows()
    removed = rows.pop(index)
    if removed["branch"] == "running" and removed["index"] == 0 and removed["key"] == "k1":
        assert faults(SOME, rows) == ["running: panes of k1 are missing"]
    else:
        assert faults(SOME, rows) != []


@pytest.mark.parametrize("index", range(10))
def test_a_row_that_stands_twice_is_found(index: int) -> None:
    rows = right_rows()
    assert any("stands 2 times" in fault for fault in faults(SOME, [*rows, rows[index]]))


def test_an_event_in_the_wrong_window_is_found() -> None:
    rows = right_rows()
    rows[4]["numbers"], rows[5]["numbers"] = rows[5]["numbers"], rows[4]["numbers"]
    assert faults(SOME, rows) == [
        f"fixed: event 2 does not belong to [60, {60 + SIZE}]",
        f"fixed: event 1 does not belong to [90, {90 + SIZE}]",
    ]


def test_an_event_under_the_wrong_key_is_found() -> None:
    rows = right_rows()
    rows[3]["key"], rows[6]["key"] = rows[6]["key"], rows[3]["key"]
    assert any(fault == "fixed: event 0 stands under k2" for fault in faults(SOME, rows))


def test_the_story_is_the_same_every_time() -> None:
    assert list(islice(events(7), 500)) == list(islice(events(7), 500))
    assert len({event.number for event in islice(events(7), 500)}) == 500
