"""The handle of a run that is used by a part of that run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from streamcore.engine.runtime import Job
from streamcore.errors import PipelineError
from streamcore.graph.pipeline import Pipeline
from streamcore.model.bundle import Bundle
from streamcore.model.options import PipelineOptions
from streamcore.model.sink import Sink
from streamcore.model.source import Batch
from streamcore.transforms.read import Read
from streamcore.transforms.write import Write
from tests.engine.sources import Counting, CountingReader, FedReader, FedSource, calm

Call = Callable[[Job], Awaitable[Any]]

CALLS: dict[str, Call] = {
    "wait()": lambda job: job.wait(),
    "drain()": lambda job: job.drain(),
    "checkpoint()": lambda job: job.checkpoint(),
    "savepoint(...)": lambda job: job.savepoint("kept"),
}


async def expect_refusal(call: str, waiting: Awaitable[Any]) -> None:
    with pytest.raises(PipelineError) as error:
        await asyncio.wait_for(waiting, 30)
    assert str(error.value) == (
        f"`handle.{call}` was awaited in a part of the run, which cannot go on before this part returns; "
        f"write asyncio.create_task(handle.{call})"
    )


class Asking(Counting):
    """Uses the handle where it is told to.

    Args:
        where: Names of the methods that do.
        call: What is called.
        stop: Where the numbers end; None: never.
    """

    def __init__(self, *where: str, call: Call, stop: int | None = 6) -> None:
        super().__init__(stop, ["a"])
        self.job: Job
        self.where = where
        self.answers: list[Any] = []
        self.call = call

    async def ask(self, where: str) -> None:
        if where in self.where:
            self.answers.append(await self.call(self.job))

    async def splits(self) -> Sequence[str]:
        await self.ask("splits")
        return await super().splits()

    def open(self, split: str, position: int | None) -> CountingReader:
        return AskingReader(self, position or 0)

    async def checkpointed(self, positions: Mapping[str, Any]) -> None:
        await self.ask("checkpointed")

    async def close(self) -> None:
        await self.ask("close")


class AskingReader(CountingReader):
    def __init__(self, source: Asking, start: int) -> None:
        super().__init__(start, source._stop, 3)
        self.source = source

    async def poll(self, limit: int) -> Batch[int] | None:
        await self.source.ask("poll")
        return await super().poll(limit)


class AskingSink(Sink[int]):
    def __init__(self, source: Asking) -> None:
        self.source = source

    async def write(self, bundle: Bundle) -> None:
        await self.source.ask("write")


def start(source: Asking, state_dir: Path | None = None) -> Job:
    options = None if state_dir is None else PipelineOptions(state_dir=str(state_dir), checkpoint_interval=None)
    p = Pipeline(options=options)
    _ = p | Read(source) | Write(AskingSink(source))
    source.job = Job(p)
    return source.job


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("where", ["splits", "write"])
async def test_what_would_wait_for_itself_is_refused(call: str, where: str, tmp_path: Path) -> None:
    job = start(Asking(where, call=CALLS[call]), tmp_path)
    await expect_refusal(call, job.wait())


@pytest.mark.parametrize("call", CALLS)
async def test_whoever_is_told_of_a_checkpoint_must_not_wait_for_another(call: str, tmp_path: Path) -> None:
    job = start(Asking("checkpointed", call=CALLS[call], stop=None), tmp_path)
    await expect_refusal(call, job.checkpoint())
    await expect_refusal(call, job.wait())


async def test_a_reader_may_wait_for_a_checkpoint(tmp_path: Path) -> None:
    source = Asking("poll", call=lambda job: job.checkpoint())
    assert await asyncio.wait_for(start(source, tmp_path).wait(), 30) == "DONE"
    assert source.answers == sorted(source.answers)
    assert len(source.answers) == 3


async def test_a_reader_may_drain_and_is_not_polled_again() -> None:
    source = Asking("poll", call=lambda job: job.drain())
    assert await asyncio.wait_for(start(source).wait(), 30) == "DRAINED"
    assert source.answers == []


class Lingering(FedReader):
    """Uses the handle when it is told to end."""

    job: Job

    async def poll(self, limit: int) -> Batch[Any] | None:
        try:
            return await super().poll(limit)
        finally:
            await self.job.wait()


async def test_a_reader_that_has_been_told_to_end_must_not_wait() -> None:
    p = Pipeline()
    source = FedSource()
    reader = source.readers["a"] = Lingering()
    _ = p | Read(source)
    job = reader.job = Job(p)
    await calm()
    await expect_refusal("wait()", job.drain())


@pytest.mark.parametrize("where", ["splits", "poll", "write"])
async def test_every_part_may_cancel(where: str) -> None:
    job = start(Asking(where, call=lambda job: job.cancel()))
    assert await asyncio.wait_for(job.wait(), 30) == "CANCELLED"


async def test_what_is_closed_at_the_end_must_not_wait_for_the_end() -> None:
    job = start(Asking("close", call=lambda job: job.cancel()))
    await expect_refusal("cancel()", job.wait())
