"""What checkpoints of a million keys cost: `python -m benchmarks.checkpoints`.

A TCP server in the event loop of the pipeline is asked all the while, as in the loopback benchmark.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

import streamcore as sc
from benchmarks import loopback
from benchmarks.arguments import begin, show_lines_at_once
from benchmarks.loopback import GOAL, Echo, asked
from benchmarks.measuring import Options, ResultsDifferError
from benchmarks.pairs import SECOND, WINDOW, Pairs, Totals, make_pairs, run_loop
from streamcore.io import WriteToCallable
from streamcore.model.source import Batch, Reader, Source

DIRTY: Final = 10
"""One key of so many changes between two checkpoints."""

# What the echo server answers while a checkpoint has all keys, or those that have changed, and while a run recovers.
FIRST, CHANGED, RECOVERY = b"1", b"c", b"r"

CHECKPOINT_GOAL: Final = "goal: done within 2 s"
RECOVERY_GOAL: Final = "goal: < 5 s"


def run(options: Options) -> None:
    """Print how long checkpoints and recovery take, how large the state is, and the round trips meanwhile."""
    asyncio.run(_measure(options))


class Stages:
    """Lets a pipeline take in the elements of one stage after another.

    Attributes:
        pairs: The elements of all stages.
        end: Where the present stage ends.
    """

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs
        self.end = 0
        self._has_more = asyncio.Event()
        self._is_through = asyncio.Event()

    async def take_in(self, end: int) -> None:
        """Wait until all elements up to this one have been processed."""
        self.end = end
        self._is_through.clear()
        self._has_more.set()
        await self._is_through.wait()

    def finish(self) -> None:
        """Let all that is left be taken in, and the input end."""
        self.end = len(self.pairs.values)
        self._has_more.set()

    async def wait_at(self, position: int) -> None:
        """Called by the reader, which is polled again only when its last batch has been processed whole."""
        while position == self.end:
            self._has_more.clear()
            self._is_through.set()
            await self._has_more.wait()


class StagedSource(Source[Any]):
    """Elements in memory, stage by stage; its position is an index."""

    bounded = True

    def __init__(self, stages: Stages) -> None:
        self._stages = stages

    def open(self, split: str, position: Any) -> StagedReader:
        return StagedReader(self._stages, position or 0)


class StagedReader(Reader[Any]):
    """Reads them."""

    def __init__(self, stages: Stages, position: int) -> None:
        self._stages = stages
        self._next = position

    async def poll(self, limit: int) -> Batch[Any] | None:
        pairs = self._stages.pairs
        if self._next == len(pairs.values):
            return None
        await self._stages.wait_at(self._next)
        begin_, end = self._next, min(self._next + limit, self._stages.end)
        self._next = end
        return Batch(list(pairs.values[begin_:end]), list(pairs.stamps[begin_:end]))

    def position(self) -> int:
        return self._next


def make_stages(keys: int, rounds: int) -> tuple[Pairs, list[int]]:
    """Return the elements, and where each stage ends: first all keys, then a part of them in each round and at last."""
    opening = make_pairs(keys, visits=1)
    rng = random.Random(11)
    values, ends = list(opening.values), [keys]
    for _ in range(rounds + 1):
        values += rng.sample(opening.values, max(keys // DIRTY, 1))
        ends.append(len(values))
    # In the window, and behind the watermark: what matters is only which keys change.
    stamps = opening.stamps + (WINDOW * SECOND // 2,) * (len(values) - keys)
    return Pairs(tuple(values), stamps), ends


def make_pipeline(stages: Stages, totals: Totals, state_dir: Path) -> sc.Pipeline:
    """Count and sum per key in one window, with checkpoints on request."""
    p = sc.Pipeline(options=sc.PipelineOptions(state_dir=str(state_dir), checkpoint_interval=None))
    _ = (
        p
        | sc.Read(StagedSource(stages), watermark=sc.BoundedOutOfOrderness(10))
        | sc.WindowInto(sc.FixedWindows(WINDOW))
        | sc.CombinePerKey(sc.combiners.TupleCombineFn(len, sum).with_common_input())
        | WriteToCallable(totals.take)
    )
    return p


async def _measure(options: Options) -> None:
    keys, changed = options.events, max(options.events // DIRTY, 1)
    pairs, ends = make_stages(keys, options.rounds)
    with tempfile.TemporaryDirectory() as folder:
        async with asked() as (echo, client):
            first, durations = await _take_checkpoints(echo, pairs, ends[:-1], Path(folder))
            size = _megabytes(Path(folder))
            gc.collect()
            recovery, totals = await _recover(echo, pairs, ends[-2], Path(folder))
            echo.hang_up()
            shown, _ = await client.communicate()
    found = json.loads(shown)
    print(f"checkpoint of {keys:,} new keys: {first:.2f} s")
    print(
        f"checkpoint of {changed:,} changed keys of {keys:,}: {median(durations):.2f} s,"
        f" rounds {min(durations):.2f} to {max(durations):.2f} s ({CHECKPOINT_GOAL})"
    )
    print(f"state of {keys:,} keys on disk: {size:.1f} MB after {len(durations) + 1} checkpoints")
    print(f"recovery of {keys:,} keys: {recovery:.2f} s ({RECOVERY_GOAL})")
    loopback.report(f"checkpoint of {keys:,} new keys", found.get(FIRST.decode(), []))
    loopback.report(f"checkpoints of {changed:,} changed keys", found.get(CHANGED.decode(), []))
    loopback.report(f"recovery of {keys:,} keys", found.get(RECOVERY.decode(), []))
    print(f"loopback {GOAL}")
    _check(pairs, totals)


async def _take_checkpoints(echo: Echo, pairs: Pairs, ends: list[int], folder: Path) -> tuple[float, list[float]]:
    """Return the seconds of the checkpoint of all keys, and of those behind it; then end as a crash does."""
    stages = Stages(pairs)
    job = await make_pipeline(stages, Totals(), folder).run_async()
    seconds = []
    for end, phase in zip(ends, [FIRST] + [CHANGED] * len(ends)):
        await _while_running(job, stages.take_in(end))
        async with _counted(echo, phase) as timed:
            await job.checkpoint()
        seconds.append(timed())
    await job.cancel()
    return seconds[0], seconds[1:]


async def _recover(echo: Echo, pairs: Pairs, end: int, folder: Path) -> tuple[float, Totals]:
    """Return the seconds until a run that goes on from the last checkpoint reads, and its results."""
    stages, totals = Stages(pairs), Totals()
    pipeline = make_pipeline(stages, totals, folder)
    async with _counted(echo, RECOVERY) as timed:
        job = await pipeline.run_async()
        await _while_running(job, stages.take_in(end))
    stages.finish()
    await job.wait()
    return timed(), totals


@asynccontextmanager
async def _counted(echo: Echo, phase: bytes) -> AsyncIterator[Callable[[], float]]:
    """Count round trips for a phase; gives a function that tells the seconds it took."""
    gc.collect()
    # A question that came meanwhile has waited for the collection.
    await echo.end_phase()
    ended = began = time.perf_counter()
    echo.phase = phase
    yield lambda: ended - began
    ended = time.perf_counter()
    await echo.end_phase()


async def _while_running(job: sc.JobHandle, work: Awaitable[None]) -> None:
    """Wait for something that a run that has failed would never do."""
    waiting = asyncio.ensure_future(work)
    running = asyncio.ensure_future(job.wait())
    await asyncio.wait((waiting, running), return_when=asyncio.FIRST_COMPLETED)
    if not waiting.done():
        waiting.cancel()
        running.result()
    running.cancel()


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _check(pairs: Pairs, totals: Totals) -> None:
    expected = Totals()
    run_loop(pairs, expected.take)
    if totals.summary() != expected.summary():
        msg = f"a run that was recovered gives {totals.summary()} (keys, elements, sum), not {expected.summary()}"
        raise ResultsDifferError(msg)


if __name__ == "__main__":
    show_lines_at_once()
    run(begin("python -m benchmarks.checkpoints", (), None)[1])
