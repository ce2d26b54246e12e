"""Some of the jobs with their input decoded to structs, which have only the fields that are wanted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

import streamcore as sc
from benchmarks.data import KEPT_KINDS
from benchmarks.jobs import user_row, write
from streamcore.io import ReadFromJsonLines


class PageEvent(msgspec.Struct):
    """An event of j1 and j4."""

    user: str
    ts: int
    amount: float
    kind: str


class Event(msgspec.Struct):
    """An event of q1; only bids have the fields behind the first."""

    t: str
    auction: int = 0
    bidder: int = 0
    price: int = 0
    ts: int = 0


def j1(source: Path, sink: Path) -> None:
    """Count and sum per user in fixed windows of 60 s."""
    with sc.Pipeline() as p:
        _ = (
            p
            | ReadFromJsonLines(source, PageEvent)
            | sc.WithTimestamps(lambda e: e.ts, unit="ms", watermark=sc.BoundedOutOfOrderness(10))
            | sc.WindowInto(sc.FixedWindows(60))
            | "pair" >> sc.Map(lambda e: (e.user, e.amount))
            | sc.CombinePerKey(sc.combiners.TupleCombineFn(len, sum).with_common_input())
            | "row" >> sc.Map(user_row)
            | write(sink)
        )


def j4(source: Path, sink: Path) -> None:
    """Keep half of the kinds, map and serialise; no state."""
    with sc.Pipeline() as p:
        _ = (
            p
            | ReadFromJsonLines(source, PageEvent)
            | "keep" >> sc.Filter(lambda e: e.kind in KEPT_KINDS)
            | "row"
            >> sc.Map(lambda e: {"u": e.user, "cents": int(e.amount * 100), "k": e.kind, "day": e.ts // 86_400_000})
            | write(sink)
        )


def q1(source: Path, sink: Path) -> None:
    """Convert the currency of the bids."""
    with sc.Pipeline() as p:
        _ = (
            p
            | ReadFromJsonLines(source, Event)
            | "bids" >> sc.Filter(lambda e: e.t == "bid")
            | "row"
            >> sc.Map(lambda e: {"auction": e.auction, "bidder": e.bidder, "price": e.price * 908 // 1000, "ts": e.ts})
            | write(sink)
        )


TYPED_JOBS: dict[str, Callable[[Path, Path], None]] = {"j1": j1, "j4": j4, "q1": q1}
