"""What fails while a run ends is told, whichever way it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from streamcore.engine.runtime import Job
from streamcore.errors import LifeCycleError, SinkError, SourceError, UserCodeError
from streamcore.graph.pipeline import Pipeline
from streamcore.io import ReadFromAsyncIterable
from streamcore.model.bundle import Bundle
from streamcore.transforms.dofn import DoFn
from streamcore.transforms.pardo import ParDo
from streamcore.transforms.read import Create, Read
from streamcore.transforms.write import Write
from tests.engine.sources import FedSource, calm
from tests.engine.test_failures import BadSink
from tests.engine.test_runtime import Collected

LOGGED = "while the run ended something failed: "
NOTED = "While the run ended this failed, too: "
TEARDOWN = "step 'load' failed in Leaving.teardown: OSError: gone; handle it in Leaving.teardown"
ABORT = "step 'out' could not drop what it has not completed: OSError: left open"
CLOSE = "step 'Read(Held)' could not close its source: OSError: still open"


class Leaving(DoFn):
    """Cannot be torn down, and fails before if it is told to."""

    def __init__(self, where: str = "") -> None:
        self.where = where

    def process(self, element: int) -> list[int]:
        if self.where == "process":
            raise ValueError(element)
        return [element]

    def finish_bundle(self) -> None:
        if self.where == "finish_bundle":
            raise ValueError(self.where)

    def teardown(self) -> None:
        raise OSError("gone")


class LeftOpen(BadSink):
    """Cannot drop anything."""

    async def abort(self) -> None:
        await super().abort()
        raise OSError("left open")


class Held(FedSource):
    """Cannot be closed."""

    async def close(self) -> None:
        raise OSError("still open")


async def failed(build: Callable[[Pipeline], object], error: type[BaseException]) -> BaseException:
    p = Pipeline()
    build(p)
    job = Job(p)
    with pytest.raises(error) as caught:
        await job.wait()
    assert job.state == "FAILED"
    return caught.value


@pytest.mark.parametrize(("where", "error"), [("process", UserCodeError), ("finish_bundle", LifeCycleError)])
async def test_a_teardown_that_fails_after_something_else_is_a_note(
    where: str, error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    caught = await failed(lambda p: p | Create([1]) | "load" >> ParDo(Leaving(where)), error)
    assert isinstance(caught.__cause__, ValueError)
    assert caught.__notes__ == [NOTED + TEARDOWN]
    assert caplog.messages == []


async def test_a_second_teardown_that_fails_is_a_note_to_the_first() -> None:
    def build(p: Pipeline) -> object:
        return p | Create([1]) | "first" >> ParDo(Leaving()) | "load" >> ParDo(Leaving())

    caught = await failed(build, LifeCycleError)
    assert str(caught).startswith("step 'first' failed in Leaving.teardown")
    assert caught.__notes__ == [NOTED + TEARDOWN]


async def test_an_abort_that_fails_is_a_note_to_what_made_the_run_fail() -> None:
    caught = await failed(lambda p: p | Create([1]) | "out" >> Write(LeftOpen("write")), SinkError)
    assert str(caught) == "step 'out' could not write: OSError: write"
    assert caught.__notes__ == [NOTED + ABORT]


async def test_an_end_that_fails_is_logged_too_where_nobody_waits(caplog: pytest.LogCaptureFixture) -> None:
    p = Pipeline()
    _ = p | Create([1]) | "out" >> Write(LeftOpen("write"))
    job = Job(p)
    await calm()
    assert job.state == "FAILED"
    assert caplog.messages == ["the run has failed: step 'out' could not write: OSError: write", LOGGED + ABORT]


async def test_a_cancelled_run_logs_that_an_abort_failed(caplog: pytest.LogCaptureFixture) -> None:
    p = Pipeline()
    _ = p | Read(FedSource("a")) | "out" >> Write(LeftOpen(""))
    job = Job(p)
    await calm()
    await job.cancel()
    assert await job.wait() == "CANCELLED"
    assert caplog.messages == [LOGGED + ABORT]


async def test_a_cancelled_run_fails_of_what_cannot_be_closed(caplog: pytest.LogCaptureFixture) -> None:
    p = Pipeline()
    _ = p | Read(Held("a")) | "load" >> ParDo(Leaving()) | Write(Collected())
    job = Job(p)
    await calm()
    await job.cancel()
    with pytest.raises(SourceError) as caught:
        await job.wait()
    assert (job.state, str(caught.value), caught.value.__notes__) == ("FAILED", CLOSE, [NOTED + TEARDOWN])
    assert caplog.messages == ["the run has failed: " + CLOSE, LOGGED + TEARDOWN]


class Cross(Collected):
    """Takes a cancellation for an error."""

    async def write(self, bundle: Bundle) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise OSError("cut off") from None


async def test_a_cancelled_run_logs_what_a_task_makes_of_that(caplog: pytest.LogCaptureFixture) -> None:
    p = Pipeline()
    _ = p | Create([1]) | "out" >> Write(Cross())
    job = Job(p)
    await calm()
    await job.cancel()
    assert await job.wait() == "CANCELLED"
    assert caplog.messages == [LOGGED + "step 'out' could not write: OSError: cut off"]


class Watched(FedSource):
    """Cannot end its search for new splits."""

    async def new_splits(self) -> AsyncIterator[str]:
        try:
            async for split in super().new_splits():
                yield split
        finally:
            raise OSError("still watched")


async def expect_failure(end: Awaitable[Any], message: str) -> None:
    with pytest.raises(SourceError) as caught:
        await end
    assert str(caught.value) == message


async def test_a_search_for_splits_that_cannot_end(caplog: pytest.LogCaptureFixture) -> None:
    message = "step 'Read(Watched)' could not look for new splits: OSError: still watched"
    jobs = []
    for _ in range(2):
        p = Pipeline()
        _ = p | Read(Watched("a")) | Write(Collected())
        jobs.append(Job(p))
    await calm()
    await expect_failure(jobs[0].drain(), message)
    assert caplog.messages == []
    await jobs[1].cancel()
    assert caplog.messages == [LOGGED + message]
    assert [job.state for job in jobs] == ["FAILED", "CANCELLED"]


async def kept() -> AsyncIterator[int]:
    try:
        while True:
            yield 1
            await asyncio.Event().wait()
    finally:
        raise OSError("not saved")


async def full() -> AsyncIterator[int]:
    try:
        while True:
            yield 1
    finally:
        raise OSError("not saved")


@pytest.mark.parametrize("generator", [kept, full])
async def test_an_async_generator_that_fails_when_it_is_closed(generator: Callable[[], AsyncIterator[int]]) -> None:
    for end, what in ((Job.drain, "read"), (Job.cancel, "close")):
        p, sink = Pipeline(), Collected()
        _ = p | "read" >> ReadFromAsyncIterable(generator, capacity=2) | Write(sink)
        job = Job(p)
        await calm()
        ended = asyncio.create_task(end(job))
        await expect_failure(
            job.wait(), f"step 'read/Read(AsyncIterableSource)' could not {what} split 'all': OSError: not saved"
        )
        await asyncio.wait([ended])
        assert (ended.exception() is None) == (end is Job.cancel)
        assert (set(sink.values), sink.end, job.state) == ({1}, "aborted", "FAILED")
