"""Print how many bytes an open pair of key and window takes: `python -m benchmarks.open_pairs streamcore 1000000`.

The keys themselves are not counted: both ways keep the strings of the elements.
"""

import argparse
import gc

from benchmarks.measuring import resident_bytes
from benchmarks.pairs import Totals, make_pairs, run_engine, run_loop

WAYS = {"loop": run_loop, "streamcore": run_engine}
VISITS = 2


def bytes_per_key(way: str, keys: int) -> float:
    """Return the growth of this process while all keys are open, divided by the keys."""
    # Imports, compiled loops and the memory of a first run are not state.
    WAYS[way](make_pairs(10, VISITS), Totals().take)
    pairs = make_pairs(keys, VISITS)
    gc.collect()
    before = resident_bytes()
    grown: list[int] = []
    WAYS[way](pairs, Totals().take, lambda: grown.append(resident_bytes() - before))
    return grown[0] / keys


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.open_pairs", description="Measure open keys.")
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("keys", type=int)
    options = parser.parse_args()
    print(f"{bytes_per_key(options.way, options.keys):.1f}")


if __name__ == "__main__":
    main()
