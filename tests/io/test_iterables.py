from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from streamcore import BoundedOutOfOrderness, CombinePerKey, FixedWindows, Map, Pipeline, WindowInto
from streamcore.errors import PipelineError, SourceError
from streamcore.io import ReadFromAsyncIterable, ReadFromIterable, WriteToCallable
from streamcore.io.async_iterables import AsyncIterableSource, PumpReader
from streamcore.io.iterables import IterableSource
from streamcore.model.windowed_value import TimestampedValue
from tests.io.reading import poll_all, read_all


async def count_to(limit: int) -> AsyncIterator[int]:
    for number in range(limit):
        yield number


def failing() -> Iterator[int]:
    yield 1
    msg = "no more"
    raise ValueError(msg)


async def async_failing() -> AsyncIterator[int]:
    for number in failing():
        yield number


def test_iterables_and_functions_that_make_them() -> None:
    assert read_all(ReadFromIterable([1, 2])) == [1, 2]
    assert read_all(ReadFromIterable(iter([1, 2]))) == [1, 2]
    assert read_all(ReadFromIterable(lambda: (n for n in (1, 2)))) == [1, 2]
    assert read_all(ReadFromIterable([])) == []
    assert read_all(ReadFromAsyncIterable(count_to(3))) == [0, 1, 2]
    assert read_all(ReadFromAsyncIterable(lambda: count_to(3))) == [0, 1, 2]
    assert read_all(ReadFromAsyncIterable(count_to(0))) == []


async def test_an_iterator_is_not_read_further_than_is_asked_for() -> None:
    numbers = iter(range(100))
    reader = IterableSource(numbers, True).open("all", None)
    batch = await reader.poll(5)
    assert batch is not None
    assert batch.values == [0, 1, 2, 3, 4]
    assert next(numbers) == 5


async def test_a_process_that_was_held_up_has_not_come_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    times = itertools.count()
    monkeypatch.setattr("streamcore.io.iterables.time.perf_counter", lambda: float(next(times)))
    reader = IterableSource(range(40), bounded=True).open("all", None)
    assert await poll_all(reader, 100) == [[number] for number in range(40)]


class Ticking:
    """A clock that stands still but for what is made meanwhile."""

    def __init__(self) -> None:
        self.now = 0.0

    def numbers(self, *seconds: float) -> Iterator[int]:
        """Numbers that take so long to make."""
        for number, duration in enumerate(seconds):
            self.now += duration
            yield number


@pytest.mark.parametrize("start", [None, 3])
async def test_an_element_that_takes_long_does_not_wait_for_others(
    monkeypatch: pytest.MonkeyPatch, start: int | None
) -> None:
    clock = Ticking()
    monkeypatch.setattr("streamcore.io.iterables.time.perf_counter", lambda: clock.now)
    reader = IterableSource(lambda: clock.numbers(*[0.1] * 6), bounded=False).open("all", start)
    assert await poll_all(reader, 100) == [[number] for number in range(start or 0, 6)]
    assert clock.now == pytest.approx(0.6)


async def test_quick_elements_come_together_until_it_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Ticking()
    monkeypatch.setattr("streamcore.io.iterables.time.perf_counter", lambda: clock.now)
    reader = IterableSource(clock.numbers(*[0.0] * 50, *[0.1] * 30), bounded=True).open("all", None)
    # Looks at the clock behind 1, 3, 7, 15, 31, 47 and 63 elements, and then anew.
    assert [len(batch) for batch in await poll_all(reader, 100)] == [63, *[1] * 17]


def test_timestamps() -> None:
    elements = [TimestampedValue(("a", 1), 5), TimestampedValue(("a", 1), 65), TimestampedValue(("a", 1), 6)]
    totals: list[Any] = []
    with Pipeline() as p:
        read = ReadFromIterable(elements, watermark=BoundedOutOfOrderness(0))
        _ = p | read | WindowInto(FixedWindows(60)) | CombinePerKey(sum) | WriteToCallable(totals.append)
    assert totals == [("a", 1), ("a", 1)]  # the third element is late


