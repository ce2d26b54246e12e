"""Readers that have their next batch at hand: they are polled without a change of tasks."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Sequence
from typing import Any

import pytest

from streamcore.engine.runtime import Job
from streamcore.errors import SourceError
from streamcore.graph.pipeline import Pipeline
from streamcore.model.source import Batch, Reader, Source
from streamcore.model.watermark import BoundedOutOfOrderness
from streamcore.testing import VirtualClock
from streamcore.transforms.elementwise import Map
from streamcore.transforms.read import Read
from streamcore.transforms.write import Write
from tests.engine.sources import FedSource, calm
from tests.engine.test_runtime import Collected


class ReadyReader(Reader[Any]):
    """Gives its batches at once, but those that have to be waited for."""

    def __init__(self, batches: Sequence[Any], waited_for: Sequence[int]) -> None:
        self._batches = list(batches)
        self._waited_for = waited_for
        self._next = 0
        self.waits = 0

    async def poll(self, limit: int) -> Batch[Any] | None:
        self.waits += 1
        return self._take() if self._next < len(self._batches) else None

    def poll_nowait(self, limit: int) -> Batch[Any] | None:
        if self._next == len(self._batches) or self._next in self._waited_for:
            return None
        return self._take()

    def _take(self) -> Batch[Any]:
        values = self._batches[self._next]
        if isinstance(values, Exception):
            raise values
        self._next += 1
        return Batch(values, [second * 1_000_000 for _, second in values])


class Ready(Source[Any]):
    """Splits whose batches are there from the beginning: pairs of a name and a second."""

    bounded = True

    def __init__(self, waited_for: Sequence[int] = (), **splits: Sequence[Any]) -> None:
        self.clock = VirtualClock()
        self.readers = {name: ReadyReader(batches, waited_for) for name, batches in splits.items()}

    async def splits(self) -> Sequence[str]:
        return list(self.readers)

    def open(self, split: str, position: object) -> ReadyReader:
        return self.readers[split]


def written(source: Source[Any], **options: Any) -> list[Any]:
    sink = Collected()
    with Pipeline() as p:
        _ = p | Read(source, **options) | Write(sink)
    return sink.values


def batches_of(name: str, seconds: Sequence[int]) -> list[Any]:
    return [[(name, second)] for second in seconds]


def test_splits_take_turns_and_wait_only_for_their_ends() -> None:
    source = Ready(a=batches_of("a", range(3)), b=batches_of("b", range(3)))
    assert written(source) == [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    assert [reader.waits for reader in source.readers.values()] == [1, 1]


def test_what_is_not_at_hand_is_waited_for() -> None:
    source = Ready([1, 2], a=batches_of("a", range(4)))
    assert written(source) == [("a", second) for second in range(4)]
    assert source.readers["a"].waits == 3


def test_a_split_that_is_ahead_is_not_polled() -> None:
    source = Ready(a=batches_of("a", [0, 100, 200]), b=batches_of("b", [0, 10, 95, 190]))
    order = written(source, watermark=BoundedOutOfOrderness(0, max_drift=20))
    assert order == [("a", 0), ("b", 0), ("a", 100), ("b", 10), ("b", 95), ("a", 200), ("b", 190)]


def test_a_reader_that_fails_is_named() -> None:
    source = Ready(a=[[("a", 0)], OSError("the disk is gone")])
    with pytest.raises(SourceError) as error:
        written(source)
    assert str(error.value) == "step 'Read(Ready)' could not read split 'a': OSError: the disk is gone"


class HoldingReader(ReadyReader):
    """Has its batches only when it is drained."""

    async def poll(self, limit: int) -> Batch[Any] | None:
        await asyncio.Event().wait()
        raise AssertionError

    def poll_nowait(self, limit: int) -> Batch[Any] | None:
        return None

    async def drain(self, limit: int) -> Any:
        batch = super().poll_nowait(limit)
        return batch if batch is None or batch.values else batch.values


class Holding(Ready):
    def __init__(self, **splits: Sequence[Any]) -> None:
        super().__init__()
        self.readers = {name: HoldingReader(batches, ()) for name, batches in splits.items()}


async def drained(source: Source[Any]) -> list[Any]:
    sink, p = Collected(), Pipeline()
    _ = p | Read(source) | Write(sink)
    job = Job(p)
    await calm()
    await job.drain()
    return sink.values


async def test_what_readers_hold_comes_out_when_they_are_drained() -> None:
    source = Holding(a=batches_of("a", range(3)), b=batches_of("b", range(2)), c=[])
    assert await drained(source) == [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("a", 2)]


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (OSError("gone"), "OSError: gone"),
        ([], "`drain` returned []; return Batch(values), or None if nothing is left"),
    ],
)
async def test_a_reader_that_cannot_be_drained_is_named(batch: Any, message: str) -> None:
    with pytest.raises(SourceError) as error:
        await drained(Holding(a=[batch]))
    assert str(error.value) == f"step 'Read(Holding)' could not read split 'a': {message}"


async def test_a_reader_that_says_with_an_empty_batch_that_nothing_is_left() -> None:
    class Flushing(HoldingReader):
        async def drain(self, limit: int) -> Any:
            return await super().drain(limit) or Batch([])

    source = Holding()
    source.readers = {"a": Flushing(batches_of("a", range(2)), ())}
    assert await asyncio.wait_for(drained(source), 30) == [("a", 0), ("a", 1)]


async def test_a_split_that_has_ended_is_not_drained() -> None:
    source = Holding(a=batches_of("a", range(1)), b=batches_of("b", range(1)))
    source.readers["a"].poll = ReadyReader([], ()).poll  # type: ignore[method-assign]
    assert await drained(source) == [("b", 0)]


async def test_a_split_is_drained_when_its_last_batch_has_been_processed() -> None:
    seen: list[Any] = []
    drains: list[asyncio.Task[None]] = []

    def see(element: int) -> None:
        seen.append(element)
        drains.append(asyncio.create_task(job.drain()))

    async def tell(name: str, limit: int) -> None:
        seen.append(name)

    source = FedSource("a", "b")
    for number, (name, reader) in enumerate(source.readers.items()):
        source.feed(name, number)
        reader.drain = functools.partial(tell, name)  # type: ignore[method-assign]
    p = Pipeline()
    _ = p | Read(source) | Map(see)
    job = Job(p)
    assert await job.wait() == "DRAINED"
    assert seen == [0, "a", 1, "b"]
