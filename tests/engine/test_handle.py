"""The handle of a run that is used early, late or not at all."""

from __future__ import annotations

import asyncio

import pytest

from streamcore.engine.runtime import Job
from streamcore.errors import SinkError
from streamcore.graph.pipeline import Pipeline
from streamcore.model.bundle import Bundle
from streamcore.model.sink import Sink
from streamcore.model.watermark import BoundedOutOfOrderness
from streamcore.transforms.read import Create, Read
from streamcore.transforms.write import Write
from tests.engine.sources import FedSource, calm


class Refusing(Sink[int]):
    """Fails at the first element."""

    async def write(self, bundle: Bundle) -> None:
        raise OSError("the disk is full")


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