def test_an_iterator_can_be_read_once() -> None:
    numbers = iter([1])
    source = IterableSource(numbers, True)
    source.open("all", None)
    message = (
        f"ReadFromIterable got {numbers!r}, which an earlier run has read already; "
        "give a function that makes a new one for each run"
    )
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        source.open("all", None)
    again = ReadFromIterable([1])
    assert read_all(again) == read_all(again) == [1]


def test_an_async_iterator_can_be_read_once() -> None:
    source = AsyncIterableSource(count_to(1), False, 1)
    source.open("all", None)
    with pytest.raises(
        PipelineError, match=r"^ReadFromAsyncIterable got <async_generator .*, which an earlier run has"
    ):
        source.open("all", None)


@pytest.mark.parametrize(
    ("transform", "label"),
    [
        (ReadFromIterable(failing), "ReadFromIterable/Read(IterableSource)"),
        (ReadFromAsyncIterable(async_failing), "ReadFromAsyncIterable/Read(AsyncIterableSource)"),
    ],
)
def test_an_iterable_that_raises(transform: Any, label: str) -> None:
    message = f"step '{label}' could not read split 'all': ValueError: no more"
    with pytest.raises(SourceError, match=f"^{re.escape(message)}$"):
        read_all(transform)


def broken(limit: int) -> Iterator[int]:
    yield from range(limit)
    msg = "no more"
    raise ValueError(msg)


@pytest.mark.parametrize("bounded", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 20])
def test_what_came_before_an_error_is_read(limit: int, bounded: bool) -> None:
    found: list[int] = []
    p = Pipeline()
    _ = p | ReadFromIterable(broken(limit), bounded=bounded) | WriteToCallable(found.append)
    with pytest.raises(SourceError, match=r"ValueError: no more$"):
        p.run()
    assert found == list(range(limit))


async def test_an_error_comes_behind_the_last_element_and_again() -> None:
    reader = IterableSource(broken(5), bounded=True).open("all", 2)
    batch = await reader.poll(100)
    assert (batch and batch.values, reader.position()) == ([2, 3, 4], 5)
    for ask in (reader.poll, reader.poll, reader.drain):
        with pytest.raises(ValueError, match=r"^no more$"):
            await ask(100)


async def test_an_error_before_the_place_to_go_on_from() -> None:
    reader = IterableSource(broken(5), bounded=True).open("all", 8)
    with pytest.raises(ValueError, match=r"^no more$"):
        await reader.poll(100)


async def test_draining_an_iterable_takes_nothing_in() -> None:
    numbers = iter(range(10))
    reader = IterableSource(numbers, bounded=True).open("all", None)
    await reader.poll(3)
    assert await reader.drain(100) is None
    assert next(numbers) == 3


def test_what_is_no_iterable() -> None:
    calls: list[tuple[Any, str]] = [
        (lambda: ReadFromIterable(3), "ReadFromIterable takes an iterable or a function that returns one, got 3"),  # type: ignore[arg-type]
        (
            lambda: ReadFromAsyncIterable(3),  # type: ignore[arg-type]
            "ReadFromAsyncIterable takes an async iterable or a function that returns one, got 3",
        ),
        (
            lambda: ReadFromAsyncIterable(count_to(1), capacity=0),
            "`capacity` must be a whole number from 1 on, got 0",
        ),
        (
            lambda: AsyncIterableSource(lambda: [1], False, 1).open("all", None),  # type: ignore[arg-type,return-value]
            "the function given to ReadFromAsyncIterable returned [1], which is no async iterable; "
            "write it as `async def` with `yield`",
        ),
    ]
    for call, message in calls:
        with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
            call()


async def test_the_pump_stops_when_it_is_full() -> None:
    made: list[int] = []

    async def numbers() -> AsyncIterator[int]:
        for number in range(20):
            made.append(number)
            yield number

    reader = PumpReader(numbers(), capacity=3)
    got: list[int] = []
    while (batch := await reader.poll(2)) is not None:
        got += batch.values
        for _ in range(10):
            await asyncio.sleep(0)
            assert len(reader.waiting) <= 3
            assert len(made) <= len(got) + 3
    assert got == list(range(20))
    await reader.close()


