"""The handle of a run that is used early, late or not at all."""

from __future__ import annotations

import asyncio
import contextvars
import gc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from streamcore.engine.runtime import Job
from streamcore.errors import PipelineError, SinkError, SourceError
from streamcore.graph.pipeline import Pipeline
from streamcore.io import ReadFromAsyncIterable, ReadFromQueue, WriteToCallable
from streamcore.model.bundle import Bundle
from streamcore.model.sink import Sink
from streamcore.model.watermark import BoundedOutOfOrderness
from streamcore.transforms.elementwise import Map
from streamcore.transforms.group import CombinePerKey
from streamcore.transforms.read import Create, Read
from streamcore.transforms.write import Write
from tests.engine.ledgers import Ledger, LedgerSink, copying
from tests.engine.sources import FedSource, Gate, calm
from tests.engine.test_runtime import Collected


class Refusing(Sink[int]):
    """Fails at the first element."""

    async def write(self, bundle: Bundle) -> None:
        raise OSError("the disk is full")


class Busy(Sink[int]):
    """Is never done."""

    async def write(self, bundle: Bundle) -> None:
        await asyncio.Event().wait()


async def cancelled() -> AsyncIterator[int]:
    """Waits for something that somebody else has cancelled."""
    yield 1
    raise asyncio.CancelledError


async def test_a_stream_of_a_run_that_has_ended_is_empty() -> None:
    p = Pipeline()
    numbers = p | Create([1, 2, 3])
    job = Job(p)
    await job.wait()
    assert [element async for element in job.stream(numbers)] == []


async def test_a_stream_that_comes_while_the_last_elements_are_written_is_empty() -> None:
    p = Pipeline()
    numbers = p | Create([1, 2, 3])
    job = Job(p)
    first = job.stream(numbers)
    await calm()
    second = job.stream(numbers)
    assert [element.value async for element in first] == [1, 2, 3]
    assert [element async for element in second] == []


async def test_a_stream_of_a_run_that_has_failed_tells_why() -> None:
    p = Pipeline()
    numbers = p | Create([1])
    _ = numbers | Write(Refusing())
    job = Job(p)
    with pytest.raises(SinkError, match="the disk is full"):
        await job.wait()
    with pytest.raises(SinkError, match="the disk is full"):
        _ = [element async for element in job.stream(numbers)]


async def test_a_run_that_is_cancelled_before_it_begins_has_ended() -> None:
    p = Pipeline()
    numbers = p | Create([1])
    job = Job(p)
    stream = job.stream(numbers)
    await job.cancel()
    assert job.state == "CANCELLED"
    assert [element async for element in stream] == []


async def test_cancel_leaves_no_task_behind() -> None:
    p = Pipeline()
    _ = p | Read(FedSource("a"), watermark=BoundedOutOfOrderness(0, idle_timeout=3600))
    before = asyncio.all_tasks()
    job = Job(p)
    await calm()
    await job.cancel()
    assert asyncio.all_tasks() == before


async def test_a_sink_that_fails_at_the_end_does_not_wait_for_the_others() -> None:
    p = Pipeline()
    numbers = p | Create([1])
    _ = numbers | "busy" >> Write(Busy())
    _ = numbers | "refusing" >> Write(Refusing())
    with pytest.raises(SinkError, match="the disk is full"):
        await Job(p).wait()


async def test_a_source_whose_work_was_cancelled_has_failed() -> None:
    p = Pipeline()
    _ = p | ReadFromAsyncIterable(cancelled)
    with pytest.raises(SourceError, match=r"step 'ReadFromAsyncIterable.*' could not read split .*: CancelledError"):
        await Job(p).wait()


class Giving(Sink[int]):
    """Waits for something that somebody else cancels, at its third element."""

    def __init__(self) -> None:
        self.written: list[int] = []

    async def write(self, bundle: Bundle) -> None:
        for value in bundle.values:
            if value == 2:
                other = asyncio.create_task(asyncio.Event().wait())
                other.cancel()
                await other
            self.written.append(value)


async def test_a_sink_whose_work_was_cancelled_has_failed() -> None:
    p = Pipeline()
    sink = Giving()
    _ = p | Create(range(5)) | Write(sink)
    with pytest.raises(SinkError, match=r"step 'Write\(Giving\)' could not write: CancelledError"):
        await Job(p).wait()
    assert sink.written == [0, 1]


def cancelled_at(value: int) -> int:
    """Asks for the result of something that was cancelled."""
    if value == 2:
        raise asyncio.CancelledError
    return value


async def test_a_function_that_asks_for_what_was_cancelled_has_failed() -> None:
    p = Pipeline()
    _ = p | Create(range(5)) | Map(cancelled_at)
    job = Job(p)
    with pytest.raises(PipelineError, match="something that a function of the pipeline has waited for was cancelled"):
        await job.wait()
    assert job.state == "FAILED"


async def test_a_failure_that_nobody_waits_for_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    p = Pipeline()
    _ = p | Create([1]) | Write(Refusing())
    job = Job(p)
    await calm()
    assert job.state == "FAILED"
    assert caplog.messages == ["the run has failed: step 'Write(Refusing)' could not write: OSError: the disk is full"]
    with pytest.raises(SinkError):
        await job.wait()


class Refused(FedSource):
    """Cannot be closed."""

    async def close(self) -> None:
        raise OSError("the network is down")


