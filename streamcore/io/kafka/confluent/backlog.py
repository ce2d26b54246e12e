"""Records that have been taken off a consumer and wait to be fetched, by partition."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import deque
from collections.abc import Callable
from typing import Final

from streamcore.io.kafka.client import TopicPartition
from streamcore.io.kafka.errors import KafkaError
from streamcore.io.kafka.records import Records

# How much may wait before polling stops: some milliseconds of work for a fast pipeline.
MOST_RECORDS: Final = 10_000
MOST_BYTES: Final = 1 << 24


@dataclasses.dataclass(slots=True)
class Load:
    """Sums over partitions; kept up to date, as there may be thousands.

    Attributes:
        count: How many records there are, of partitions that are not paused.
        size: How many bytes their values have.
        fetches: How many fetches wait, of any partition.
    """

    count: int = 0
    size: int = 0
    fetches: int = 0


class PartitionBacklog:
    """What waits of one partition.

    Args:
        load: The sums, which this keeps up to date.
        position: The offset it begins at.
        order: Number of the order by which it was assigned: messages that were taken before belong to an earlier
            assignment of the same partition.

    Attributes:
        order: That number.
        count: How many records wait.
        size: How many bytes their values have.
        is_paused: Whether the client reads no more of it for now.
        position: The offset behind what has been taken in.
    """

    def __init__(self, load: Load, position: int, order: int) -> None:
        self._load = load
        self.order = order
        self.count = 0
        self.size = 0
        self.is_paused = False
        self.position = position
        self._waiter: asyncio.Future[None] | None = None
        self._records: deque[tuple[Records, int]] = deque()
        self._failure: KafkaError | None = None
        self._is_ahead = False

    @property
    def has_something(self) -> bool:
        """Whether a fetch need not wait."""
        return bool(self._records) or self._is_ahead or self._failure is not None

    @property
    def is_waiting(self) -> bool:
        """Whether a fetch waits for something."""
        return self._waiter is not None

    def put(self, records: Records) -> None:
        """Takes records in."""
        size = _size_of(records.values)
        self._records.append((records, size))
        self._add(len(records), size)
        self.position = records.next_offset
        self._wake()

    def advance(self, offset: int) -> None:
        """There is nothing more before an offset."""
        if offset > self.position:
            self.position = offset
            self._is_ahead = True
            self._wake()

    def fail(self, failure: KafkaError) -> None:
        """Has the fetch raise, when what came before has been taken."""
        self._failure = self._failure or failure
        self._wake()

    def take(self, limit: int) -> Records:
        """The first records that wait, at most `limit`."""
        if self._records:
            records, size = self._records.popleft()
            if len(records) > limit:
                rest = records.slice(limit, len(records))
                left = size * len(rest) // len(records)
                self._records.appendleft((rest, left))
                records, size = records.slice(0, limit), size - left
            self._add(-len(records), -size)
        elif self._failure is not None:
            raise self._failure
        else:
            records = Records.none(self.position)
        if not self._records and self._is_ahead:
            records.next_offset = self.position
            self._is_ahead = False
        return records

    async def wait(self, begin: Callable[[], None]) -> None:
        """Waits until there is something.

        Args:
            begin: Called when the wait has begun.
        """
        waiter = self._waiter = asyncio.get_running_loop().create_future()
        self._load.fetches += 1
        try:
            begin()
            await waiter
        finally:
            self._waiter = None
            if waiter.cancelled() or not waiter.done():
                self._load.fetches -= 1

    def pause(self) -> None:
        """What waits does not count any more, and no more is read."""
        self._load.count -= self.count
        self._load.size -= self.size
        self.is_paused = True

    def resume(self) -> None:
        """Reverses `pause`."""
        self.is_paused = False
        self._load.count += self.count
        self._load.size += self.size

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
            self._load.fetches -= 1

    def _add(self, count: int, size: int) -> None:
        self.count += count
        self.size += size
        if not self.is_paused:
            self._load.count += count
            self._load.size += size


def _size_of(values: list[bytes | None]) -> int:
    try:
        return sum(map(len, values))  # type: ignore[arg-type]
    except TypeError:  # there are tombstones
        return sum(map(len, filter(None, values)))


class Backlog:
    """What waits of all partitions, and whether more should be read.

    Only partitions that are not paused count: a pipeline that takes no elements of some partitions, since they are
    ahead of others, must still get those of the others.
    """

    def __init__(self) -> None:
        self.partitions: dict[TopicPartition, PartitionBacklog] = {}
        self._load = Load()

    def begin(self, partition: TopicPartition, position: int, order: int) -> None:
        """A partition is read from a position on."""
        self.partitions[partition] = PartitionBacklog(self._load, position, order)

    def end(self, partition: TopicPartition) -> None:
        """A partition is read no more; a fetch of it that waits fails."""
        backlog = self.partitions.pop(partition)
        backlog.fail(KafkaError(f"partition {partition.partition} of topic {partition.topic!r} is not read any more"))
        if not backlog.is_paused:
            backlog.pause()  # what it holds counts no more

    def is_wanted(self) -> bool:
        """Whether somebody waits, and there is room."""
        return self._load.fetches > 0 and not self.is_full()

    def is_full(self) -> bool:
        """Whether polling should stop for now."""
        return self._load.count >= MOST_RECORDS or self._load.size >= MOST_BYTES

    def stalled(self) -> list[TopicPartition]:
        """The partitions of which nobody takes what there is, while somebody waits for others."""
        if not self._load.fetches:
            return []
        return [
            partition
            for partition, backlog in self.partitions.items()
            if backlog.count and not backlog.is_paused and not backlog.is_waiting
        ]
