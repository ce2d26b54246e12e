"""The jobs on streamcore, as a user would write them: one ordinary transform a step, lambdas for single elements."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson

import streamcore as sc
from benchmarks.data import KEPT_KINDS
from streamcore.io import BytesCoder, ReadFromText, WriteToJsonLines

Event = dict[str, Any]
Row = dict[str, Any]


def j1(source: Path, sink: Path) -> None:
    """Count and sum per user in fixed windows of 60 s."""
    with sc.Pipeline() as p:
        add_j1(p, source, sink)


def add_j1(p: sc.Pipeline, source: Path, sink: Path) -> None:
    """Add j1 to a pipeline, which may run in an event loop that others share."""
    _ = (
        timed_events(p, source)
        | sc.WindowInto(sc.FixedWindows(60))
        | "pair" >> sc.Map(lambda e: (e["user"], e["amount"]))
        | sc.CombinePerKey(sc.combiners.TupleCombineFn(len, sum).with_common_input())
        | "row" >> sc.Map(user_row)
        | write(sink)
    )


def user_row(total: tuple[str, tuple[int, float]], window: Any = sc.DoFn.WindowParam) -> Row:
    """The row of a user and window."""
    user, (n, amount) = total
    return {"user": user, "ws": window.start.micros // 1000, "n": n, "total": amount}


def j1_with_triggers(source: Path, sink: Path) -> None:
    """As j1, with early panes every 100 elements and late ones at every element, accumulating."""
    windows: sc.WindowInto[Event] = sc.WindowInto(
        sc.FixedWindows(60),
        trigger=sc.AfterWatermark(early=sc.AfterCount(100), late=sc.AfterCount(1)),
        accumulation_mode=sc.AccumulationMode.ACCUMULATING,
        allowed_lateness=3600,
    )
    with sc.Pipeline() as p:
        _ = (
            timed_events(p, source)
            | windows
            | "pair" >> sc.Map(lambda e: (e["user"], e["amount"]))
            | sc.CombinePerKey(sc.combiners.TupleCombineFn(len, sum).with_common_input())
            | "row" >> sc.Map(user_row)
            | write(sink)
        )


def j2(source: Path, sink: Path) -> None:
    """Count per kind in sliding windows of 60 s every 10 s."""
    with sc.Pipeline() as p:
        _ = (
            timed_events(p, source)
            | sc.WindowInto(sc.SlidingWindows(60, 10))
            | "pair" >> sc.Map(lambda e: (e["kind"], 1))
            | sc.CombinePerKey(sum)
            | "row"
            >> sc.Map(lambda kn, w=sc.DoFn.WindowParam: {"kind": kn[0], "ws": w.start.micros // 1000, "n": kn[1]})
            | write(sink)
        )


def j3(source: Path, sink: Path) -> None:
    """Count per session of a user; a gap of 30 s ends it."""
    with sc.Pipeline() as p:
        _ = (
            timed_events(p, source)
            | sc.WindowInto(sc.Sessions(30))
            | "pair" >> sc.Map(lambda e: (e["user"], 1))
            | sc.CombinePerKey(sum)
            | "row" >> sc.Map(session_row)
            | write(sink)
        )


def session_row(total: tuple[str, int], window: Any = sc.DoFn.WindowParam) -> Row:
    """The row of a session."""
    user, n = total
    return {"user": user, "start": window.start.micros // 1000, "end": window.end.micros // 1000, "n": n}


def j4(source: Path, sink: Path) -> None:
    """Keep half of the kinds, map and serialise; no state."""
    with sc.Pipeline() as p:
        _ = (
            events(p, source)
            | "keep" >> sc.Filter(lambda e: e["kind"] in KEPT_KINDS)
            | "row"
            >> sc.Map(
                lambda e: {
                    "u": e["user"],
                    "cents": int(e["amount"] * 100),
                    "k": e["kind"],
                    "day": e["ts"] // 86_400_000,
                }
            )
            | write(sink)
        )


def q1(source: Path, sink: Path) -> None:
    """Convert the currency of the bids."""
    with sc.Pipeline() as p:
        _ = (
            events(p, source)
            | "bids" >> sc.Filter(lambda e: e["t"] == "bid")
            | "row"
            >> sc.Map(
                lambda e: {
                    "auction": e["auction"],
                    "bidder": e["bidder"],
                    "price": e["price"] * 908 // 1000,
                    "ts": e["ts"],
                }
            )
            | write(sink)
        )


def q2(source: Path, sink: Path) -> None:
    """Select the bids on auctions divisible by 123."""
    with sc.Pipeline() as p:
        _ = (
            events(p, source)
            | "bids" >> sc.Filter(lambda e: e["t"] == "bid" and e["auction"] % 123 == 0)
            | "row" >> sc.Map(lambda e: {"auction": e["auction"], "price": e["price"]})
            | write(sink)
        )


def q5(source: Path, sink: Path) -> None:
    """Find the auctions with the most bids in sliding windows of 60 s every 10 s."""
    with sc.Pipeline() as p:
        _ = (
            events(p, source)
            | "bids" >> sc.Filter(lambda e: e["t"] == "bid")
            | timestamps()
            | sc.WindowInto(sc.SlidingWindows(60, 10))
            | "pair" >> sc.Map(lambda e: (e["auction"], 1))
            | sc.CombinePerKey(sum)
            | "in one" >> sc.WithKeys(None)
            | sc.GroupByKey()
            | "hottest" >> sc.FlatMap(hottest)
            | write(sink)
        )


def hottest(group: tuple[None, Iterable[tuple[int, int]]], window: Any = sc.DoFn.WindowParam) -> Iterable[Row]:
    """The rows of the auctions with the most bids in a window."""
    counts = list(group[1])
    most = max(n for _, n in counts)
    return [{"ws": window.start.micros // 1000, "auction": auction, "n": n} for auction, n in counts if n == most]


def q7(source: Path, sink: Path) -> None:
    """Find the highest bid in fixed windows of 10 s."""
    with sc.Pipeline() as p:
        _ = (
            events(p, source)
            | "bids" >> sc.Filter(lambda e: e["t"] == "bid")
            | timestamps()
            | sc.WindowInto(sc.FixedWindows(10))
            | "bid" >> sc.Map(lambda e: (e["price"], e["auction"], e["bidder"]))
            | sc.CombineGlobally(max).without_defaults()
            | "row" >> sc.Map(bid_row)
            | write(sink)
        )


def bid_row(bid: tuple[int, int, int], window: Any = sc.DoFn.WindowParam) -> Row:
    """The row of the highest bid in a window."""
    price, auction, bidder = bid
    return {"ws": window.start.micros // 1000, "price": price, "auction": auction, "bidder": bidder}


def q8(source: Path, sink: Path) -> None:
    """Find the persons who arrived and opened auctions in the same fixed window of 60 s."""
    with sc.Pipeline() as p:
        _ = (
            events(p, source)
            | "no bids" >> sc.Filter(lambda e: e["t"] != "bid")
            | timestamps()
            | sc.WindowInto(sc.FixedWindows(60))
            | "pair" >> sc.Map(lambda e: (e["id"], e["name"]) if e["t"] == "person" else (e["seller"], None))
            | sc.GroupByKey()
            | "sellers" >> sc.FlatMap(seller_rows)
            | write(sink)
        )


def seller_rows(group: tuple[int, Iterable[str | None]], window: Any = sc.DoFn.WindowParam) -> list[Row]:
    """The row of a person who is both, or none: the name comes from the arrival, None from an auction."""
    number, names = group
    name = next(filter(None, names), None)
    if name is None or None not in names:
        return []
    return [{"ws": window.start.micros // 1000, "id": number, "name": name}]


def events(p: sc.Pipeline, source: Path) -> sc.PCollection[Event]:
    """The input, decoded by the same library as in the loops, and with the ends of lines as there."""
    return p | ReadFromText(source, coder=BytesCoder(), strip_trailing_newlines=False) | "parse" >> sc.Map(orjson.loads)


def timestamps() -> sc.WithTimestamps[Event]:
    """Event times, and a watermark 10 s behind the largest."""
    return sc.WithTimestamps(lambda e: e["ts"], unit="ms", watermark=sc.BoundedOutOfOrderness(10))


def timed_events(p: sc.Pipeline, source: Path) -> sc.PCollection[Event]:
    """The input with event times."""
    return events(p, source) | timestamps()


def write(sink: Path) -> Any:
    """JSON lines in one file of exactly that name."""
    return WriteToJsonLines(sink, "", shard_name_template="")


JOBS: dict[str, Callable[[Path, Path], None]] = {
    "j1": j1,
    "j2": j2,
    "j3": j3,
    "j4": j4,
    "q1": q1,
    "q2": q2,
    "q5": q5,
    "q7": q7,
    "q8": q8,
}
