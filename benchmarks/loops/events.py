"""The jobs on page events, but for the sessions."""

import math
from collections.abc import Callable, Iterable
from pathlib import Path

import orjson

from benchmarks.data import KEPT_KINDS, WATERMARK_LAG
from benchmarks.loops.closing import BUFFER, SLIDE, SlidingCounts, pop_closed

Write = Callable[[bytes], object]
Totals = tuple[dict[str, int], dict[str, float]]

MINUTE = 60_000
DAY = 86_400_000


def j1(source: Path, sink: Path) -> None:
    """Count and sum the amounts per user in fixed windows of 60 s."""
    loads = orjson.loads
    windows: dict[int, Totals] = {}
    counts: dict[str, int] = {}
    totals: dict[str, float] = {}
    low = high = due = 0
    with source.open("rb", BUFFER) as lines, sink.open("wb", BUFFER) as rows:
        for line in lines:
            event = loads(line)
            ts = event["ts"]
            if not low <= ts < high:
                if ts >= due:
                    _write_totals(pop_closed(windows, MINUTE, ts - WATERMARK_LAG), rows.write)
                low = ts - ts % MINUTE
                counts, totals = windows.setdefault(low, ({}, {}))
                due = min(windows) + MINUTE + WATERMARK_LAG
                high = min(low + MINUTE, due)
            user = event["user"]
            if user in counts:
                counts[user] += 1
                totals[user] += event["amount"]
            else:
                counts[user] = 1
                totals[user] = event["amount"]
        _write_totals(pop_closed(windows, MINUTE, math.inf), rows.write)


def _write_totals(closed: Iterable[tuple[int, Totals]], write: Write) -> None:
    dumps, newline = orjson.dumps, orjson.OPT_APPEND_NEWLINE
    for start, (counts, totals) in closed:
        # Both dictionaries got their users in the same order.
        for (user, n), total in zip(counts.items(), totals.values()):
            write(dumps({"user": user, "ws": start, "n": n, "total": total}, None, newline))


def j2(source: Path, sink: Path) -> None:
    """Count per kind in sliding windows of 60 s every 10 s."""
    loads = orjson.loads
    windows = SlidingCounts[str]()
    find = windows.panes.get
    newest: dict[str, int] = {}
    low = high = due = 0
    with source.open("rb", BUFFER) as lines, sink.open("wb", BUFFER) as rows:
        for line in lines:
            event = loads(line)
            ts = event["ts"]
            if low <= ts < high:
                counts = newest
            elif ts < low and (late := find(ts - ts % SLIDE)) is not None:
                counts = late
            else:
                if ts >= due:
                    _write_counts(windows.pop_closed(ts - WATERMARK_LAG), rows.write)
                low = ts - ts % SLIDE
                counts = newest = windows.panes.setdefault(low, {})
                due = windows.due()
                high = min(low + SLIDE, due)
            kind = event["kind"]
            if kind in counts:
                counts[kind] += 1
            else:
                counts[kind] = 1
        _write_counts(windows.pop_closed(math.inf), rows.write)


def _write_counts(closed: Iterable[tuple[int, dict[str, int]]], write: Write) -> None:
    for start, counts in closed:
        for kind, n in counts.items():
            write(orjson.dumps({"kind": kind, "ws": start, "n": n}, None, orjson.OPT_APPEND_NEWLINE))


def j4(source: Path, sink: Path) -> None:
    """Keep half of the kinds and map the events: no state."""
    loads, dumps, newline, kept = orjson.loads, orjson.dumps, orjson.OPT_APPEND_NEWLINE, KEPT_KINDS
    with source.open("rb", BUFFER) as lines, sink.open("wb", BUFFER) as rows:
        write = rows.write
        for line in lines:
            event = loads(line)
            kind = event["kind"]
            if kind in kept:
                row = {"u": event["user"], "cents": int(event["amount"] * 100), "k": kind, "day": event["ts"] // DAY}
                write(dumps(row, None, newline))
