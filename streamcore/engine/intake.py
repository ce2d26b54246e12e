"""Reading a source: one task for each split, which polls only when its last batch has been processed."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Final

from streamcore.engine.core.ingress import SourceNode
from streamcore.errors import SourceError, StreamcoreError
from streamcore.model.clock import Clock
from streamcore.model.source import Batch, Reader, Source

POLL_LIMIT: Final = 2048

Arrival = tuple["SplitReading", Batch[Any] | None]


class Arrivals:
    """Batches that wait to be processed, and the signal that there is something to do.

    Attributes:
        queue: Batches in the order they came; None in the place of a batch is the end of the split.
        wake: Set whenever the runtime has a reason to look.
    """

    def __init__(self) -> None:
        self.queue: deque[Arrival] = deque()
        self.wake = asyncio.Event()

    def put(self, reading: SplitReading, batch: Batch[Any] | None) -> None:
        """Adds what a poll brought."""
        self.queue.append((reading, batch))
        self.wake.set()


class SplitReading:
    """One split that is being read.

    Attributes:
        node: Where its batches go.
        split: Its name.
        waiting_since: Since when (microseconds of processing time) a poll has been waiting for elements; None while
            there is no poll, so that a split that is held up by us does not count as idle.
        is_idle: Its idle timeout has passed.
    """

    def __init__(self, node: SourceNode, split: str, reader: Reader[Any], arrivals: Arrivals, clock: Clock) -> None:
        self.node = node
        self.split = split
        self.reader = reader
        self.waiting_since: int | None = None
        self.is_idle = False
        self._arrivals = arrivals
        self._clock = clock
        self._go_on = asyncio.Event()
        self._go_on.set()

    def processed(self) -> None:
        """The last batch has been processed whole: the next poll may come."""
        self._go_on.set()

    async def run(self) -> None:
        """Polls until the split ends."""
        while True:
            await self._go_on.wait()
            self._go_on.clear()
            self.waiting_since = self._clock.now()
            batch = await self._poll()
            self.waiting_since = None
            self.is_idle = False
            self._arrivals.put(self, batch)
            if batch is None:
                return

    async def _poll(self) -> Batch[Any] | None:
        try:
            return await self.reader.poll(POLL_LIMIT)
        except StreamcoreError:
            raise
        except Exception as error:
            msg = f"step {self.node.label!r} could not read split {self.split!r}: {type(error).__name__}: {error}"
            raise SourceError(msg) from error


async def open_splits(node: SourceNode, source: Source[Any], arrivals: Arrivals, clock: Clock) -> list[SplitReading]:
    """Readers of all splits that a source has at the start.

    Raises:
        SourceError: If the source cannot be opened.
    """
    readings = []
    try:
        for split in await source.splits():
            node.add_split(split)
            readings.append(SplitReading(node, split, source.open(split, None), arrivals, clock))
    except StreamcoreError:
        raise
    except Exception as error:
        msg = f"step {node.label!r} could not open its source: {type(error).__name__}: {error}"
        raise SourceError(msg) from error
    return readings
