"""Sources for tests of the engine: what they give, and when, is for the test to say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
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
