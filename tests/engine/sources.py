"""Sources for tests of the engine: what they give, and when, is for the test to say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from streamcore.model.clock import Clock
from streamcore.model.source import Batch, Reader, Source


class FedReader(Reader[Any]):
    """Gives what the test puts in its queue; None ends the split."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Batch[Any] | None] = asyncio.Queue()
        self.polls = 0
        self.closed = 0

    async def poll(self, limit: int) -> Batch[Any] | None:
        self.polls += 1
        return await self.queue.get()

    async def close(self) -> None:
        self.closed += 1


class FedSource(Source[Any]):
    """Splits that the test feeds by hand."""

    def __init__(self, *names: str, clock: Clock | None = None) -> None:
        self.clock = clock
        self.readers = {name: FedReader() for name in names}
        self.found: asyncio.Queue[str | None] = asyncio.Queue()
        self.closed = 0

    async def splits(self) -> Sequence[str]:
        return list(self.readers)

    async def new_splits(self) -> AsyncIterator[str]:
        while (name := await self.found.get()) is not None:
            self.readers[name] = FedReader()
            yield name

    def open(self, split: str, position: object) -> FedReader:
        return self.readers[split]

    async def close(self) -> None:
        self.closed += 1

    def feed(self, split: str, *values: Any, watermark: int | None = None) -> None:
        """Has a split give elements; their values are their timestamps in seconds."""
        batch = Batch(list(values), [value * 1_000_000 for value in values], watermark)
        self.readers[split].queue.put_nowait(batch)

    def end(self, *splits: str) -> None:
        """Ends splits, and the search for new ones."""
        for split in splits or self.readers:
            self.readers[split].queue.put_nowait(None)
        self.found.put_nowait(None)


async def calm(turns: int = 60) -> None:
    """Lets the tasks of the loop go on until they wait for the test again."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def until(done: Callable[[], bool], seconds: float = 30) -> None:
    """Waits for what a thread takes part in, to a bound."""
    async with asyncio.timeout(seconds):
        while not done():
            await asyncio.sleep(0.0002)


class Gate:
    """Lets so many polls pass as the test allows."""

    def __init__(self) -> None:
        self._allowed = 0
        self._changed = asyncio.Event()
        self._reading: set[object] = set()
        self._have_ended = False
        self._used = asyncio.Event()

    def allow(self, polls: int) -> None:
        """Lets more polls pass."""
        self._allowed += polls
        self._changed.set()

    async def use(self, polls: int) -> None:
        """Lets more polls pass, and waits until they have, or nothing is left to poll."""
        self.allow(polls)
        self._used.clear()
        if self._allowed and (self._reading or not self._have_ended):
            await asyncio.wait_for(self._used.wait(), 30)

    def is_used(self) -> bool:
        """Whether all polls that were let pass have passed."""
        return not self._allowed

    async def poll(self, reader: object) -> None:
        """Waits until a poll may pass."""
        self._reading.add(reader)
        while not self._allowed:
            self._changed.clear()
            await self._changed.wait()
        self._allowed -= 1
        if not self._allowed:
            self._used.set()

    def end(self, reader: object) -> None:
        """A reader has come to its end."""
        self._have_ended = True
        self._reading.discard(reader)
        if not self._reading:
            self._used.set()


class GatedReader(Reader[Any]):
    """Another reader behind a gate; brings a few elements at a time."""

    def __init__(self, reader: Reader[Any], gate: Gate, limit: int) -> None:
        self._reader = reader
        self._gate = gate
        self._limit = limit

    async def poll(self, limit: int) -> Batch[Any] | None:
        await self._gate.poll(self)
        batch = await self._reader.poll(min(limit, self._limit))
        if batch is None:
            self._gate.end(self)
        return batch

    def position(self) -> object:
        return self._reader.position()

    async def close(self) -> None:
        await self._reader.close()


class GatedSource(Source[Any]):
    """Another source, the readers of which are behind a gate."""

    def __init__(self, source: Source[Any], gate: Gate, limit: int = 64) -> None:
        self.bounded = source.bounded
        self.clock = source.clock
        self._source = source
        self._gate = gate
        self._limit = limit

    def attach_clock(self, clock: Clock) -> None:
        self._source.attach_clock(clock)

    async def splits(self) -> Sequence[str]:
        return await self._source.splits()

    def open(self, split: str, position: Any) -> GatedReader:
        return GatedReader(self._source.open(split, position), self._gate, self._limit)

    async def checkpointed(self, positions: Mapping[str, Any]) -> None:
        await self._source.checkpointed(positions)

    async def close(self) -> None:
        await self._source.close()


class CountingReader(Reader[int]):
    """Counts, a few numbers at a time."""

    def __init__(self, start: int, stop: int | None, step: int) -> None:
        self._next = start
        self._stop = stop
        self._step = step

    async def poll(self, limit: int) -> Batch[int] | None:
        await asyncio.sleep(0)
        return self.take()

    def take(self) -> Batch[int] | None:
        """The next numbers; None at the end."""
        if self._next == self._stop:
            return None
        end = self._next + self._step if self._stop is None else min(self._next + self._step, self._stop)
        values, self._next = list(range(self._next, end)), end
        return Batch(values, [value * 1_000_000 for value in values], values[-1] * 1_000_000)

    def position(self) -> int:
        return self._next


class Counting(Source[int]):
    """Splits that count from 0 on; the values are their timestamps in seconds.

    Args:
        stop: Where they end; None: never.
        splits: Names of the splits.
        step: How many numbers come at a time.

    Attributes:
        opened: Where splits were opened.
        reached: What was told of checkpoints.
    """

    def __init__(self, stop: int | None, splits: Sequence[str] = ("a", "b"), step: int = 3) -> None:
        self.bounded = stop is not None
        self.opened: list[tuple[str, int | None]] = []
        self.reached: list[dict[str, Any]] = []
        self.names = splits
        self.starts: dict[str, int] = {}
        self._stop = stop
        self._step = step

    async def splits(self) -> Sequence[str]:
        return self.names

    async def start_positions(self, splits: Sequence[str]) -> Mapping[str, int]:
        return self.starts

    def open(self, split: str, position: int | None) -> CountingReader:
        self.opened.append((split, position))
        return CountingReader(position or 0, self._stop, self._step)

    async def checkpointed(self, positions: Mapping[str, Any]) -> None:
        self.reached.append(dict(positions))
