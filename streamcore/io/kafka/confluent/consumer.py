"""A consumer on confluent-kafka."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Consumer as Client,
    KafkaException,
    Message,
    TopicCollection,
    TopicPartition as Native,
)
from confluent_kafka.admin import AdminClient

from streamcore.io.kafka.client import CommittedOffset, TopicPartition
from streamcore.io.kafka.confluent.backlog import Backlog, PartitionBacklog
from streamcore.io.kafka.confluent.client_log import ClientLog
from streamcore.io.kafka.confluent.connecting import Calls
from streamcore.io.kafka.confluent.failures import failure_of
from streamcore.io.kafka.confluent.poll_thread import PollThread
from streamcore.io.kafka.confluent.properties import admin_properties, consumer_properties, make_client
from streamcore.io.kafka.confluent.records import ConfluentRecords, first_error, is_end, runs_of_partitions
from streamcore.io.kafka.errors import KafkaConnectionError, KafkaError, KafkaOffsetError
from streamcore.io.kafka.settings import ClientSettings

# How long a partition is left alone with its backlog, in seconds, before it is paused for the sake of others: pausing
# drops what librdkafka has fetched ahead.
STALL: Final = 0.1


class ConfluentConsumer:
    """Implements `Consumer`.

    A thread polls; messages wait in a bounded backlog until they are fetched.
    """

    def __init__(self, settings: ClientSettings) -> None:
        self._settings = settings
        self._log = ClientLog(settings)
        self._calls = Calls(settings, self._log)
        self._client = make_client(Client, consumer_properties(settings, self._log.report), settings)
        self._backlog = Backlog()
        self._thread: PollThread | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._closed = False

    # Asking the cluster.

    async def connect(self) -> None:
        await self._calls.connect(self._client, lambda: self._client.poll(0))

    async def topics(self) -> Mapping[str, int]:
        found = await self._calls.call("list the topics", self._client.list_topics, timeout=self._settings.timeout)
        self._log.note_success()
        return {
            name: len(topic.partitions)
            for name, topic in found.topics.items()
            if topic.error is None and not name.startswith("__")
        }

    async def topic_ids(self, topics: Collection[str]) -> Mapping[str, str]:
        if not topics:
            return {}
        # An `AdminClient` has threads and connections, and ids are asked for seldom.
        properties = admin_properties(self._settings, self._log.report)
        admin = await asyncio.to_thread(make_client, AdminClient, properties, self._settings)
        futures = admin.describe_topics(TopicCollection(list(topics)), request_timeout=self._settings.timeout)
        doing = f"look up topics {sorted(topics)}"
        described = {
            topic: await self._calls.call(doing, future.result, self._settings.timeout)
            for topic, future in futures.items()
        }
        return {topic: str(description.topic_id or "") for topic, description in described.items()}

    async def beginning_offsets(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        return await self._list_offsets(partitions, OFFSET_BEGINNING)

    async def end_offsets(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        return await self._list_offsets(partitions, OFFSET_END)

    async def offsets_for_time(
        self, partitions: Collection[TopicPartition], micros: int
    ) -> Mapping[TopicPartition, int | None]:
        # The first offset at or behind the time: a part of a millisecond counts as a whole one.
        found = await self._list_offsets(partitions, max(-(-micros // 1000), 0))
        return {partition: offset if offset >= 0 else None for partition, offset in found.items()}

    async def committed(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, CommittedOffset]:
        asked = [Native(*partition) for partition in partitions]
        doing = f"read the offsets of group {self._settings.group_id!r}"
        answers = await self._calls.call(doing, self._client.committed, asked, timeout=self._settings.timeout)
        self._check(answers, doing)
        return {
            TopicPartition(answer.topic, answer.partition): CommittedOffset(answer.offset, answer.metadata or "")
            for answer in answers
            if answer.offset >= 0
        }

    async def commit(self, offsets: Mapping[TopicPartition, CommittedOffset]) -> None:
        doing = f"commit offsets of group {self._settings.group_id!r}"
        commit: Callable[..., list[Native]] = self._client.commit  # the type stubs know of no result
        answers = await self._calls.call(doing, commit, offsets=native_offsets(offsets), asynchronous=False)
        self._check(answers, doing)

    async def _list_offsets(self, partitions: Collection[TopicPartition], at: int) -> dict[TopicPartition, int]:
        if not partitions:
            return {}
        asked = [Native(topic, partition, at) for topic, partition in partitions]
        # librdkafka takes the logical offsets for the beginning and the end here, too: one call for all partitions.
        doing = f"look up offsets of {sorted({partition.topic for partition in partitions})}"
        answers = await self._calls.call(doing, self._client.offsets_for_times, asked, timeout=self._settings.timeout)
        self._check(answers, doing)
        return {TopicPartition(answer.topic, answer.partition): answer.offset for answer in answers}

    def _check(self, answers: Iterable[Native], doing: str) -> None:
        for answer in answers:
            if answer.error is not None:
                raise failure_of(answer.error, f"{doing}, partition {answer.topic}/{answer.partition}", self._settings)

    # Reading.

    def assign(self, partition: TopicPartition, offset: int) -> None:
        self._backlog.partitions[partition] = PartitionBacklog(offset)
        if self._thread is None:
            self._thread = PollThread(self._client, self._take_in, self._look_around, self._fail)
        self._order(self._client.incremental_assign, Native(*partition, offset))
        self._regulate()

    def unassign(self, partition: TopicPartition) -> None:
        if self._backlog.partitions.pop(partition, None) is not None and not self._closed:
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
        _, end = self._client.get_watermark_offsets(Native(*partition), cached=True) or (None, -1)
        return max(end - offset, 0) if end >= 0 else None

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

    def _order(self, change: Callable[[list[Native]], None], *partitions: Native) -> None:
        if self._thread is not None:
            self._thread.order(lambda: change(list(partitions)))

    def _take_in(self, messages: list[Message]) -> None:
        """Called by the thread, in the event loop."""
        failed = first_error(messages)
        while failed is not None:
            self._distribute(messages[:failed])
            self._note_error(messages[failed])
            messages = messages[failed + 1 :]
            failed = first_error(messages)
        self._distribute(messages)
        self._log.note_success()
        self._regulate()

    def _distribute(self, messages: list[Message]) -> None:
        if not messages:
            return
        for partition, run in runs_of_partitions(messages):
            backlog = self._backlog.partitions.get(partition)
            if backlog is not None:
                backlog.put(run)

    def _note_error(self, message: Message) -> None:
        error, partition = message.error(), TopicPartition(message.topic() or "", message.partition() or 0)
        backlog, offset = self._backlog.partitions.get(partition), message.offset()
        if error is None or backlog is None:
            return
        if is_end(error):
            backlog.advance(-1 if offset is None else offset)
            return
        failure = failure_of(error, f"read {_name(partition)}", self._settings)
        if isinstance(failure, KafkaOffsetError):
            failure = KafkaOffsetError(
                f"{_name(partition)} has no offset {offset}: it has been deleted by retention, or the topic is another "
                "one now; choose where to go on with start='earliest', 'latest' or a timestamp"
            )
        if not isinstance(failure, KafkaConnectionError):
            backlog.fail(failure)

    def _look_around(self) -> None:
        """Called by the thread, when there is nothing to read: is that because nobody answers?"""
        refusal = self._log.refusal()
        if refusal is not None:
            raise refusal
        if not self._log.is_connected:
            partition = next(iter(self._backlog.partitions), None)
            with contextlib.suppress(KafkaException):
                self._client.list_topics(partition and partition.topic, timeout=STALL)
                self._log.note_success()

    def _fail(self, error: Exception) -> None:
        """Called by the thread when it has ended."""
        if isinstance(error, KafkaException):
            error = failure_of(error, "read", self._settings)
        failure = error if isinstance(error, KafkaError) else KafkaError(f"cannot read: {error!r}")
        for backlog in self._backlog.partitions.values():
            backlog.fail(failure)

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


def native_offsets(offsets: Mapping[TopicPartition, CommittedOffset]) -> list[Native]:
    """Offsets as confluent-kafka takes them."""
    return [Native(*partition, committed.offset, committed.metadata) for partition, committed in offsets.items()]


def _name(partition: TopicPartition) -> str:
    return f"partition {partition.partition} of topic {partition.topic!r}"
