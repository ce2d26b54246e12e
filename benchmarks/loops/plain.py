"""The jobs as one writes them at first: a dictionary of windows, and nothing clever.

Each event looks up its window, or each of its six sliding windows, and is compared once with the time at which the
watermark closes the oldest one. No event comes for a window that is closed: none is later than the watermark. The loops
beside this module do less for each event, by what was measured and by what they know of their input.
"""

import heapq
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson

from benchmarks.data import WATERMARK_LAG
from benchmarks.loops import LOOPS
from benchmarks.loops.closing import SIZE, SLIDE, pop_closed
from benchmarks.loops.events import MINUTE
from benchmarks.loops.nexmark import TEN_SECONDS
from benchmarks.loops.sessions import GAP

Write = Callable[[bytes], object]
# Start, end, count and user.
Session = list[Any]


def j1(source: Path, sink: Path) -> None:
    """Count and sum the amounts per user in fixed windows of 60 s."""
    loads = orjson.loads
    windows: dict[int, dict[str, list[Any]]] = {}
    due = math.inf
    with source.open("rb") as lines, sink.open("wb") as rows:
        for line in lines:
            event = loads(line)
            ts = event["ts"]
            if ts >= due:
                _write_totals(pop_closed(windows, MINUTE, ts - WATERMARK_LAG), rows.write)
                due = _next_due(windows, MINUTE)
            start = ts - ts % MINUTE
            totals = windows.get(start)
            if totals is None:
                totals = windows[start] = {}
                due = _next_due(windows, MINUTE)
            user = event["user"]
            total = totals.get(user)
            if total is None:
                totals[user] = [1, event["amount"]]
            else:
                total[0] += 1
                total[1] += event["amount"]
        _write_totals(pop_closed(windows, MINUTE, math.inf), rows.write)


def _write_totals(closed: Iterable[tuple[int, dict[str, list[Any]]]], write: Write) -> None:
    for start, totals in closed:
        for user, (n, total) in totals.items():
            write(_line({"user": user, "ws": start, "n": n, "total": total}))


def j2(source: Path, sink: Path) -> None:
    """Count per kind in sliding windows of 60 s every 10 s."""
    loads = orjson.loads
    windows: dict[int, dict[str, int]] = {}
    due = math.inf
    with source.open("rb") as lines, sink.open("wb") as rows:
        for line in lines:
            event = loads(line)
            ts = event["ts"]
            if ts >= due:
                _write_kinds(pop_closed(windows, SIZE, ts - WATERMARK_LAG), rows.write)
                due = _next_due(windows, SIZE)
            kind = event["kind"]
            newest = ts - ts % SLIDE
            for start in range(newest - SIZE + SLIDE, newest + 1, SLIDE):
                counts = windows.get(start)
                if counts is None:
                    counts = windows[start] = {}
                    due = _next_due(windows, SIZE)
                counts[kind] = counts.get(kind, 0) + 1
        _write_kinds(pop_closed(windows, SIZE, math.inf), rows.write)


def _write_kinds(closed: Iterable[tuple[int, dict[str, int]]], write: Write) -> None:
    for start, counts in closed:
        for kind, n in counts.items():
            write(_line({"kind": kind, "ws": start, "n": n}))


def j3(source: Path, sink: Path) -> None:
    """Count per user in sessions with a gap of 30 s."""
    loads = orjson.loads
    open_sessions: dict[str, list[Session]] = {}
    # The ends of sessions, to be looked at again where they have grown meanwhile.
    ends: list[tuple[int, str]] = []
    with source.open("rb") as lines, sink.open("wb") as rows:
        for line in lines:
            event = loads(line)
            ts = event["ts"]
            if ends and ends[0][0] <= ts - WATERMARK_LAG:
                _close_sessions(ends, open_sessions, ts - WATERMARK_LAG, rows.write)
            user = event["user"]
            sessions = open_sessions.setdefault(user, [])
            for session in sessions:
                if session[0] - GAP < ts < session[1]:
                    _extend(sessions, session, ts)
                    break
            else:
                sessions.append([ts, ts + GAP, 1, user])
                heapq.heappush(ends, (ts + GAP, user))
        _close_sessions(ends, open_sessions, math.inf, rows.write)


def _extend(sessions: list[Session], session: Session, ts: int) -> None:
    """Add an event to a session, which may join it to its neighbour."""
    session[0] = min(session[0], ts)
    session[1] = max(session[1], ts + GAP)
    session[2] += 1
    for other in sessions:
        if other is not session and other[0] < session[1] and session[0] < other[1]:
            session[:3] = min(other[0], session[0]), max(other[1], session[1]), other[2] + session[2]
            sessions.remove(other)
            return


def _close_sessions(
    ends: list[tuple[int, str]], open_sessions: dict[str, list[Session]], watermark: float, write: Write
) -> None:
    while ends and ends[0][0] <= watermark:
        _, user = heapq.heappop(ends)
        for session in list(open_sessions.get(user, ())):
            start, end, n, _ = session
            if end > watermark:
                heapq.heappush(ends, (end, user))
                continue
            write(_line({"user": user, "start": start, "end": end, "n": n}))
            open_sessions[user].remove(session)
        if not open_sessions.get(user, True):
            del open_sessions[user]


