"""The Nexmark queries."""

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson

from benchmarks.data import WATERMARK_LAG
from benchmarks.loops.closing import BUFFER, SLIDE, SlidingCounts, pop_closed

Write = Callable[[bytes], object]
# The highest price so far and its bid.
Highest = list[Any]
Names = dict[int, str]
Sellers = set[int]

TEN_SECONDS = 10_000
MINUTE = 60_000


def q1(source: Path, sink: Path) -> None:
    """Convert the currency of the bids."""
    loads, dumps, newline = orjson.loads, orjson.dumps, orjson.OPT_APPEND_NEWLINE
    with source.open("rb", BUFFER) as lines, sink.open("wb", BUFFER) as rows:
        write = rows.write
        for line in lines:
            bid = loads(line)
            # The parsed bid becomes the row: nobody else holds it, and a second dictionary costs a tenth of the speed.
            if bid.pop("t") == "bid":
                bid["price"] = bid["price"] * 908 // 1000
                write(dumps(bid, None, newline))


def q2(source: Path, sink: Path) -> None:
    """Select the bids on auctions divisible by 123."""
    loads, dumps, newline = orjson.loads, orjson.dumps, orjson.OPT_APPEND_NEWLINE
    with source.open("rb", BUFFER) as lines, sink.open("wb", BUFFER) as rows:
        write = rows.write
        for line in lines:
            event = loads(line)
            if event["t"] == "bid" and event["auction"] % 123 == 0:
                write(dumps({"auction": event["auction"], "price": event["price"]}, None, newline))


def q5(source: Path, sink: Path) -> None:
    """Find the auctions with the most bids in sliding windows of 60 s every 10 s."""
    loads = orjson.loads
    windows = SlidingCounts[int]()
    find = windows.panes.get
    newest: dict[int, int] = {}
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
                    _write_hottest(windows.pop_closed(ts - WATERMARK_LAG), rows.write)
                low = ts - ts % SLIDE
                counts = newest = windows.panes.setdefault(low, {})
                due = windows.due()
                high = min(low + SLIDE, due)
            if event["t"] == "bid":
                auction = event["auction"]
                if auction in counts:
                    counts[auction] += 1
                else:
                    counts[auction] = 1
        _write_hottest(windows.pop_closed(math.inf), rows.write)


def _write_hottest(closed: Iterable[tuple[int, dict[int, int]]], write: Write) -> None:
    for start, counts in closed:
        # A window of persons and auctions alone has no counts.
        most = max(counts.values(), default=0)
        for auction, n in counts.items():
            if n == most:
                write(orjson.dumps({"ws": start, "auction": auction, "n": n}, None, orjson.OPT_APPEND_NEWLINE))


def q7(source: Path, sink: Path) -> None:
    """Find the highest bid in fixed windows of 10 s."""
    loads = orjson.loads
    windows: dict[int, Highest] = {}
    find = windows.get
    newest: Highest = []
    low = high = due = 0
    with source.open("rb", BUFFER) as lines, sink.open("wb", BUFFER) as rows:
        for line in lines:
            event = loads(line)
            ts = event["ts"]
            if low <= ts < high:
                highest = newest
            elif ts < low and (late := find(ts - ts % TEN_SECONDS)) is not None:
                highest = late
            else:
                if ts >= due:
                    _write_highest(pop_closed(windows, TEN_SECONDS, ts - WATERMARK_LAG), rows.write)
                low = ts - ts % TEN_SECONDS
                highest = newest = windows.setdefault(low, [0, None])
                due = min(windows) + TEN_SECONDS + WATERMARK_LAG
                high = min(low + TEN_SECONDS, due)
            if event["t"] == "bid" and event["price"] > highest[0]:
                highest[0] = event["price"]
                highest[1] = event
        _write_highest(pop_closed(windows, TEN_SECONDS, math.inf), rows.write)


def _write_highest(closed: Iterable[tuple[int, Highest]], write: Write) -> None:
    for start, (price, bid) in closed:
        # A window of persons and auctions alone has no bid.
        if bid:
            row = {"ws": start, "price": price, "auction": bid["auction"], "bidder": bid["bidder"]}
            write(orjson.dumps(row, None, orjson.OPT_APPEND_NEWLINE))


def q8(source: Path, sink: Path) -> None:
    """Find the persons who arrived and opened auctions in the same fixed window of 60 s."""
    loads = orjson.loads
    windows: dict[int, tuple[Names, Sellers]] = {}
    names: Names = {}
    sellers: Sellers = set()
    low = high = due = 0
    with source.open("rb", BUFFER) as lines, sink.open("wb", BUFFER) as rows:
        for line in lines:
            event = loads(line)
            ts = event["ts"]
            if not low <= ts < high:
                if ts >= due:
                    _write_sellers(pop_closed(windows, MINUTE, ts - WATERMARK_LAG), rows.write)
                low = ts - ts % MINUTE
                names, sellers = windows.setdefault(low, ({}, set()))
                due = min(windows) + MINUTE + WATERMARK_LAG
                high = min(low + MINUTE, due)
            # Bids first: they are 46 of 50.
            kind = event["t"]
            if kind == "bid":
                continue
            if kind == "auction":
                sellers.add(event["seller"])
            else:
                names[event["id"]] = event["name"]
        _write_sellers(pop_closed(windows, MINUTE, math.inf), rows.write)


def _write_sellers(closed: Iterable[tuple[int, tuple[Names, Sellers]]], write: Write) -> None:
    for start, (names, sellers) in closed:
        for number in sellers & names.keys():
            write(orjson.dumps({"ws": start, "id": number, "name": names[number]}, None, orjson.OPT_APPEND_NEWLINE))
