"""Where partitions end, and whether their brokers answer, asked while they are read."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final

from streamcore.io.kafka.client import TopicPartition
from streamcore.io.kafka.errors import KafkaError

# How often brokers are asked, and how long they have to answer, in seconds.
INTERVAL: Final = 2.0
ANSWER: Final = 2.0
# For how long an answer tells that there is nothing to read, in seconds. A process that was stopped, or held up by user
# code, has heard nothing of what came meanwhile.
TRUSTED: Final = 10.0
# How many partitions one question is about: less than a few milliseconds of work in the event loop.
PARTITIONS_AT_ONCE: Final = 64


class Ends:
    """Asks the leaders of partitions again and again where they end.

    What is read tells that, too, but only of partitions that are fetched at present; and a broker that stands still
    tells nothing for a minute, while others go on.

    Args:
        ask: Tells the ends of those of some partitions whose brokers answer in time.
        now: The time in seconds; a clock that goes on while the machine sleeps.
    """

    def __init__(
        self,
        ask: Callable[[Collection[TopicPartition]], Awaitable[Mapping[TopicPartition, int]]],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._ask = ask
        self._now = now
        self._ends: dict[TopicPartition, int] = {}
        self._partitions: set[TopicPartition] = set()
        # When the broker of a partition was last heard; not of those that have not answered the last question.
        self._heard: dict[TopicPartition, float] = {}
        self._task: asyncio.Task[None] | None = None

    def begin(self, partition: TopicPartition) -> None:
        """A partition is read."""
        self._partitions.add(partition)
        if self._task is None:
            self._task = asyncio.create_task(self._go_on(), name="ask for the ends of partitions")

    def end(self, partition: TopicPartition) -> None:
        """A partition is read no more."""
        self._partitions.discard(partition)
        self._heard.pop(partition, None)
        self._ends.pop(partition, None)

    def note_answer(self, partition: TopicPartition) -> None:
        """Something of a partition has been read."""
        self._heard[partition] = self._now()

    def note_first(self, partition: TopicPartition, end: int) -> None:
        """What has been read tells the end of a partition; counts until its broker has been asked."""
        self._ends.setdefault(partition, end)

    def unknown(self) -> Collection[TopicPartition]:
        """The partitions whose end is not known."""
        return self._partitions - self._ends.keys() if len(self._ends) < len(self._partitions) else ()

    def has_nothing_behind(self, partition: TopicPartition, offset: int) -> bool:
        """Whether the broker of a partition answers, and has told of nothing from an offset on."""
        heard = self._heard.get(partition)
        return heard is not None and self._now() - heard < TRUSTED and self._ends.get(partition, offset) <= offset

    def lag(self, partition: TopicPartition, offset: int) -> int | None:
        """How many offsets there are from an offset to the end of a partition; None if it is not known."""
        end = self._ends.get(partition)
        return None if end is None else max(end - offset, 0)

    async def stop(self) -> None:
        """Asks no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _go_on(self) -> None:
        while True:
            asked = sorted(self._partitions)
            async with asyncio.TaskGroup() as questions:
                for start in range(0, len(asked), PARTITIONS_AT_ONCE):
                    questions.create_task(self._look_at(asked[start : start + PARTITIONS_AT_ONCE]))
                    await asyncio.sleep(0)
            await asyncio.sleep(INTERVAL)

    async def _look_at(self, partitions: Collection[TopicPartition]) -> None:
        found: Mapping[TopicPartition, int] = {}
        with contextlib.suppress(KafkaError):
            found = await self._ask(partitions)
        now = self._now()
        for partition in self._partitions.intersection(partitions):
            if partition in found:
                self._ends[partition] = found[partition]
                self._heard[partition] = now
            else:
                self._heard.pop(partition, None)
