"""Compares many cases by hand: `python -m tests.differential --cases 10000 --seed 1`."""

from __future__ import annotations

import argparse
import sys

from tests.differential.comparing import Summary, shown
from tests.differential.environment import beam_python
from tests.differential.trial import compare


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description=__doc__)
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    summary = compare(beam_python(), arguments.seed, arguments.cases, _progress)
    print(file=sys.stderr)
    # The smallest cases tell most.
    for cell in sorted(summary.disagreed, key=lambda it: len(str(it.story.case)))[:10]:
        print(shown(cell))
    print(summary)
    return 1 if summary.disagreed or summary.failed else 0


def _progress(summary: Summary) -> None:
    if summary.cases % 20 == 0:
        print(f"\r{summary.cases} cases", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