@pytest.mark.parametrize(
    ("source", "sink", "reason"),
    [
        (FedSource("a"), Refusing(), "the disk is full"),
        (Refused("a"), Collected(), "the network is down"),
    ],
)
async def test_a_failure_that_nobody_ever_waits_for_is_told_once(
    source: FedSource, sink: Sink[int], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        p = Pipeline()
        _ = p | Read(source) | Write(sink)
        source.feed("a", 1)
        source.end()
        job = Job(p)
        await calm()
        assert job.state == "FAILED"

    await run()
    gc.collect()
    await calm()
    [message] = caplog.messages
    assert message.startswith("the run has failed: ")
    assert message.endswith(reason)


async def test_a_run_that_nobody_refers_to_does_not_tell_that_it_has_failed(caplog: pytest.LogCaptureFixture) -> None:
    async def start() -> None:
        p = Pipeline()
        _ = p | Read(FedSource("a"))
        Job(p)
        await calm()

    await start()
    gc.collect()  # what is raised here would make the test fail
    await calm()
    assert {record.name for record in caplog.records} == {"asyncio"}


async def test_drain_takes_nothing_more() -> None:
    gate = asyncio.Event()
    taken: list[int] = []

    async def take(value: int) -> None:
        await gate.wait()
        taken.append(value)

    p, queue = Pipeline(), asyncio.Queue[int]()
    _ = p | ReadFromQueue(queue) | WriteToCallable(take)
    job = Job(p)
    queue.put_nowait(1)
    await calm()
    draining = asyncio.create_task(job.drain())
    await calm()
    queue.put_nowait(2)
    await calm()
    gate.set()
    await draining
    assert (job.state, taken, queue.qsize()) == ("DRAINED", [1], 1)


async def test_streams_that_were_left_are_forgotten() -> None:
    p = Pipeline()
    source = FedSource("a")
    numbers = p | Read(source)
    job = Job(p)
    await calm()
    tasks = asyncio.all_tasks()
    for _ in range(3):
        stream = job.stream(numbers)
        source.feed("a", 1, 2)
        async for element in stream:
            assert element.value == 1
            break
        await stream.aclose()
        await calm()
        assert asyncio.all_tasks() == tasks
    await job.cancel()


async def test_a_stream_that_comes_while_windows_fire_gets_the_rest_and_ends() -> None:
    p = Pipeline()
    totals = p | Create([(key, 1) for key in range(200_000)]) | CombinePerKey(sum)
    job = Job(p)
    while not job.metrics["CombinePerKey(sum)"].panes_on_time:
        await asyncio.sleep(0)
    seen = [element.value async for element in job.stream(totals)]
    assert 0 < len(seen) < 200_000
    assert seen[-1] == (199_999, 1)


async def test_an_async_with_block_that_is_cancelled_ends_its_run() -> None:
    async def build_and_run() -> None:
        async with p:
            _ = p | Read(FedSource("a"))

    p = Pipeline()
    waiting = asyncio.create_task(build_and_run())
    await calm()
    waiting.cancel()
    await asyncio.wait([waiting])
    assert (waiting.cancelled(), p.result.state) == (True, "CANCELLED")


async def test_drain_processes_what_has_been_read() -> None:
    seen: list[int] = []
    ends: list[asyncio.Task[None]] = []

    def see(value: int) -> None:
        seen.append(value)
        ends.append(asyncio.create_task(job.drain()))

    source = FedSource("a", "b")
    source.feed("a", 1)
    source.feed("b", 2)
    p = Pipeline()
    _ = p | Read(source) | Map(see)
    job = Job(p)
    assert await job.wait() == "DRAINED"
    await asyncio.wait(ends)
    assert seen == [1, 2]


class Closing(FedSource):
    """Takes its time to close."""

    async def close(self) -> None:
        await asyncio.sleep(0)
        await super().close()


def test_a_loop_that_ends_while_a_run_frees_things_lets_it_do_so() -> None:
    sources = [Closing("a"), Closing("a"), Closing("a")]

    async def main() -> None:
        p = Pipeline()
        for number, source in enumerate(sources):
            _ = p | f"read {number}" >> Read(source)
            source.end()
        job = Job(p)
        while job.state == "RUNNING":
            await asyncio.sleep(0)

    asyncio.run(main())
    assert sum(source.closed for source in sources) >= 2, "the end may cut off one that is closing, and no other"


async def test_a_handle_shows_its_state() -> None:
    p = Pipeline()
    _ = p | Create([1])
    handle = await p.run_async()
    assert repr(handle) == "<Job RUNNING>"
    await handle.wait()
    assert repr(handle) == "<Job DONE>"


REQUEST = contextvars.ContextVar("REQUEST", default="none")


class Seeing(LedgerSink):
    """Notes for which request it does something."""

    def __init__(self) -> None:
        super().__init__(Ledger())
        self.seen: list[tuple[str, str]] = []

    async def prepare(self, number: int) -> list[Any]:
        self.seen.append(("prepare", REQUEST.get()))
        return await super().prepare(number)

    async def commit(self, number: int, prepared: list[Any]) -> None:
        self.seen.append(("commit", REQUEST.get()))
        await super().commit(number, prepared)


async def test_whoever_asks_for_a_checkpoint_does_not_lend_the_run_its_context(tmp_path: Path) -> None:
    sink = Seeing()
    REQUEST.set("the start")
    job = Job(copying(sink, tmp_path, Gate()))
    REQUEST.set("a checkpoint")
    await job.checkpoint()
    await job.savepoint("kept")
    await job.cancel()
    assert sink.seen == [("prepare", "the start"), ("commit", "the start")] * 2