def q1(source: Path, sink: Path) -> None:
    """Convert the currency of the bids."""
    loads = orjson.loads
    with source.open("rb") as lines, sink.open("wb") as rows:
        for line in lines:
            bid = loads(line)
            if bid["t"] == "bid":
                price = bid["price"] * 908 // 1000
                row = {"auction": bid["auction"], "bidder": bid["bidder"], "price": price, "ts": bid["ts"]}
                rows.write(_line(row))


def q5(source: Path, sink: Path) -> None:
    """Find the auctions with the most bids in sliding windows of 60 s every 10 s."""
    loads = orjson.loads
    windows: dict[int, dict[int, int]] = {}
    due = math.inf
    with source.open("rb") as lines, sink.open("wb") as rows:
        for line in lines:
            event = loads(line)
            if event["t"] != "bid":
                continue
            ts = event["ts"]
            if ts >= due:
                _write_hottest(pop_closed(windows, SIZE, ts - WATERMARK_LAG), rows.write)
                due = _next_due(windows, SIZE)
            auction = event["auction"]
            newest = ts - ts % SLIDE
            for start in range(newest - SIZE + SLIDE, newest + 1, SLIDE):
                counts = windows.get(start)
                if counts is None:
                    counts = windows[start] = {}
                    due = _next_due(windows, SIZE)
                counts[auction] = counts.get(auction, 0) + 1
        _write_hottest(pop_closed(windows, SIZE, math.inf), rows.write)


def _write_hottest(closed: Iterable[tuple[int, dict[int, int]]], write: Write) -> None:
    for start, counts in closed:
        most = max(counts.values())
        for auction, n in counts.items():
            if n == most:
                write(_line({"ws": start, "auction": auction, "n": n}))


def q7(source: Path, sink: Path) -> None:
    """Find the highest bid in fixed windows of 10 s."""
    loads = orjson.loads
    windows: dict[int, dict[str, Any]] = {}
    due = math.inf
    with source.open("rb") as lines, sink.open("wb") as rows:
        for line in lines:
            event = loads(line)
            if event["t"] != "bid":
                continue
            ts = event["ts"]
            if ts >= due:
                _write_highest(pop_closed(windows, TEN_SECONDS, ts - WATERMARK_LAG), rows.write)
                due = _next_due(windows, TEN_SECONDS)
            start = ts - ts % TEN_SECONDS
            highest = windows.get(start)
            if highest is None:
                windows[start] = event
                due = _next_due(windows, TEN_SECONDS)
            elif event["price"] > highest["price"]:
                windows[start] = event
        _write_highest(pop_closed(windows, TEN_SECONDS, math.inf), rows.write)


def _write_highest(closed: Iterable[tuple[int, dict[str, Any]]], write: Write) -> None:
    for start, bid in closed:
        write(_line({"ws": start, "price": bid["price"], "auction": bid["auction"], "bidder": bid["bidder"]}))


def q8(source: Path, sink: Path) -> None:
    """Find the persons who arrived and opened auctions in the same fixed window of 60 s."""
    loads = orjson.loads
    windows: dict[int, tuple[dict[int, str], set[int]]] = {}
    due = math.inf
    with source.open("rb") as lines, sink.open("wb") as rows:
        for line in lines:
            event = loads(line)
            kind = event["t"]
            if kind == "bid":
                continue
            ts = event["ts"]
            if ts >= due:
                _write_sellers(pop_closed(windows, MINUTE, ts - WATERMARK_LAG), rows.write)
                due = _next_due(windows, MINUTE)
            start = ts - ts % MINUTE
            if start not in windows:
                windows[start] = {}, set()
                due = _next_due(windows, MINUTE)
            names, sellers = windows[start]
            if kind == "person":
                names[event["id"]] = event["name"]
            else:
                sellers.add(event["seller"])
        _write_sellers(pop_closed(windows, MINUTE, math.inf), rows.write)


def _write_sellers(closed: Iterable[tuple[int, tuple[dict[int, str], set[int]]]], write: Write) -> None:
    for start, (names, sellers) in closed:
        for number, name in names.items():
            if number in sellers:
                write(_line({"ws": start, "id": number, "name": name}))


def _next_due(windows: Iterable[int], size: int) -> float:
    """Return the timestamp that closes the oldest window."""
    return min(windows, default=math.inf) + size + WATERMARK_LAG


def _line(row: dict[str, Any]) -> bytes:
    return orjson.dumps(row, None, orjson.OPT_APPEND_NEWLINE)


# j4 and q2 keep nothing between events: there is no other way to write them.
PLAIN = LOOPS | {"j1": j1, "j2": j2, "j3": j3, "q1": q1, "q5": q5, "q7": q7, "q8": q8}
