"""The jobs on the raw client, as a good programmer writes them with no engine: the yardstick for streamcore.

As in the loops over files, the comparisons with the watermark and with the window at hand are one. A watermark belongs
to a partition, as partitions are not read at the same speed; windows close at the smallest of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import orjson

from benchmarks.data import KEPT_KINDS, WATERMARK_LAG
from benchmarks.kafka.clients import Client
from benchmarks.loops.closing import pop_closed
from benchmarks.loops.events import DAY, MINUTE, Totals


def j1(client: Client) -> None:
    """Count and sum the amounts per user in fixed windows of 60 s."""
    loads, write = orjson.loads, client.write
    windows: dict[int, Totals] = {}
    # The minute that the watermark of each partition has passed, and the timestamp that takes it past the next one.
    passed = [0] * client.partitions
    dues = [0] * client.partitions
    counts: dict[str, int] = {}
    totals: dict[str, float] = {}
    start = 0
    for partition, values in client.runs():
        due = dues[partition]
        low, high = start, min(start + MINUTE, due)
        for event in map(loads, values):
            ts = event["ts"]
            if not low <= ts < high:
                if ts >= due:
                    passed[partition] = (ts - WATERMARK_LAG) // MINUTE * MINUTE
                    due = dues[partition] = passed[partition] + MINUTE + WATERMARK_LAG
                    _write_totals(pop_closed(windows, MINUTE, min(passed)), write)
                start = low = ts - ts % MINUTE
                counts, totals = windows.setdefault(low, ({}, {}))
                high = min(low + MINUTE, due)
            user = event["user"]
            if user in counts:
                counts[user] += 1
                totals[user] += event["amount"]
            else:
                counts[user] = 1
                totals[user] = event["amount"]
    _write_totals(pop_closed(windows, MINUTE, math.inf), write)


def _write_totals(closed: Iterable[tuple[int, Totals]], write: Callable[..., object]) -> None:
    dumps = orjson.dumps
    for start, (counts, totals) in closed:
        # Both dictionaries got their users in the same order.
        for (user, n), total in zip(counts.items(), totals.values()):
            write(dumps({"user": user, "ws": start, "n": n, "total": total}), user)


def j4(client: Client) -> None:
    """Keep half of the kinds and map the events: no state."""
    loads, dumps, kept, write = orjson.loads, orjson.dumps, KEPT_KINDS, client.write
    for _, values in client.runs():
        for event in map(loads, values):
            kind = event["kind"]
            if kind in kept:
                user = event["user"]
                write(
                    dumps({"u": user, "cents": int(event["amount"] * 100), "k": kind, "day": event["ts"] // DAY}), user
                )


LOOPS: dict[str, Callable[[Client], None]] = {"j1": j1, "j4": j4}
