"""Each hand-written loop against a simple computation over the whole input."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from benchmarks.data import KEPT_KINDS, LINES, START
from benchmarks.digest import digest
from benchmarks.loops import LOOPS
from benchmarks.loops.plain import PLAIN

Row = dict[str, Any]
Loops = dict[str, Callable[[Path, Path], None]]

EVENTS = 20_000
# Every seventh event: 20,000 of them span minutes, so windows close on the way.
STRIDE = 7
WINDOWED = ["j1", "j2", "j3", "q5", "q7", "q8"]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a file of thinned events per first letter of a job."""
    folder = tmp_path_factory.mktemp("inputs")
    paths = {"j": folder / "events.jsonl", "q": folder / "nexmark.jsonl"}
    for path in paths.values():
        with path.open("w") as file:
            file.writelines(islice(LINES[path.stem](EVENTS * STRIDE), 0, None, STRIDE))
    return paths


def read(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def write(path: Path, rows: Iterable[Row]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def fixed(ts: int, size: int) -> int:
    return ts // size * size


def sliding(ts: int) -> range:
    """Return the starts of the six windows that hold a timestamp."""
    newest = fixed(ts, 10_000)
    return range(newest - 50_000, newest + 1, 10_000)


def totals(rows: list[Row]) -> list[Row]:
    amounts = defaultdict(list)
    for row in rows:
        amounts[row["user"], fixed(row["ts"], 60_000)].append(row["amount"])
    return [{"user": user, "ws": ws, "n": len(all_), "total": sum(all_)} for (user, ws), all_ in amounts.items()]


def kinds(rows: list[Row]) -> list[Row]:
    counts = Counter((row["kind"], ws) for row in rows for ws in sliding(row["ts"]))
    return [{"kind": kind, "ws": ws, "n": n} for (kind, ws), n in counts.items()]


def sessions(rows: list[Row]) -> list[Row]:
    found: list[Row] = []
    for row in sorted(rows, key=lambda row: (row["user"], row["ts"])):
        user, start, end = row["user"], row["ts"], row["ts"] + 30_000
        if found and found[-1]["user"] == user and start < found[-1]["end"]:
            found[-1]["end"] = end
            found[-1]["n"] += 1
        else:
            found.append({"user": user, "start": start, "end": end, "n": 1})
    return found


def mapped(rows: list[Row]) -> list[Row]:
    return [
        {
            "u": row["user"],
            "cents": round(row["amount"] * 100),
            "k": row["kind"],
            "day": fixed(row["ts"], 86_400_000) // 86_400_000,
        }
        for row in rows
        if row["kind"] in KEPT_KINDS
    ]


def bids(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["t"] == "bid"]


def converted(rows: list[Row]) -> list[Row]:
    return [
        {"auction": bid["auction"], "bidder": bid["bidder"], "price": bid["price"] * 908 // 1000, "ts": bid["ts"]}
        for bid in bids(rows)
    ]


def selected(rows: list[Row]) -> list[Row]:
    return [{"auction": bid["auction"], "price": bid["price"]} for bid in bids(rows) if bid["auction"] % 123 == 0]


def hottest(rows: list[Row]) -> list[Row]:
    counts: dict[int, Counter[int]] = defaultdict(Counter)
    for bid in bids(rows):
        for ws in sliding(bid["ts"]):
            counts[ws][bid["auction"]] += 1
    most = {ws: max(auctions.values()) for ws, auctions in counts.items()}
    return [
        {"ws": ws, "auction": auction, "n": n}
        for ws, auctions in counts.items()
        for auction, n in auctions.items()
        if n == most[ws]
    ]


def highest(rows: list[Row]) -> list[Row]:
    found: dict[int, Row] = {}
    for bid in sorted(bids(rows), key=lambda bid: bid["price"]):
        found[fixed(bid["ts"], 10_000)] = bid
    return [
        {"ws": ws, "price": bid["price"], "auction": bid["auction"], "bidder": bid["bidder"]}
        for ws, bid in found.items()
    ]


def sellers(rows: list[Row]) -> list[Row]:
    opened = {(fixed(row["ts"], 60_000), row["seller"]) for row in rows if row["t"] == "auction"}
    arrived = {(fixed(row["ts"], 60_000), row["id"]): row["name"] for row in rows if row["t"] == "person"}
    return [{"ws": ws, "id": number, "name": arrived[ws, number]} for ws, number in opened & arrived.keys()]


EXPECTED: dict[str, Callable[[list[Row]], list[Row]]] = {
    "j1": totals,
    "j2": kinds,
    "j3": sessions,
    "j4": mapped,
    "q1": converted,
    "q2": selected,
    "q5": hottest,
    "q7": highest,
    "q8": sellers,
}


@pytest.mark.parametrize("loops", [LOOPS, PLAIN], ids=["fastest", "plain"])
@pytest.mark.parametrize("job", LOOPS)
def test_loop_gives_the_expected_rows(job: str, loops: Loops, inputs: dict[str, Path], tmp_path: Path) -> None:
    sink = tmp_path / "rows.jsonl"
    loops[job](inputs[job[0]], sink)
    expected = EXPECTED[job](read(inputs[job[0]]))
    assert len(expected) > 10
    assert digest(sink) == digest(write(tmp_path / "expected.jsonl", expected))


@pytest.mark.parametrize(
    ("loops", "job"),
    # The plain loop of q8 looks at the watermark only when a person or an auction comes.
    [(LOOPS, job) for job in WINDOWED] + [(PLAIN, job) for job in WINDOWED if job != "q8"],
)
@pytest.mark.parametrize("closes", [True, False])
def test_loop_writes_when_windows_close(
    job: str, closes: bool, loops: Loops, inputs: dict[str, Path], tmp_path: Path
) -> None:
    """Stop a loop with a broken line behind or before the event whose timestamp closes windows, and see what is out."""
    lines = inputs[job[0]].read_text().splitlines(keepends=True)
    closing = next(at for at, line in enumerate(lines) if json.loads(line)["ts"] >= START + 130_000)
    lines = lines[: closing + closes]
    source, sink = tmp_path / "broken.jsonl", tmp_path / "rows.jsonl"
    source.write_text("".join(lines) + "broken\n")
    with pytest.raises(json.JSONDecodeError):
        loops[job](source, sink)
    rows = [json.loads(line) for line in lines]
    size = 10_000 if job == "q7" else 60_000
    watermark = max(row["ts"] for row in rows) - 10_000
    # The loop for sessions looks at the watermark once per second of event time.
    slack = 1_000 if job == "j3" else 0
    expected = EXPECTED[job](rows)
    must = closed(expected, size, watermark - slack)
    assert must
    assert must <= texts(read(sink)) <= closed(expected, size, watermark)


def closed(rows: list[Row], size: int, watermark: int) -> set[str]:
    """Return the rows of the windows and sessions that end at the watermark or before."""
    return texts(row for row in rows if (row["end"] if "end" in row else row["ws"] + size) <= watermark)


def texts(rows: Iterable[Row]) -> set[str]:
    return {json.dumps(row, sort_keys=True) for row in rows}


def run(job: str, rows: Iterable[Row], folder: Path, loops: Loops = LOOPS) -> list[Row]:
    loops[job](write(folder / "input.jsonl", rows), folder / "rows.jsonl")
    return sorted(read(folder / "rows.jsonl"), key=lambda row: tuple(map(str, row.values())))


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([0, 29], [(0, 59, 2)]),
        ([0, 31], [(0, 30, 1), (31, 61, 1)]),
        ([0, 35, 28], [(0, 65, 3)]),  # a late event joins two sessions
        ([5, 0], [(0, 35, 2)]),  # a late event moves the start
        ([0, 37, 31], [(0, 30, 1), (31, 67, 2)]),  # a late event belongs to the newer session alone
        ([0, 37, 31, 29], [(0, 67, 4)]),  # the second late event joins both
        ([0, 35, 28, 26, 64], [(0, 94, 5)]),  # the joined session goes on in both directions
        ([0, 31, 62, 100], [(0, 30, 1), (31, 61, 1), (62, 92, 1), (100, 130, 1)]),
    ],
)
@pytest.mark.parametrize("loops", [LOOPS, PLAIN], ids=["fastest", "plain"])
def test_sessions_merge(seconds: list[int], expected: list[tuple[int, int, int]], loops: Loops, tmp_path: Path) -> None:
    rows = run("j3", ({"user": "u1", "ts": START + 1000 * second} for second in seconds), tmp_path, loops)
    assert [((row["start"] - START) // 1000, (row["end"] - START) // 1000, row["n"]) for row in rows] == expected


def test_every_tie_is_a_hottest_auction(tmp_path: Path) -> None:
    bids = [{"t": "bid", "ts": START, "auction": auction} for auction in (1, 2, 2, 3, 3)]
    rows = run("q5", bids, tmp_path)
    assert [(row["auction"], row["n"]) for row in rows if row["ws"] == START] == [(2, 2), (3, 2)]
    assert len(rows) == 12


def test_windows_without_bids_have_no_row(tmp_path: Path) -> None:
    persons = [{"t": "person", "ts": START + second * 1000, "id": second, "name": "Ada"} for second in range(0, 300, 5)]
    for job in ("q5", "q7", "q8"):
        assert run(job, persons, tmp_path) == []


def test_sliding_windows_skip_a_silent_hour(tmp_path: Path) -> None:
    hour = 3_600_000
    rows = run("j2", ({"ts": START + offset, "kind": "kind00"} for offset in (0, hour)), tmp_path)
    assert [row["ws"] - START for row in rows] == [*range(-50_000, 1, 10_000), *range(hour - 50_000, hour + 1, 10_000)]
    assert {row["n"] for row in rows} == {1}
