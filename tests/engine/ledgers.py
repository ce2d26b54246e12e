"""A sink whose output is in what outlives the process, once for each checkpoint; and runs that are killed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from streamcore.engine.runtime import Job
from streamcore.graph.pipeline import Pipeline
from streamcore.model.bundle import Bundle
from streamcore.model.options import PipelineOptions
from streamcore.model.two_phase import SinkRestart, TwoPhaseSink
from streamcore.transforms.read import Read
from streamcore.transforms.write import Write
from tests.engine.sources import Counting, Gate, GatedSource


class Ledger:
    """What outlives the process: the rows of each checkpoint."""

    def __init__(self) -> None:
        self.pages: dict[int, list[Any]] = {}
        self.starts: list[SinkRestart] = []

    def rows(self) -> list[Any]:
        """All rows."""
        return [row for number in sorted(self.pages) for row in self.pages[number]]


class LedgerSink(TwoPhaseSink[Any]):
    """Writes to a ledger; its rows are in the checkpoint until they are committed."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.rows: list[Any] = []
        self.calls: list[str] = []

    async def open(self) -> None:
        self.calls.append("open")

    async def restart(self, restart: SinkRestart) -> None:
        self.calls.append("restart")
        self.ledger.starts.append(restart)
        self.rows = []

    async def write(self, bundle: Bundle) -> None:
        self.rows += bundle.values

    async def finish(self) -> None:
        self.calls.append("finish")

    async def prepare(self, number: int) -> list[Any]:
        self.calls.append(f"prepare {number}")
        await asyncio.sleep(0)
        rows, self.rows = self.rows, []
        return rows

    async def commit(self, number: int, prepared: list[Any]) -> None:
        self.calls.append(f"commit {number}")
        await asyncio.sleep(0)
        assert self.ledger.pages.get(number, prepared) == prepared, "another output for the same checkpoint"
        self.ledger.pages[number] = prepared

    async def close(self) -> None:
        self.calls.append("close")

    async def abort(self) -> None:
        self.calls.append("abort")


def options(state_dir: Path, **kwargs: Any) -> PipelineOptions:
    """Options of a run that keeps its state, and takes checkpoints on request only unless told otherwise."""
    return PipelineOptions(state_dir=str(state_dir), **({"checkpoint_interval": None} | kwargs))


def copying(sink: LedgerSink, state_dir: Path, gate: Gate | None = None, **settings: Any) -> Pipeline:
    """Writes 9 numbers to a sink, as fast as a gate allows."""
    if gate is None:
        gate = Gate()
        gate.allow(1000)
    p = Pipeline(options=options(state_dir, **settings))
    _ = p | "read" >> Read(GatedSource(Counting(9, splits=["a"]), gate)) | "out" >> Write(sink)
    return p


async def kill(job: Job) -> None:
    """Ends a run at once, as far as that is possible within a process."""
    await job.cancel()


async def run_to_end(pipeline: Pipeline) -> Job:
    """A run to its end."""
    job = Job(pipeline)
    await job.wait()
    return job
