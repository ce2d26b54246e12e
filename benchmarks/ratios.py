"""Each job on streamcore against the hand-written loop, in the same process, taking turns."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import geometric_mean

from benchmarks.data import input_of
from benchmarks.digest import digest
from benchmarks.jobs import JOBS
from benchmarks.loops import LOOPS
from benchmarks.measuring import Comparison, Options, ResultsDifferError, compare, report

WARM_UP = 10
"""Both run once on the tenth part of the events before anything counts."""


def run(options: Options) -> None:
    """Print the ratio of each job, and the geometric mean."""
    ratios = []
    for job in JOBS:
        comparison = measure(job, options)
        report(job, comparison, options.events)
        ratios.append(comparison.ratio)
    print(f"geometric mean {geometric_mean(ratios):.2f}")


def measure(job: str, options: Options) -> Comparison:
    """Run a job both ways, and check that both give the same rows."""
    with tempfile.TemporaryDirectory() as folder:
        few = input_of(job, max(options.events // WARM_UP, 1), options.data)
        _take_turns(job, few, Path(folder), rounds=1)
        return _take_turns(job, input_of(job, options.events, options.data), Path(folder), options.rounds)


def _take_turns(job: str, source: Path, folder: Path, rounds: int) -> Comparison:
    expected, rows = folder / "loop.jsonl", folder / "streamcore.jsonl"
    comparison = compare(lambda: LOOPS[job](source, expected), lambda: JOBS[job](source, rows), rounds)
    if digest(expected) != digest(rows):
        msg = f"job {job}: streamcore and the loop write different rows"
        raise ResultsDifferError(msg)
    return comparison
