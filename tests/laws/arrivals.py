"""What arrives at a pipeline, element by element, and sources that hand it out in batches of any cut.

Elements come in through ports; a port is one split of a source. The order over all ports is the order of arrival: a
batch is handed out only when the one before it has been processed whole, whatever port that came in through.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Any, NamedTuple

from streamcore.model.source import Batch, Reader, Source
from streamcore.testing import VirtualClock


class Element(NamedTuple):
    """An element arrives: `number` says which one it is, `time` is its event time in microseconds."""

    port: int
    key: str
    number: int
    time: int


class Mark(NamedTuple):
    """A source says how far its watermark has come, in microseconds."""

    port: int
    watermark: int


class Pause(NamedTuple):
    """Processing time goes by."""

    seconds: int


Event = Element | Mark | Pause


class Poll(NamedTuple):
    """What one poll brings, after a pause."""

    port: int
    batch: Batch[Element]
    pause: int = 0


def cut(events: Sequence[Event], sizes: Sequence[int] = (1,), apart: bool = True) -> list[Poll]:
    """The events as batches.

    Args:
        events: What happens.
        sizes: How many elements the batches have at most, in turn.
        apart: Pauses and watermarks come as empty batches of their own, and not with the elements next to them.
    """
    polls: list[Poll] = []
    limit, room, pause = cycle(sizes), 0, 0
    for event in events:
        last = polls[-1] if polls else None
        if isinstance(event, Pause):
            room = 0
            if pause:
                polls.append(Poll(0, Batch([]), pause))
            pause = event.seconds
            if apart:
                polls.append(Poll(0, Batch([]), pause))
                pause = 0
        elif isinstance(event, Mark):
            if last is None or apart or last.port != event.port or last.batch.watermark is not None or pause:
                polls.append(last := Poll(event.port, Batch([]), pause))
                pause = 0
            last.batch.watermark = event.watermark
            room = 0
        else:
            if last is None or not room or last.port != event.port or last.batch.watermark is not None:
                polls.append(last := Poll(event.port, Batch([], []), pause))
                room, pause = next(limit), 0
            last.batch.values.append(event)
            assert isinstance(last.batch.timestamps, list)
            last.batch.timestamps.append(event.time)
            room -= 1
    return polls if not pause else [*polls, Poll(0, Batch([]), pause)]


class Replay:
    """Hands out polls in their order, over all ports."""

    def __init__(self, polls: Sequence[Poll], ports: int) -> None:
        self.clock = VirtualClock()
        self.ports = ports
        self._polls: Iterator[Poll] = iter(polls)
        self._next = next(self._polls, None)
        self._changed = asyncio.Condition()
        self._is_busy = False
        self._ended = 0

    def source(self, *ports: int) -> PortSource:
        """A source that has these ports as its splits."""
        return PortSource(self, ports)

    async def poll(self, port: int) -> Batch[Element] | None:
        """Waits for the port's turn."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._has_turn(port))
            poll = self._next
            if poll is None:
                self._ended += 1
                self._changed.notify_all()
                return None
            self._is_busy = True
            self._next = next(self._polls, None)
            if poll.pause:
                self.clock.advance(poll.pause)
            return poll.batch

    async def done(self) -> None:
        """The last batch has been processed."""
        async with self._changed:
            self._is_busy = False
            self._changed.notify_all()

    def _has_turn(self, port: int) -> bool:
        if self._is_busy:
            return False
        # Splits end one after the other, too.
        return port == (self._ended if self._next is None else self._next.port)


class PortSource(Source[Element]):
    """Some of the ports of a replay."""

    bounded = True

    def __init__(self, replay: Replay, ports: Sequence[int]) -> None:
        self.clock = replay.clock
        self._replay = replay
        self.ports = ports

    async def splits(self) -> Sequence[str]:
        """The ports."""
        return [str(port) for port in self.ports]

    def open(self, split: str, position: Any) -> Reader[Element]:
        """A reader of one port."""
        return PortReader(self._replay, int(split))


class PortReader(Reader[Element]):
    """Reads one port."""

    def __init__(self, replay: Replay, port: int) -> None:
        self._replay = replay
        self._port = port
        self._has_batch = False

    async def poll(self, limit: int) -> Batch[Element] | None:
        """The next batch of this port; that it is asked for says that the one before has been processed."""
        if self._has_batch:
            self._has_batch = False
            await self._replay.done()
        batch = await self._replay.poll(self._port)
        self._has_batch = batch is not None
        return batch
