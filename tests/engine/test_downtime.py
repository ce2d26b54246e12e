"""Time goes by while nobody can ask the sources: the process is down, or the connection is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from streamcore.engine.runtime import Job
from streamcore.errors import TransactionAbortedError
from streamcore.graph.pipeline import Pipeline
from streamcore.model.options import PipelineOptions
from streamcore.model.source import Batch, Reader, Source
from streamcore.model.watermark import BoundedOutOfOrderness
from streamcore.model.windowing import AccumulationMode
from streamcore.testing import VirtualClock
from streamcore.transforms.elementwise import Map
from streamcore.transforms.group import CombinePerKey
from streamcore.transforms.read import Read
from streamcore.transforms.window_into import WindowInto
from streamcore.transforms.write import Write
from streamcore.triggers import AfterProcessingTime, Repeatedly
from streamcore.windowing import FixedWindows, GlobalWindows
from tests.engine.clusters import Cluster, ClusterSink, fenced
from tests.engine.ledgers import Ledger, LedgerSink, options
from tests.engine.sources import calm


class Log(Source[int]):
    """Numbers that appear at their second, whether or not anybody reads them."""

    def __init__(self, clock: VirtualClock, seconds: Sequence[int]) -> None:
        self.clock = clock
        self.seconds = seconds
        self.is_connected = True
        self.news = asyncio.Event()

    def open(self, split: str, position: int | None) -> LogReader:
        self.clock.advance(0.001)  # it takes a moment
        return LogReader(self, position or 0)

    def wake(self) -> None:
        """Has the readers look for what has appeared."""
        self.news.set()
        self.news = asyncio.Event()


class LogReader(Reader[int]):
    def __init__(self, log: Log, start: int) -> None:
        self._log = log
        self._next = start

    async def poll(self, limit: int) -> Batch[int]:
        log = self._log
        while not (found := self._appeared()):
            await log.news.wait()
        self._next += len(found)
        return Batch(found, [second * 1_000_000 for second in found])

    def position(self) -> int:
        return self._next

    def is_connected(self) -> bool:
        return self._log.is_connected

    def _appeared(self) -> list[int]:
        now = self._log.clock.now()
        return [second for second in self._log.seconds[self._next :] if second * 1_000_000 <= now]


SECONDS = (1, 3, 31, 33, 45, 47)


def counts(log: Log, ledger: Ledger, settings: PipelineOptions | None) -> Pipeline:
    """Counts by 10 seconds; the watermark follows the clock when nothing has come for 5 seconds."""
    p = Pipeline(options=settings)
    _ = (
        p
        | "read" >> Read(log, watermark=BoundedOutOfOrderness(0, idle_timeout=5, follow_clock=2))
        | Map(lambda second: ("all", 1))
        | WindowInto(FixedWindows(10))
        | "counts" >> CombinePerKey(sum)
        | "out" >> Write(LedgerSink(ledger))
    )
    return p


async def go_to(clock: VirtualClock, log: Log, second: int) -> None:
    """Lets time go by, second by second, while the source is there."""
    while clock.now() < second * 1_000_000:
        clock.advance(1)
        log.wake()
        await calm()


async def test_what_comes_while_the_process_is_down_is_not_late(tmp_path: Path) -> None:
    clock, ledger = VirtualClock(), Ledger()
    job = Job(counts(log := Log(clock, SECONDS), ledger, options(tmp_path)))
    await job.checkpoint()
    await go_to(clock, log, 20)
    await job.checkpoint()
    await job.cancel()
    assert ledger.rows() == [("all", 2)]
    clock.advance(35)  # all else appears meanwhile
    job = Job(counts(log := Log(clock, SECONDS), ledger, options(tmp_path)))
    await job.checkpoint()
    await go_to(clock, log, 70)
    await job.checkpoint()
    assert ledger.rows() == [("all", 2), ("all", 2), ("all", 2)]
    assert job.metrics["counts"].dropped_late == 0
    await job.cancel()


async def test_what_comes_while_the_source_is_cut_off_is_not_late(tmp_path: Path) -> None:
    clock, ledger = VirtualClock(), Ledger()
    job = Job(counts(log := Log(clock, SECONDS), ledger, options(tmp_path)))
    await job.checkpoint()
    await go_to(clock, log, 20)
    log.is_connected = False
    for _ in range(35):
        clock.advance(1)
        await calm()
    log.is_connected = True
    await go_to(clock, log, 70)
    await job.checkpoint()
    assert ledger.rows() == [("all", 2), ("all", 2), ("all", 2)]
    assert job.metrics["counts"].dropped_late == 0
    await job.cancel()


def soon(log: Log, sink: Any, settings: PipelineOptions) -> Pipeline:
    """Counts, told 10 seconds after the first of each."""
    p = Pipeline(options=settings)
    _ = (
        p
        | "read" >> Read(log)
        | Map(lambda second: (second, 1))
        | WindowInto(
            GlobalWindows(),
            trigger=Repeatedly(AfterProcessingTime(10)),
            accumulation_mode=AccumulationMode.DISCARDING,
        )
        | "counts" >> CombinePerKey(sum)
        | "out" >> Write(sink)
    )
    return p


async def test_what_falls_due_while_the_process_is_down_comes_after_it(tmp_path: Path) -> None:
    clock, ledger = VirtualClock(), Ledger()
    job = Job(soon(log := Log(clock, (1, 5)), LedgerSink(ledger), options(tmp_path)))
    await job.checkpoint()
    await go_to(clock, log, 8)
    await job.checkpoint()
    await job.cancel()
    clock.advance(4)  # the first is due, and the second is not
    job = Job(soon(log := Log(clock, (1, 5)), LedgerSink(ledger), options(tmp_path)))
    await job.checkpoint()
    await calm()
    await job.checkpoint()
    assert ledger.rows() == [(1, 1)]
    await go_to(clock, log, 15)
    await job.checkpoint()
    assert ledger.rows() == [(1, 1), (5, 1)]
    await job.cancel()


async def test_what_has_fallen_due_since_the_checkpoint_comes_again_when_the_run_goes_back(tmp_path: Path) -> None:
    clock, cluster = VirtualClock(), Cluster()
    job = Job(soon(log := Log(clock, (1, 5)), ClusterSink(cluster), options(tmp_path)))
    await job.checkpoint()
    await go_to(clock, log, 8)
    await job.checkpoint()
    await go_to(clock, log, 20)
    cluster.commit_faults.append(fenced())
    with pytest.raises(TransactionAbortedError, match="gone back to checkpoint 2:"):
        await job.checkpoint()
    assert cluster.rows == []
    await calm()
    await job.checkpoint()
    assert cluster.rows == [(1, 1), (5, 1)]
    await job.cancel()
