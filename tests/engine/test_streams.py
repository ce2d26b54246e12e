"""Streams that are left: at any moment, and in any way, they hold nothing up."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from streamcore.engine.runtime import Job
from streamcore.errors import PipelineError
from streamcore.graph.pipeline import Pipeline
from streamcore.graph.runner import Stream
from streamcore.model.windowed_value import WindowedValue
from streamcore.transforms.read import Read
from tests.engine.sources import FedSource, calm

# More than the queues of a stream hold.
MANY = range(10_000)

Elements = Stream[WindowedValue[Any]]


async def close(streams: list[Elements]) -> None:
    await streams.pop().aclose()


async def close_twice(streams: list[Elements]) -> None:
    stream = streams.pop()
    await stream.aclose()
    await stream.aclose()


async def drop(streams: list[Elements]) -> None:
    streams.clear()


async def enter(streams: list[Elements]) -> None:
    async with contextlib.aclosing(streams.pop()):
        pass


async def cancel_before_the_first_element(streams: list[Elements]) -> None:
    taking = asyncio.create_task(take(streams.pop()))
    taking.cancel()
    await asyncio.wait([taking])


async def cancel_and_keep_the_task(streams: list[Elements]) -> None:
    taking = asyncio.create_task(take(streams[0]))
    await calm()
    taking.cancel()
    await asyncio.wait([taking])


async def take(stream: Elements) -> None:
    async for _ in stream:
        pass


@pytest.mark.parametrize(
    "leave", [close, close_twice, drop, enter, cancel_before_the_first_element, cancel_and_keep_the_task]
)
async def test_a_stream_that_is_left_before_its_first_element(
    leave: Callable[[list[Elements]], Awaitable[None]],
) -> None:
    p = Pipeline()
    source = FedSource("a")
    numbers = p | Read(source)
    job = Job(p)
    streams: list[Elements] = [job.stream(numbers)]
    await leave(streams)
    gc.collect()
    await calm()
    source.feed("a", *MANY)
    source.feed("a", *MANY)
    source.end()
    assert await asyncio.wait_for(job.wait(), 30) == "DONE"


async def test_a_stream_that_is_left_while_the_pipeline_waits_for_it() -> None:
    p = Pipeline()
    source = FedSource("a")
    numbers = p | Read(source)
    job = Job(p)
    stream = job.stream(numbers)
    outlet = next(iter(job._streams.outlets()))
    outlet.hold()  # it has been told that there is something, and has not had its turn
    source.feed("a", *MANY)
    while not outlet.node.is_full():
        await asyncio.sleep(0)
    await calm()
    await stream.aclose()
    await calm(1000)
    assert source.readers["a"].polls == 2
    await job.cancel()


async def test_a_stream_that_was_left_has_ended_for_all_who_iterate_over_it() -> None:
    p = Pipeline()
    numbers = p | Read(FedSource("a"))
    job = Job(p)
    stream = job.stream(numbers)
    waiting = [asyncio.create_task(take(stream)) for _ in range(3)]
    await calm()
    await stream.aclose()
    await asyncio.wait_for(asyncio.gather(*waiting), 30)
    assert [element async for element in stream] == []
    await job.cancel()


async def test_a_stream_that_is_asked_for_in_another_thread_is_refused_and_holds_nothing() -> None:
    p = Pipeline()
    source = FedSource("a")
    numbers = p | Read(source)
    job = Job(p)
    with pytest.raises(PipelineError) as caught:
        await asyncio.to_thread(job.stream, numbers)
    assert str(caught.value) == (
        "`handle.stream(...)` was called outside the event loop of the run; call it in a coroutine of that loop, such "
        "as an `async def` endpoint in place of a `def`, which a web framework runs in a thread"
    )
    source.feed("a", *MANY)
    source.feed("a", *MANY)
    source.end()
    assert await asyncio.wait_for(job.wait(), 30) == "DONE"
    assert [element async for element in await asyncio.to_thread(job.stream, numbers)] == []


def test_a_stream_may_be_dropped_after_its_loop() -> None:
    streams: list[Elements] = []

    async def main() -> None:
        p = Pipeline()
        numbers = p | Read(FedSource("a"))
        job = Job(p)
        streams.append(job.stream(numbers))
        await job.cancel()

    asyncio.run(main())
    streams.clear()  # what is raised here would make the test fail
