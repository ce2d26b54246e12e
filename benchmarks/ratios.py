"""Each job on streamcore against a hand-written loop, in the same process, taking turns."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import geometric_mean

from benchmarks.data import input_of
from benchmarks.digest import digest
from benchmarks.jobs import JOBS
from benchmarks.loops import LOOPS
from benchmarks.loops.plain import PLAIN
from benchmarks.measuring import Comparison, Options, ResultsDifferError, compare, report
from benchmarks.typed_jobs import TYPED_JOBS

WARM_UP = 10
"""Both run once on the tenth part of the events before anything counts."""

Program = Callable[[Path, Path], None]


def run(options: Options) -> None:
    """Print the ratio of each job to the fastest loop, and the geometric mean."""
    mean = _report_all(options, LOOPS, JOBS, "")
    print(f"geometric mean {mean:.2f}")


def run_plain(options: Options) -> None:
    """Print the ratio of each job to the loop that one writes at first, and the geometric mean."""
    mean = _report_all(options, PLAIN, JOBS, "-plain")
    print(f"geometric mean to plain loops {mean:.2f}")


def run_typed(options: Options) -> None:
    """Print the ratio of jobs that have their input decoded to structs; the loop decodes it to dictionaries."""
    _report_all(options, LOOPS, TYPED_JOBS, "-typed")


def _report_all(options: Options, loops: Mapping[str, Program], programs: Mapping[str, Program], kind: str) -> float:
    ratios = []
    for job, program in programs.items():
        comparison = measure(job, loops[job], program, options)
        report(f"{job}{kind}", comparison, options.events)
        ratios.append(comparison.ratio)
    return geometric_mean(ratios)


def measure(job: str, loop: Program, program: Program, options: Options) -> Comparison:
    """Run a job both ways, and check that both give the same rows."""
    with tempfile.TemporaryDirectory() as name:
        expected, rows = Path(name, "loop.jsonl"), Path(name, "streamcore.jsonl")

        def take_turns(events: int, rounds: int) -> Comparison:
            source = input_of(job, events, options.data)
            comparison = compare(lambda: loop(source, expected), lambda: program(source, rows), rounds)
            if digest(expected) != digest(rows):
                msg = f"job {job}: streamcore and the loop write different rows"
                raise ResultsDifferError(msg)
            return comparison

        take_turns(max(options.events // WARM_UP, 1), rounds=1)
        return take_turns(options.events, options.rounds)
