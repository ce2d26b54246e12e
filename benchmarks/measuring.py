"""Measure two ways of doing the same work against each other, and the memory of a process."""

from __future__ import annotations

import dataclasses
import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

Work = Callable[[], object]

_STATM = Path("/proc/self/statm")
_ROOT = Path(__file__).parent.parent


@dataclasses.dataclass(frozen=True)
class Options:
    """What the command line sets.

    Attributes:
        events: How many events a job reads; the other sizes follow from it.
        rounds: How often each is measured.
        data: Where generated input is kept.
    """

    events: int
    rounds: int
    data: Path


@dataclasses.dataclass(frozen=True)
class Cost:
    """Seconds that a piece of work took: on the clock, and of all cores."""

    wall: float
    cpu: float


class ResultsDifferError(Exception):
    """Two ways of doing the same gave different results: their times mean nothing."""


@dataclasses.dataclass(frozen=True)
class Comparison:
    """The costs of a base and of what is compared with it, round by round."""

    base: Sequence[Cost]
    other: Sequence[Cost]

    @property
    def ratio(self) -> float:
        """Median over the rounds of base time / other time: more than 1 where the other is faster."""
        return median(self._quotients())

    @property
    def cpu_ratio(self) -> float:
        """The same of CPU time, which other programs on the machine disturb less."""
        return median(base.cpu / other.cpu for base, other in zip(self.base, self.other, strict=True))

    @property
    def spread(self) -> str:
        """The lowest and the highest ratio of a round."""
        quotients = self._quotients()
        return f"{min(quotients):.2f} to {max(quotients):.2f}"

    def rates(self, count: int) -> tuple[float, float]:
        """How many of `count` things a second the base and the other did, in their median rounds."""
        return count / median(cost.wall for cost in self.base), count / median(cost.wall for cost in self.other)

    def _quotients(self) -> list[float]:
        return [base.wall / other.wall for base, other in zip(self.base, self.other, strict=True)]


def compare(base: Work, other: Work, rounds: int) -> Comparison:
    """Do both in turn, so that what slows the machine for a while slows both."""
    return Comparison(*take_turns([base, other], rounds))


def take_turns(works: Sequence[Work], rounds: int) -> list[list[Cost]]:
    """Do one after another, that many times; return the costs of each, round by round."""
    turns = [[cost_of(work) for work in works] for _ in range(rounds)]
    return [list(costs) for costs in zip(*turns, strict=True)]


def cost_of(work: Work) -> Cost:
    """Do it once, with no garbage left over from before."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


def report(name: str, comparison: Comparison, count: int) -> None:
    """Print the ratio of a job to the hand-written loop."""
    loop, engine = comparison.rates(count)
    print(
        f"ratio {name} {comparison.ratio:.2f} [CPU time {comparison.cpu_ratio:.2f}]"
        f"  rounds {comparison.spread}  loop {loop:,.0f}/s  streamcore {engine:,.0f}/s"
    )


def resident_bytes() -> int:
    """Return how much memory this process has in RAM now."""
    if _STATM.exists():
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    shown = subprocess.run(["ps", "-o", "rss=", "-p", str(os.getpid())], capture_output=True, check=True)
    return int(shown.stdout) * 1024


def run_child(module: str, *args: object) -> str:
    """Run a module in a process of its own and return what it prints."""
    child = subprocess.run(child_command(module, *args), stdout=subprocess.PIPE, text=True, check=True, cwd=_ROOT)
    return child.stdout


def child_command(module: str, *args: object) -> list[str]:
    """Return the command that runs a module in a process of its own; it must be started in the project's folder."""
    return [sys.executable, "-m", module, *map(str, args)]


def machine() -> str:
    """Describe where this runs."""
    python = ".".join(map(str, sys.version_info[:3]))
    return f"Python {python} on {sys.platform}, {os.cpu_count()} cores ({_processor()})"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown processor")