async def test_an_element_does_not_wait_for_others() -> None:
    go_on = asyncio.Event()

    async def slow() -> AsyncIterator[int]:
        yield 1
        await go_on.wait()
        yield 2

    reader = PumpReader(slow(), 10)
    first = await reader.poll(10)
    assert first is not None
    assert first.values == [1]
    poll = asyncio.create_task(reader.poll(10))
    await asyncio.sleep(0)
    poll.cancel()
    await asyncio.wait([poll])
    go_on.set()
    assert await poll_all(reader, 10) == [[2]]


async def test_cancelling_closes_the_generator() -> None:
    closed = asyncio.Event()
    started = asyncio.Event()

    async def endless() -> AsyncIterator[int]:
        try:
            while True:
                started.set()
                yield 1
                await asyncio.sleep(0)
        finally:
            closed.set()

    p = Pipeline()
    _ = p | ReadFromAsyncIterable(endless) | Map(str)
    handle = await p.run_async()
    await started.wait()
    await handle.cancel()
    assert closed.is_set()


async def test_draining_processes_what_has_been_taken_in_and_closes_the_generator() -> None:
    given: list[int] = []
    closed = asyncio.Event()
    seen: list[int] = []
    drains: list[asyncio.Task[None]] = []

    async def messages() -> AsyncIterator[int]:
        try:
            for number in range(10_000):
                given.append(number)
                yield number
        finally:
            closed.set()

    def see(number: int) -> None:
        seen.append(number)
        if not drains:
            drains.append(asyncio.create_task(handle.drain()))

    p = Pipeline()
    _ = p | ReadFromAsyncIterable(messages, capacity=6000) | Map(see)
    handle = await p.run_async()
    assert await handle.wait() == "DRAINED"
    assert 6000 <= len(given) < 10_000
    assert seen == given
    assert closed.is_set()


async def test_draining_gives_what_waits_and_then_what_the_iterable_has_raised() -> None:
    async def breaking() -> AsyncIterator[int]:
        for number in range(5):
            yield number
        msg = "no more"
        raise ValueError(msg)

    reader = PumpReader(breaking(), 10)
    first = await reader.poll(2)
    rest = [await reader.drain(2), await reader.drain(2)]
    assert [batch and batch.values for batch in [first, *rest]] == [[0, 1], [2, 3], [4]]
    with pytest.raises(ValueError, match="no more"):
        await reader.drain(2)
    await reader.close()


async def test_what_a_generator_raises_when_it_is_closed_is_raised_once() -> None:
    async def kept() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
        finally:
            msg = "not saved"
            raise ValueError(msg)

    reader = PumpReader(kept(), 3)
    await reader.poll(1)
    batch = await reader.drain(10)
    assert batch is not None
    with pytest.raises(ValueError, match="not saved"):
        await reader.drain(10)
    await reader.close()


async def test_what_an_iterable_has_raised_that_nobody_has_asked_for_is_told_in_the_end() -> None:
    reader = PumpReader(async_failing(), 3)
    await reader.poll(1)
    await asyncio.sleep(0)
    with pytest.raises(ValueError, match="no more"):
        await reader.close()


async def test_draining_what_has_not_begun() -> None:
    reader = PumpReader(count_to(5), 10)
    assert await reader.drain(2) is None


async def test_a_slow_sink_slows_the_generator_down() -> None:
    made = 0
    written = asyncio.Semaphore(0)

    async def numbers() -> AsyncIterator[int]:
        nonlocal made
        while True:
            made += 1
            yield made

    async def take(_: int) -> None:
        await written.acquire()

    p = Pipeline()
    _ = p | ReadFromAsyncIterable(numbers, capacity=10) | WriteToCallable(take)
    handle = await p.run_async()
    for _ in range(5000):
        await asyncio.sleep(0)
    stopped_at = made
    for _ in range(100):
        await asyncio.sleep(0)
    assert made == stopped_at
    await handle.cancel()
