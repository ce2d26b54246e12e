"""A consumer on confluent-kafka."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Final

from confluent_kafka import Consumer as Client, KafkaException, Message, TopicPartition as Native

from streamcore.io.kafka.client import TopicPartition
from streamcore.io.kafka.confluent.backlog import Backlog
from streamcore.io.kafka.confluent.cluster import ClusterQueries
from streamcore.io.kafka.confluent.failures import failure_of
from streamcore.io.kafka.confluent.polling import Polling
from streamcore.io.kafka.confluent.properties import consumer_properties, make_client
from streamcore.io.kafka.confluent.records import columns_of, first_error, is_end, runs_of_partitions
from streamcore.io.kafka.ends import Ends
from streamcore.io.kafka.errors import KafkaConnectionError, KafkaError, KafkaOffsetError
from streamcore.io.kafka.records import Records
from streamcore.io.kafka.settings import ClientSettings

# How long a partition is left alone with its backlog, in seconds, before it is paused for the sake of others: pausing
# drops what librdkafka has fetched ahead.
STALL: Final = 0.1
# How often it is looked whether what was read tells the ends of partitions that are not known yet, in seconds.
NOTE: Final = 0.1
# How long it is tried to reach a broker that was lost, in seconds.
TRY: Final = 0.5


class ConfluentConsumer(ClusterQueries):
    """Implements `Consumer`.

    A fetch polls; messages of other partitions wait in a bounded backlog until they are fetched.
    """

    def __init__(self, settings: ClientSettings) -> None:
        super().__init__(settings)
        self._client = make_client(Client, consumer_properties(settings, self._log.report), settings)
        self._backlog = Backlog()
        self._ends = Ends(self.ends_that_are_told)
        self._introduced: set[str] = set()
        self._noted = 0.0
        self._polling = Polling(
            self._client,
            lambda: self._backlog.is_wanted() and not self._closed,
            self._take_in,
            self._look_for_broker,
            self._fail,
            may_block="logger" in settings.properties or any(map(callable, settings.properties.values())),
        )
        self._failure: KafkaError | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._is_answered = False
        self._closed = False

    async def connect(self) -> None:
        await self._calls.connect(self._admin, self._client)

    def assign(self, partition: TopicPartition, offset: int) -> None:
        if self._failure is not None:
            raise self._failure
        order = self._order(self._begin, Native(*partition, offset))
        self._backlog.begin(partition, offset, order)
        self._ends.begin(partition)
        self._regulate()

    def unassign(self, partition: TopicPartition) -> None:
        backlog = self._backlog.partitions.get(partition)
        if backlog is None:
            return
        if backlog.is_paused:
            # Else it would be so still when it is assigned again.
            self._order(self._client.resume, Native(*partition))
        self._order(self._client.incremental_unassign, Native(*partition))
        self._backlog.end(partition)
        self._ends.end(partition)
        self._regulate()

    async def fetch(self, partition: TopicPartition, limit: int) -> Records:
        while (records := self.fetch_nowait(partition, limit)) is None:
            await self._backlog.partitions[partition].wait(self._regulate)
        return records

    def fetch_nowait(self, partition: TopicPartition, limit: int) -> Records | None:
        backlog = self._backlog.partitions[partition]
        if not backlog.has_something and not self._backlog.is_full():
            self._polling.poll_now()
        if not backlog.has_something:
            return None
        records = backlog.take(limit)
        if backlog.is_paused and not backlog.count:
            backlog.resume()
            self._order(self._client.resume, Native(*partition))
        self._regulate()
        return records

    def is_connected(self, partition: TopicPartition) -> bool:
        # After a connection was lost brokers may answer before records come: they come if there are any.
        position = self._backlog.partitions[partition].position
        return self._log.has_brokers and self._ends.has_nothing_behind(partition, position)

    def lag(self, partition: TopicPartition, offset: int) -> int | None:
        return self._ends.lag(partition, offset)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._stall is not None:
            self._stall.cancel()
        await self._ends.stop()
        try:
            await self._polling.stop()
        finally:
            await self.end_queries()

    # Called when polled.

    def _take_in(self, messages: list[Message], done: int) -> None:
        if any(error is None or is_end(error) for error in map(Message.error, messages)):
            self._log.note_success()
        failed = first_error(messages)
        while failed is not None:
            self._distribute(messages[:failed], done)
            self._note_error(messages[failed], done)
            messages = messages[failed + 1 :]
            failed = first_error(messages)
        self._distribute(messages, done)
        self._note_ends()
        self._regulate()

    def _distribute(self, messages: list[Message], done: int) -> None:
        if not messages:
            return
        topic = next(iter(self._introduced)) if len(self._introduced) == 1 else None
        for partition, run in runs_of_partitions(messages, topic):
            backlog = self._backlog.partitions.get(partition)
            if backlog is not None and done >= backlog.order:
                backlog.put(columns_of(run))
                self._ends.note_answer(partition)

    def _note_error(self, message: Message, done: int) -> None:
        error, partition = message.error(), TopicPartition(message.topic() or "", message.partition() or 0)
        backlog, offset = self._backlog.partitions.get(partition), message.offset()
        if error is None or backlog is None or done < backlog.order:
            return
        if is_end(error):
            self._ends.note_answer(partition)
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

    def _note_ends(self) -> None:
        """Notes the ends of partitions whose brokers have not been asked yet."""
        now = time.monotonic()
        if now - self._noted < NOTE:
            return
        self._noted = now
        for partition in self._ends.unknown():
            _, end = self._client.get_watermark_offsets(Native(*partition), cached=True) or (None, -1)
            if end >= 0:  # else no broker has told yet
                self._ends.note_first(partition, end)

    def _look_for_broker(self) -> None:
        """There is nothing to read: is that because nobody answers? Called in a thread."""
        refusal = self._log.refusal()
        if refusal is not None:
            raise refusal
        topics = {partition.topic for partition in list(self._backlog.partitions)}
        if self._log.is_connected:
            self._is_answered = False
        elif self._is_answered:
            # What was reported before the answer has been taken in by the poll between.
            self._log.note_success()
        elif topics:
            try:
                self._client.list_topics(topics.pop(), timeout=TRY)
                self._is_answered = True
            except KafkaException:
                self._log.note_failure()

    # Orders, carried out in a thread.

    def _begin(self, partitions: list[Native]) -> None:
        """Assigns partitions.

        librdkafka would look only once a second for the brokers of a topic that it has not heard of.
        """
        for topic in {partition.topic for partition in partitions} - self._introduced:
            self._introduced.add(topic)
            with contextlib.suppress(KafkaException):
                self._client.list_topics(topic, timeout=TRY)
        self._client.incremental_assign(partitions)

    def _order(self, change: Callable[[list[Native]], None], *partitions: Native) -> int:
        return self._polling.order(lambda: change(list(partitions)))

    # How fast it reads.

    def _regulate(self) -> None:
        """Polls while there is room in the backlog."""
        if self._closed:
            return
        self._polling.go_on()
        if self._stall is None and self._backlog.is_full():
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
                self._backlog.partitions[partition].pause()
        self._regulate()
