"""Records that have been taken off a consumer and wait to be fetched, by partition."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from streamcore.io.kafka.client import TopicPartition
from streamcore.io.kafka.errors import KafkaError
from streamcore.io.kafka.records import Records

# How much may wait before the thread stops polling: some milliseconds of work for a fast pipeline.
MOST_RECORDS: Final = 10_000
MOST_BYTES: Final = 1 << 24


class PartitionBacklog:
    """What waits of one partition.

    Args:
        position: The offset it begins at.
        order: Number of the order by which it was assigned: messages that were taken before belong to an earlier
            assignment of the same partition.

    Attributes:
        order: That number.
        count: How many records wait.
        size: How many bytes their values have.
        is_paused: Whether the client reads no more of it for now.
        position: The offset behind what has been taken in.
        waiter: Set while `fetch` waits for something.
    """

    def __init__(self, position: int, order: int) -> None:
        self.order = order
        self.count = 0
        self.size = 0
        self.is_paused = False
        self.position = position
        self.waiter: asyncio.Future[None] | None = None
        self._records: deque[tuple[Records, int]] = deque()
        self._failure: KafkaError | None = None
        self._is_ahead = False

    @property
    def has_something(self) -> bool:
        """Whether a fetch need not wait."""
        return bool(self._records) or self._is_ahead or self._failure is not None

    @property
    def is_waiting(self) -> bool:
        """Whether a fetch waits, and has not been woken."""
        return self.waiter is not None and not self.waiter.done()

    def put(self, records: Records) -> None:
        """Takes records in."""
        size = sum(map(len, filter(None, records.values)))
        self._records.append((records, size))
        self.count += len(records)
        self.size += size
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
            self.count -= len(records)
            self.size -= size
        elif self._failure is not None:
            raise self._failure
        else:
            records = Records.none(self.position)
        if not self._records and self._is_ahead:
            records.next_offset = self.position
            self._is_ahead = False
        return records

    def _wake(self) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)


class Backlog:
    """What waits of all partitions, and whether more should be read.

    Only partitions that are not paused count: a pipeline that takes no elements of some partitions, since they are
    ahead of others, must still get those of the others.
    """

    def __init__(self) -> None:
        self.partitions: dict[TopicPartition, PartitionBacklog] = {}

    def is_wanted(self) -> bool:
        """Whether somebody waits, and there is room."""
        return any(backlog.is_waiting for backlog in self.partitions.values()) and not self.is_full()

    def is_full(self) -> bool:
        """Whether polling should stop for now."""
        active = [backlog for backlog in self.partitions.values() if not backlog.is_paused]
        return sum(b.count for b in active) >= MOST_RECORDS or sum(b.size for b in active) >= MOST_BYTES

    def stalled(self) -> list[TopicPartition]:
        """The partitions of which nobody takes what there is, while somebody waits for others."""
        if not any(backlog.waiter is not None for backlog in self.partitions.values()):
            return []
        return [
            partition
            for partition, backlog in self.partitions.items()
            if backlog.count and not backlog.is_paused and backlog.waiter is None
        ]
