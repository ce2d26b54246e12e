"""A consumer on confluent-kafka."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Final

from confluent_kafka import Consumer as Client, KafkaException, Message, TopicPartition as Native

from streamcore.io.kafka.client import TopicPartition
from streamcore.io.kafka.confluent.backlog import Backlog, PartitionBacklog
from streamcore.io.kafka.confluent.cluster import ClusterQueries
from streamcore.io.kafka.confluent.failures import failure_of
from streamcore.io.kafka.confluent.poll_thread import PollThread
from streamcore.io.kafka.confluent.properties import consumer_properties, make_client
from streamcore.io.kafka.confluent.records import ConfluentRecords, first_error, is_end, runs_of_partitions
from streamcore.io.kafka.errors import KafkaConnectionError, KafkaError, KafkaOffsetError
from streamcore.io.kafka.settings import ClientSettings

# How long a partition is left alone with its backlog, in seconds, before it is paused for the sake of others: pausing
# drops what librdkafka has fetched ahead.
STALL: Final = 0.1
# How often the ends of the partitions are noted for `lag`, and how long it is tried to reach a broker that was lost, in
# seconds.
NOTE: Final = 1.0
TRY: Final = 0.1


class ConfluentConsumer(ClusterQueries):
    """Implements `Consumer`.

    A thread polls, and makes every call of the client that reads; messages wait in a bounded backlog until they are
    fetched.
    """

    def __init__(self, settings: ClientSettings) -> None:
        super().__init__(settings)
        self._client = make_client(Client, consumer_properties(settings, self._log.report), settings)
        self._backlog = Backlog()
        self._ends: dict[TopicPartition, int] = {}
        self._noted = 0.0
        self._thread: PollThread | None = None
        self._failure: KafkaError | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._closed = False

    def assign(self, partition: TopicPartition, offset: int) -> None:
        if self._failure is not None:
            raise self._failure
        if self._thread is None:
            self._thread = PollThread(self._client, self._take_in, self._look_around, self._fail)
        order = self._order(self._client.incremental_assign, Native(*partition, offset))
        self._backlog.partitions[partition] = PartitionBacklog(offset, order)
        self._regulate()

    def unassign(self, partition: TopicPartition) -> None:
        if self._backlog.partitions.pop(partition, None) is not None:
            self._order(self._client.incremental_unassign, Native(*partition))
            self._regulate()

    async def fetch(self, partition: TopicPartition, limit: int) -> ConfluentRecords:
        backlog = self._backlog.partitions[partition]
        while not backlog.has_something:
            await self._wait_for(backlog)
        records = backlog.take(limit)
        if backlog.is_paused and not backlog.count:
            backlog.is_paused = False
            self._order(self._client.resume, Native(*partition))
        self._regulate()
        return records

    def is_connected(self, partition: TopicPartition) -> bool:
        return self._log.is_connected

    def lag(self, partition: TopicPartition, offset: int) -> int | None:
        end = self._ends.get(partition)
        return None if end is None else max(end - offset, 0)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._stall is not None:
            self._stall.cancel()
        if self._thread is not None:
            await self._thread.stop()
        await asyncio.to_thread(self._client.close)

    async def _wait_for(self, backlog: PartitionBacklog) -> None:
        backlog.waiter = asyncio.get_running_loop().create_future()
        self._regulate()
        try:
            await backlog.waiter
        finally:
            backlog.waiter = None

    # Called by the thread, in the event loop.

    def _take_in(self, messages: list[Message], done: int) -> None:
        failed = first_error(messages)
        while failed is not None:
            self._distribute(messages[:failed], done)
            self._note_error(messages[failed], done)
            messages = messages[failed + 1 :]
            failed = first_error(messages)
        self._distribute(messages, done)
        self._log.note_success()
        self._regulate()

    def _distribute(self, messages: list[Message], done: int) -> None:
        if not messages:
            return
        for partition, run in runs_of_partitions(messages):
            backlog = self._backlog.partitions.get(partition)
            if backlog is not None and done >= backlog.order:
                backlog.put(run)

    def _note_error(self, message: Message, done: int) -> None:
        error, partition = message.error(), TopicPartition(message.topic() or "", message.partition() or 0)
        backlog, offset = self._backlog.partitions.get(partition), message.offset()
        if error is None or backlog is None or done < backlog.order:
            return
        if is_end(error):
            backlog.advance(-1 if offset is None else offset)
            return
        name = f"partition {partition.partition} of topic {partition.topic!r}"
        failure = failure_of(error, f"read {name}", self._settings)
        if isinstance(failure, KafkaOffsetError):
            failure = KafkaOffsetError(
                f"{name} has no offset {offset}: it has been deleted by retention, or the topic is another one now; "
                "choose where to go on with start='earliest', 'latest' or a timestamp"
            )
        if not isinstance(failure, KafkaConnectionError):
            backlog.fail(failure)

    def _fail(self, error: Exception) -> None:
        if isinstance(error, KafkaException):
            error = failure_of(error, "read", self._settings)
        self._failure = failure = error if isinstance(error, KafkaError) else KafkaError(f"cannot read: {error!r}")
        for backlog in self._backlog.partitions.values():
            backlog.fail(failure)

    # Called in the thread.

    def _look_around(self, has_rest: bool) -> None:
        """Notes the ends of the partitions; when there is nothing to read: is that because nobody answers?"""
        partitions, now = list(self._backlog.partitions), time.monotonic()
        if now - self._noted > NOTE or len(self._ends) < len(partitions):
            self._noted = now
            for partition in partitions:
                _, end = self._client.get_watermark_offsets(Native(*partition), cached=True) or (None, -1)
                if end >= 0:  # else no broker has told yet
                    self._ends[partition] = end
        if not has_rest:
            return
        refusal = self._log.refusal()
        if refusal is not None:
            raise refusal
        if not self._log.is_connected and partitions:
            with contextlib.suppress(KafkaException):
                self._client.list_topics(partitions[0].topic, timeout=TRY)
                self._log.note_success()

    # How fast the thread reads.

    def _order(self, change: Callable[[list[Native]], None], *partitions: Native) -> int:
        if self._thread is None or self._closed:
            return 0
        return self._thread.order(lambda: change(list(partitions)))

    def _regulate(self) -> None:
        """Lets the thread poll, or holds it back, as there is room in the backlog."""
        if self._thread is None or self._closed:
            return
        if not self._backlog.is_full():
            self._thread.open_gate()
            return
        self._thread.close_gate()
        if self._stall is None:
            self._stall = asyncio.get_running_loop().call_later(STALL, self._pause_stalled)

    def _pause_stalled(self) -> None:
        """Pauses partitions that nobody fetches, if they keep others from being read."""
        self._stall = None
        if self._closed or not self._backlog.is_full():
            return
        stalled = self._backlog.stalled()
        if stalled:
            self._order(self._client.pause, *(Native(*partition) for partition in stalled))
            for partition in stalled:
                self._backlog.partitions[partition].is_paused = True
        self._regulate()
