"""The input has the properties that the jobs rely on."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import data
from benchmarks.data import KINDS, START, WATERMARK_LAG, dataset, event_lines, event_time, input_of, nexmark_lines

EVENTS = 40_000


@pytest.fixture(scope="module")
def events() -> list[dict[str, Any]]:
    return [json.loads(line) for line in event_lines(EVENTS)]


@pytest.fixture(scope="module")
def nexmark() -> list[dict[str, Any]]:
    return [json.loads(line) for line in nexmark_lines(EVENTS)]


def delays(rows: list[dict[str, Any]]) -> list[int]:
    """Return how far behind the largest timestamp seen each event arrives."""
    newest, behind = 0, []
    for row in rows:
        newest = max(newest, row["ts"])
        behind.append(newest - row["ts"])
    return behind


def test_event_time_moves_two_milliseconds_and_never_30_seconds_exactly() -> None:
    times = [event_time(index) for index in range(100_000)]
    assert times[0] == START
    assert abs(times[-1] - START - 2 * 99_999) <= 1
    assert times == sorted(set(times))
    assert not set(times) & {ts + 30_000 for ts in times}


def test_events_have_their_fields(events: list[dict[str, Any]]) -> None:
    assert list(events[0]) == ["user", "ts", "amount", "kind", "page"]
    assert {row["kind"] for row in events} == set(KINDS)
    assert all(row["amount"] % 0.25 == 0 for row in events)
    users = Counter(row["user"] for row in events)
    assert len(users) <= 10_000
    # Weight 1/(i + 20): the first of two users 20 apart comes twice as often.
    assert 1.7 < users["u0"] / users["u20"] < 2.4


@pytest.mark.parametrize("name", ["events", "nexmark"])
def test_most_arrive_in_time_and_none_late(name: str, request: pytest.FixtureRequest) -> None:
    rows = request.getfixturevalue(name)
    behind = delays(rows)
    assert 0.69 < sum(delay == 0 for delay in behind) / EVENTS < 0.72
    # Of the 5% that take up to 9 s, seven ninths take more than 2 s.
    assert 0.034 < sum(delay > 2_001 for delay in behind) / EVENTS < 0.044
    assert 8_000 < max(behind) < WATERMARK_LAG
    assert sorted(row["ts"] for row in rows) == [event_time(index) for index in range(EVENTS)]


def test_nexmark_mixes_persons_auctions_and_bids(nexmark: list[dict[str, Any]]) -> None:
    assert Counter(row["t"] for row in nexmark) == {
        "person": EVENTS // 50,
        "auction": EVENTS // 50 * 3,
        "bid": EVENTS // 50 * 46,
    }
    fields = {row["t"]: list(row) for row in nexmark}
    assert fields == {
        "person": ["t", "ts", "id", "name", "city", "state"],
        "auction": ["t", "ts", "id", "item", "seller", "category", "reserve"],
        "bid": ["t", "ts", "auction", "bidder", "price"],
    }


def test_nexmark_prices_never_tie_and_half_the_bids_are_hot(nexmark: list[dict[str, Any]]) -> None:
    bids = [row for row in nexmark if row["t"] == "bid"]
    assert len({bid["price"] for bid in bids}) == len(bids)
    assert 0.49 < sum(bid["auction"] % 100 == 0 for bid in bids) / len(bids) < 0.53


def test_lines_depend_on_the_seed_alone() -> None:
    for lines in (event_lines, nexmark_lines):
        assert list(lines(500)) == list(lines(500))
        assert list(lines(500)) != list(lines(500, seed=1))


def test_files_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = dataset("events", 100, tmp_path)
    assert path.name == f"events-100-v{data.VERSION}.jsonl"
    assert path.read_text().splitlines(keepends=True) == list(event_lines(100))
    monkeypatch.setattr(data, "LINES", {})
    assert dataset("events", 100, tmp_path) == path


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(count: int) -> Iterator[str]:
        yield from event_lines(count)
        raise OSError("disk full")

    monkeypatch.setitem(data.LINES, "events", fail)
    with pytest.raises(OSError, match="disk full"):
        dataset("events", 100, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_each_job_has_its_input(tmp_path: Path) -> None:
    assert input_of("j1", 50, tmp_path).name.startswith("events-50-")
    assert input_of("q8", 50, tmp_path).name.startswith("nexmark-50-")
