"""Pairs of key and number in memory: one open window with as many keys as one likes, and nothing to decode."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import streamcore as sc
from streamcore.io import WriteToCallable
from streamcore.model.source import Batch, Reader, Source

Pair = tuple[str, float]
Total = tuple[str, tuple[int, float]]

SECOND: Final = 1_000_000
WINDOW: Final = 60


class Pairs(NamedTuple):
    """Elements of one window, in order of arrival, and their timestamps in microseconds.

    Tuples, which the garbage collector leaves alone once it has seen that they hold no containers: it would go through
    a list of a million elements every time, and that would count for whoever makes it run more often.
    """

    values: tuple[Pair, ...]
    stamps: tuple[int, ...]


def make_pairs(keys: int, visits: int, seed: int = 7) -> Pairs:
    """Visit every key so many times, each time in another order."""
    rng = random.Random(seed)
    names = [f"u{number}" for number in range(keys)]
    amounts = [quarters / 4 for quarters in range(1, 1001)]
    values: list[Pair] = []
    for visit in range(visits):
        rng.shuffle(names)
        # A tuple for each visit, in order of arrival: as if it had just been decoded.
        values += [(name, amounts[(index + visit) % 1000]) for index, name in enumerate(names)]
    count, span = len(values), WINDOW * SECOND
    pairs = Pairs(tuple(values), tuple([index * span // count for index in range(count)]))
    del values
    gc.collect()
    return pairs


class Totals:
    """Adds up the results, so that two ways to get them can be compared."""

    def __init__(self) -> None:
        self.keys = 0
        self.elements = 0
        self.amount = 0.0

    def take(self, total: Total) -> None:
        """Take the result of a key."""
        self.keys += 1
        self.elements += total[1][0]
        self.amount += total[1][1]

    def summary(self) -> tuple[int, int, float]:
        """Return what must be the same: all amounts are multiples of a quarter, so the sums are exact."""
        return self.keys, self.elements, self.amount


def run_loop(pairs: Pairs, take: Callable[[Total], object], on_end: Callable[[], object] = lambda: None) -> None:
    """Count and sum as the hand-written loops do, one comparison an element with the ends of the window.

    Args:
        pairs: The elements.
        take: Called with each result.
        on_end: Called when all elements have been added.
    """
    windows: dict[int, tuple[dict[str, int], dict[str, float]]] = {}
    counts: dict[str, int] = {}
    totals: dict[str, float] = {}
    low = high = 0
    for (key, amount), stamp in zip(pairs.values, pairs.stamps):
        if not low <= stamp < high:
            low = stamp - stamp % (WINDOW * SECOND)
            high = low + WINDOW * SECOND
            counts, totals = windows.setdefault(low, ({}, {}))
        if key in counts:
            counts[key] += 1
            totals[key] += amount
        else:
            counts[key] = 1
            totals[key] = amount
    on_end()
    for counts, totals in windows.values():
        for (key, n), total in zip(counts.items(), totals.values()):
            take((key, (n, total)))


def run_engine(pairs: Pairs, take: Callable[[Total], object], on_end: Callable[[], object] = lambda: None) -> None:
    """Do the same on streamcore."""
    with sc.Pipeline() as p:
        add_totals(p, pairs, take, on_end)


def add_totals(p: sc.Pipeline, pairs: Pairs, take: Callable[[Total], object], on_end: Callable[[], object]) -> None:
    """Add count and sum per key to a pipeline."""
    _ = (
        p
        | sc.Read(PairSource(pairs, on_end), watermark=sc.BoundedOutOfOrderness(10))
        | sc.WindowInto(sc.FixedWindows(WINDOW))
        | sc.CombinePerKey(sc.combiners.TupleCombineFn(len, sum).with_common_input())
        | WriteToCallable(take)
    )


class PairSource(Source[Pair]):
    """Pairs in memory, with their timestamps."""

    bounded = True

    def __init__(self, pairs: Pairs, on_end: Callable[[], object]) -> None:
        self._pairs = pairs
        self._on_end = on_end

    def open(self, split: str, position: Any) -> Reader[Pair]:
        return PairReader(self._pairs, self._on_end)


class PairReader(Reader[Pair]):
    """Reads the pairs, and tells when the engine has taken in the last one."""

    def __init__(self, pairs: Pairs, on_end: Callable[[], object]) -> None:
        self._pairs = pairs
        self._on_end = on_end
        self._next = 0

    async def poll(self, limit: int) -> Batch[Pair] | None:
        begin, end = self._next, self._next + limit
        values = list(self._pairs.values[begin:end])
        if not values:
            # The engine polls again only when it has processed the previous batch whole.
            self._on_end()
            return None
        self._next = end
        return Batch(values, list(self._pairs.stamps[begin:end]))
