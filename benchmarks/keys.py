"""What open keys cost: bytes for each, and time per element when there are very many."""

from __future__ import annotations

from benchmarks.measuring import Comparison, Options, ResultsDifferError, compare, run_child
from benchmarks.pairs import Pairs, Totals, make_pairs, run_engine, run_loop

VISITS = 5
FEWER = 1_000
"""The other number of keys is so many times smaller, and each is visited so many times more often."""


def run(options: Options) -> None:
    """Print bytes per open pair of key and window, and how the time per element grows beside the loop's."""
    many, few = options.events, max(options.events // FEWER, 1)
    for way in ("loop", "streamcore"):
        size = float(run_child("benchmarks.open_pairs", way, many))
        print(f"bytes per open key at {many:,} keys: {way} {size:.0f}")
    ratios = [_measure(keys, many * VISITS // keys, options.rounds) for keys in (few, many)]
    print(f"ratio at {many:,} keys / ratio at {few:,} keys: {ratios[1] / ratios[0]:.2f}")


def _measure(keys: int, visits: int, rounds: int) -> float:
    pairs = make_pairs(keys, visits)
    tenth = len(pairs.values) // 10
    _take_turns(Pairs(pairs.values[:tenth], pairs.stamps[:tenth]), rounds=1)
    comparison = _take_turns(pairs, rounds)
    loop, engine = (1e9 / rate for rate in comparison.rates(len(pairs.values)))
    print(
        f"{keys:,} keys: ratio {comparison.ratio:.2f} [CPU time {comparison.cpu_ratio:.2f}]"
        f"  rounds {comparison.spread}  ns per element: loop {loop:.0f}, streamcore {engine:.0f}"
    )
    return comparison.ratio


def _take_turns(pairs: Pairs, rounds: int) -> Comparison:
    results: set[tuple[int, int, float]] = set()

    def loop() -> None:
        totals = Totals()
        run_loop(pairs, totals.take)
        results.add(totals.summary())

    def engine() -> None:
        totals = Totals()
        run_engine(pairs, totals.take)
        results.add(totals.summary())

    comparison = compare(loop, engine, rounds)
    if len(results) > 1:
        msg = f"keys: streamcore and the loop have different totals: {sorted(results)}"
        raise ResultsDifferError(msg)
    return comparison
