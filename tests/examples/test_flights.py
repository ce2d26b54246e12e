"""The flights demo against the same rules in plain Python: every total, every flight that came too late, every pane."""

import gzip
import io
import json
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import pytest

from examples.flights.app import main, replay
from examples.flights.board import Board
from examples.flights.display import LiveTable
from streamcore import PaneInfoTiming

ROOT = Path(__file__).parents[2]
MINUTE_MS = 60 * 1000
HOUR_MS = 60 * MINUTE_MS
STEP_MS = 30 * MINUTE_MS
BOUND_MS = 30 * MINUTE_MS
LATENESS_MS = 4 * HOUR_MS
EARLY_EVERY = 10


def flights(limit: int | None = None) -> list[dict]:
    with gzip.open(ROOT / "examples/flights/flights-2013.jsonl.gz") as lines:
        return [json.loads(line) for line in islice(lines, limit)]


def by_hand(recorded: list[dict]) -> SimpleNamespace:
    """What should come out, one flight at a time, with nothing of streamcore.

    The watermark is the largest scheduled time so far, half an hour back. In a step of the clock without a departure,
    and at the beginning of the step after it, it is at least the clock, half an hour back.
    """
    steps = defaultdict(list)
    for flight in recorded:
        steps[flight["departed"] // STEP_MS].append(flight)
    counts, minutes, in_time = Counter(), Counter(), Counter()
    panes, too_late = Counter(), []
    watermark, was_idle = float("-inf"), False
    for step in range(min(steps), max(steps) + 1):
        is_idle = step not in steps
        if is_idle or was_idle:
            watermark = max(watermark, step * STEP_MS - BOUND_MS)
        was_idle = is_idle
        for flight in steps.get(step, ()):
            start = flight["scheduled"] // HOUR_MS * HOUR_MS
            end, key = start + HOUR_MS, (start, flight["origin"])
            if watermark >= end + LATENESS_MS:
                too_late.append(flight)
            else:
                counts[key] += 1
                minutes[key] += flight["delay_min"]
                if watermark >= end:
                    panes[PaneInfoTiming.LATE] += 1
                else:
                    in_time[key] += 1
                    panes[PaneInfoTiming.EARLY] += in_time[key] % EARLY_EVERY == 0
            watermark = max(watermark, flight["scheduled"] - BOUND_MS)
    panes[PaneInfoTiming.ON_TIME] = len(in_time)
    totals = {key: (count, minutes[key] / count) for key, count in counts.items()}
    return SimpleNamespace(totals=totals, too_late=too_late, panes=panes)


async def test_every_total_every_late_flight_and_every_pane_of_the_year_is_right():
    expected = by_hand(flights())
    board = Board()
    await replay(board)
    totals = {
        (start // 1000, airport): tuple(latest.departures)
        for start, row in board.hours.items()
        for airport, latest in row.items()
    }
    assert totals == expected.totals
    assert sorted(map(name, expected.too_late)) == sorted(
        (one.scheduled, one.departed, one.carrier, one.flight, one.origin) for one in board.too_late
    )
    assert board.panes == expected.panes
    assert sum(count for count, _ in totals.values()) + len(board.too_late) == 328_521


def name(flight: dict) -> tuple:
    return tuple(flight[field] for field in ("scheduled", "departed", "carrier", "flight", "origin"))


def test_it_prints_a_line_a_month_and_a_summary(capsys):
    assert main(["--limit", "30000"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "2013-01     EWR   9,645  +14.5 min   JFK   9,052   +8.1 min   LGA   7,758   +5.2 min",
        "2013-02     EWR   1,255  +12.6 min   JFK   1,233   +7.2 min   LGA   1,028   +3.9 min",
    ]
    assert [line.split()[0] for line in lines[2:]] == ["flights", "panes", "late", "dropped", "year", "worst"]
    assert lines[2].startswith("flights     30,000 in ")


async def test_the_table_shows_the_latest_hours():
    console = pytest.importorskip("rich.console").Console(width=100, file=io.StringIO())
    board = Board()
    await replay(board, 30)
    progress = SimpleNamespace(watermark=lambda: 1_357_041_600_000_000, flights=lambda: 30)
    with LiveTable(board) as table:
        console.print(table.table(progress, seconds=2.0))
    shown = console.file.getvalue()
    assert "2013-01-01 05:00 │   2    -1 min           │   3    +0 min           │   1    +4 min" in shown
    assert "watermark 2013-01-01 07:00   30 flights, 15 a second" in shown


@pytest.mark.parametrize("given", ["0", "-3", "x", "1.5"])
def test_a_limit_that_makes_no_sense_is_refused(given, capsys):
    with pytest.raises(SystemExit):
        main(["--limit", given])
    expected = f"error: argument --limit: must be a whole number from 1 on, got {given!r}\n"
    assert capsys.readouterr().err.endswith(expected)


def test_ctrl_c_ends_it_with_what_there_is_so_far():
    program = """
import os, signal, sys
from examples.flights.app import main
from examples.flights.display import Lines
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has its background jobs ignore it
show = Lines.show
def interrupt(self, hour, progress):
    show(self, hour, progress)
    if progress.flights() > 2000 and Lines.show is interrupt:
        Lines.show = show
        os.kill(os.getpid(), signal.SIGINT)
Lines.show = interrupt
sys.exit(main())
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (130, "")
    assert lines[1] == "stopped by Ctrl-C; so far:"
    assert lines[2].startswith("flights     ")
