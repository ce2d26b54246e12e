"""User code that goes on when it is cancelled: the run ends nevertheless, and loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from streamcore.engine.runtime import Job
from streamcore.graph.pipeline import Pipeline
from streamcore.io import ReadFromAsyncIterable, WriteToCallable
from streamcore.model.bundle import Bundle
from streamcore.model.options import PipelineOptions
from streamcore.model.source import Batch
from streamcore.testing import VirtualClock
from streamcore.transforms.elementwise import Map
from streamcore.transforms.read import Create, Read
from streamcore.transforms.write import Write
from tests.engine.sources import FedReader, FedSource, calm, until
from tests.engine.test_runtime import Collected


async def outlast() -> None:
    """Waits for ever, and takes a cancellation for the end of the wait."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return


class LateReader(FedReader):
    """Has an element, or nothing, whenever it is cancelled."""

    def __init__(self, *late: int) -> None:
        super().__init__()
        self.late = late

    async def poll(self, limit: int) -> Batch[Any]:
        self.polls += 1
        await outlast()
        return Batch(list(self.late))


class Outlasting(FedSource):
    """Goes on where it is told to."""

    def __init__(self, where: str) -> None:
        super().__init__("a")
        self.where = where

    async def splits(self) -> Sequence[str]:
        await self.outlast_at("splits")
        return await super().splits()

    async def start_positions(self, splits: Sequence[str]) -> Mapping[str, Any]:
        await self.outlast_at("start_positions")
        return {}

    async def new_splits(self) -> AsyncIterator[str]:
        while self.where == "new_splits":
            await outlast()
            yield "b"
        yield "c"

    def open(self, split: str, position: object) -> FedReader:
        return self.readers.setdefault(split, FedReader())

    async def outlast_at(self, where: str) -> None:
        if where == self.where:
            await outlast()


class OutlastingSink(Collected):
    def __init__(self, where: str) -> None:
        super().__init__()
        self.where = where

    async def open(self) -> None:
        await self.outlast_at("open")

    async def write(self, bundle: Bundle) -> None:
        await self.outlast_at("write")
        await super().write(bundle)

    async def outlast_at(self, where: str) -> None:
        if where == self.where:
            await outlast()


async def take(element: int) -> None:
    await outlast()


async def numbers() -> AsyncIterator[int]:
    while True:
        await outlast()
        yield 1


async def many() -> AsyncIterator[int]:
    while True:
        yield 1


BUILDS: dict[str, Callable[[Pipeline], object]] = {
    "splits": lambda p: p | Read(Outlasting("splits")) | Map(str),
    "start_positions": lambda p: p | Read(Outlasting("start_positions")) | Map(str),
    "new_splits": lambda p: p | Read(Outlasting("new_splits")) | Map(str),
    "an async iterable": lambda p: p | ReadFromAsyncIterable(numbers) | Map(str),
    "open": lambda p: p | Create([1]) | Write(OutlastingSink("open")),
    "write": lambda p: p | ReadFromAsyncIterable(many) | Write(OutlastingSink("write")),
    "an async function": lambda p: p | Create([1, 2, 3]) | WriteToCallable(take),
    "an async function of many": lambda p: p | ReadFromAsyncIterable(many) | WriteToCallable(take),
}


@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)
async def test_cancel_ends_what_goes_on(build: Callable[[Pipeline], object]) -> None:
    p = Pipeline()
    build(p)
    before = asyncio.all_tasks()
    job = Job(p)
    await calm()
    await asyncio.wait_for(job.cancel(), 30)
    assert job.state == "CANCELLED"
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize("late", [(), (1, 30)])
@pytest.mark.parametrize("end", [Job.cancel, Job.drain])
async def test_a_reader_that_goes_on_is_not_polled_again(end: Callable[[Job], Any], late: tuple[int, ...]) -> None:
    p, source, sink = Pipeline(), FedSource(), Collected()
    reader = source.readers["a"] = LateReader(*late)
    _ = p | Read(source) | Write(sink)
    job = Job(p)
    await calm()
    await asyncio.wait_for(end(job), 30)
    assert (reader.polls, reader.closed) == (1, 1)
    if end is Job.drain:
        assert sink.values == list(late)


async def test_drain_ends_an_iterable_that_goes_on_and_takes_its_last_element() -> None:
    p, found = Pipeline(), list[int]()
    _ = p | ReadFromAsyncIterable(numbers) | WriteToCallable(found.append)
    job = Job(p)
    await calm()
    await asyncio.wait_for(job.drain(), 30)
    assert found == [1]


async def test_drain_opens_no_split_that_is_found_too_late() -> None:
    p, source = Pipeline(), Outlasting("new_splits")
    _ = p | Read(source) | Map(str)
    job = Job(p)
    await calm()
    await asyncio.wait_for(job.drain(), 30)
    assert set(source.readers) == {"a"}


class SlowReader(FedReader):
    """Is never done with what it has taken in."""

    async def drain(self, limit: int) -> Batch[Any]:
        await outlast()
        return Batch([1])


async def test_cancel_ends_a_drain_that_goes_on() -> None:
    p, source, sink = Pipeline(), FedSource(), Collected()
    source.readers["a"] = SlowReader()
    _ = p | Read(source) | Write(sink)
    job = Job(p)
    await calm()
    draining = asyncio.create_task(job.drain())
    await calm()
    await asyncio.wait_for(job.cancel(), 30)
    await draining
    assert (job.state, sink.end) == ("CANCELLED", "aborted")


class Notified(FedSource):
    """Goes on when it is told of a checkpoint."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock=clock)
        self.readers["a"] = PlacedReader()
        self.is_told = False

    async def checkpointed(self, positions: Mapping[str, Any]) -> None:
        self.is_told = True
        await outlast()


class PlacedReader(FedReader):
    def position(self) -> int:
        return self.polls


async def test_cancel_ends_the_checkpoints_of_a_source_that_goes_on(tmp_path: Path) -> None:
    clock = VirtualClock()
    source = Notified(clock)
    p = Pipeline(options=PipelineOptions(state_dir=str(tmp_path), checkpoint_interval=10))
    _ = p | Read(source) | Write(Collected())
    job = Job(p)
    source.feed("a", 1)

    def is_told() -> bool:
        clock.advance(10)
        return source.is_told

    await until(is_told)
    await asyncio.wait_for(job.cancel(), 30)
    assert job.state == "CANCELLED"


async def wait_unbalanced() -> None:
    """Times out as in libraries that cancel the present task for that, and never say that this is over."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(0)
    assert task.cancelling()


class UnbalancedReader(FedReader):
    """Times out in such a library before each element."""

    async def poll(self, limit: int) -> Batch[Any] | None:
        await wait_unbalanced()
        self.polls += 1
        return Batch([self.polls]) if self.polls < 4 else None


async def test_a_library_that_leaves_cancellations_counted_ends_nothing() -> None:
    source = FedSource("a")
    source.readers["a"] = UnbalancedReader()
    source.found.put_nowait(None)
    written: list[int] = []

    async def write(element: int) -> None:
        await wait_unbalanced()
        written.append(element)

    p = Pipeline(options=PipelineOptions(bundle_size=1))
    _ = p | Read(source) | WriteToCallable(write)
    handle = await p.run_async()
    async with asyncio.timeout(60):
        assert await handle.wait() == "DONE"
    assert written == [1, 2, 3]
