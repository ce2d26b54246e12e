from __future__ import annotations

import asyncio
import re
import sys
from typing import Any

import pytest

from streamcore import Map, Pipeline
from streamcore.errors import PipelineError, UserCodeError
from streamcore.io import ReadFromQueue, WriteToCallable
from streamcore.io.queues import QueueSource
from streamcore.model.windowed_value import TimestampedValue
from tests.io.reading import poll_all

END = object()


async def test_what_is_put_in_comes_out() -> None:
    queue: asyncio.Queue[Any] = asyncio.Queue(maxsize=2)
    found: list[Any] = []
    p = Pipeline()
    _ = p | ReadFromQueue(queue, end=END) | WriteToCallable(found.append)
    handle = await p.run_async()
    for number in range(10):
        await queue.put(number)
    await queue.put(END)
    await handle.wait()
    assert found == list(range(10))


async def test_batches_hold_what_is_there_up_to_the_limit() -> None:
    queue: asyncio.Queue[Any] = asyncio.Queue()
    for number in range(5):
        queue.put_nowait(number)
    queue.put_nowait(END)
    assert await poll_all(QueueSource(queue, END).open("all", None), 3) == [[0, 1, 2], [3, 4]]


async def test_an_end_alone() -> None:
    queue: asyncio.Queue[Any] = asyncio.Queue()
    queue.put_nowait(END)
    assert await poll_all(QueueSource(queue, END).open("all", None), 3) == []
    await queue.join()


async def test_timestamps() -> None:
    queue: asyncio.Queue[Any] = asyncio.Queue()
    queue.put_nowait(TimestampedValue("a", 3))
    batch = await QueueSource(queue, END).open("all", None).poll(5)
    assert batch is not None
    assert (batch.values, batch.timestamps) == (["a"], [3_000_000])


async def test_elements_are_done_when_they_have_been_processed() -> None:
    queue: asyncio.Queue[Any] = asyncio.Queue()
    queue.put_nowait("a")
    reader = QueueSource(queue, END).open("all", None)
    await reader.poll(5)
    done = asyncio.create_task(queue.join())
    await asyncio.sleep(0)
    assert not done.done()
    queue.put_nowait(END)
    assert await reader.poll(5) is None
    await done


async def test_a_cancelled_poll_loses_nothing() -> None:
    queue: asyncio.Queue[Any] = asyncio.Queue()
    reader = QueueSource(queue, END).open("all", None)
    poll = asyncio.create_task(reader.poll(5))
    await asyncio.sleep(0)
    poll.cancel()
    await asyncio.wait([poll])
    queue.put_nowait("a")
    queue.put_nowait(END)
    assert await poll_all(reader, 5) == [["a"]]


async def test_drain_ends_it() -> None:
    queue: asyncio.Queue[Any] = asyncio.Queue()
    found: list[Any] = []
    p = Pipeline()
    _ = p | ReadFromQueue(queue) | WriteToCallable(found.append)
    handle = await p.run_async()
    queue.put_nowait("a")
    while not found:
        await asyncio.sleep(0)
    await handle.drain()
    assert (handle.state, found) == ("DRAINED", ["a"])


async def test_what_was_taken_is_done_after_draining() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()
    found: list[int] = []
    drains: list[asyncio.Task[None]] = []

    def find(number: int) -> None:
        found.append(number)
        drains.append(asyncio.create_task(handle.drain()))

    p = Pipeline()
    _ = p | ReadFromQueue(queue) | Map(find)
    handle = await p.run_async()
    for number in range(5):
        queue.put_nowait(number)
    assert await handle.wait() == "DRAINED"
    await asyncio.wait_for(queue.join(), 30)
    assert found == list(range(5))


async def test_what_was_taken_is_not_done_when_the_run_has_failed() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()
    queue.put_nowait(0)
    p = Pipeline()
    _ = p | ReadFromQueue(queue) | Map(lambda number: 1 // number)
    handle = await p.run_async()
    with pytest.raises(UserCodeError):
        await handle.wait()
    queue.task_done()  # it would raise if this had been done


@pytest.mark.skipif(sys.version_info < (3, 13), reason="queues can be shut down from Python 3.13 on")
async def test_shutting_down_ends_it() -> None:
    queue: Any = asyncio.Queue()
    queue.put_nowait("a")
    queue.shutdown()
    assert await poll_all(QueueSource(queue, END).open("all", None), 5) == [["a"]]


def test_what_is_no_queue() -> None:
    message = "ReadFromQueue takes an asyncio.Queue, got [1]; for an iterable write ReadFromIterable(...)"
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        ReadFromQueue([1])  # type: ignore[arg-type]
