"""A consumer on aiokafka."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition as Native, errors as theirs
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.commit import OffsetCommitRequest

from streamcore.io.kafka.aio.client_log import ConnectionLog
from streamcore.io.kafka.aio.connecting import call, start_client
from streamcore.io.kafka.aio.failures import OFFSET, failure_of
from streamcore.io.kafka.aio.properties import admin_properties, consumer_properties
from streamcore.io.kafka.aio.records import columns_of
from streamcore.io.kafka.aio.stable_offsets import PASSING, StableOffsetFetch
from streamcore.io.kafka.client import CommittedOffset, TopicPartition
from streamcore.io.kafka.ends import ANSWER, Ends
from streamcore.io.kafka.errors import KafkaOffsetError
from streamcore.io.kafka.records import Records
from streamcore.io.kafka.settings import ClientSettings

# How long one call for records waits, in milliseconds, and how long after the last answer of a partition's broker the
# connection counts as lost: brokers answer after half a second if there is nothing new.
WAIT: Final = 1000
SILENCE: Final = 5000
NO_MEMBER: Final = ""


class AioConsumer:
    """Implements `Consumer`; aiokafka holds at most one answer of the broker for each partition."""

    def __init__(self, settings: ClientSettings) -> None:
        self._settings = settings
        self._properties = consumer_properties(settings)
        self._positions: dict[TopicPartition, int] = {}
        self._ends = Ends(self._ends_that_are_told)
        self._log = ConnectionLog(settings)
        self._client: Any = None
        self._admin: Any = None

    # Asking the cluster.

    async def connect(self) -> None:
        if self._client is None:
            self._client = await start_client(lambda: AIOKafkaConsumer(**self._properties), self._settings)
            self._log.attach(self._client._client)
            self._admin = await start_client(lambda: _Admin(**admin_properties(self._settings)), self._settings)

    async def topics(self) -> Mapping[str, int]:
        described = await call("list the topics", self._settings, self._admin.describe_topics)
        return {
            topic["topic"]: len(topic["partitions"])
            for topic in described
            if not topic["error_code"] and not topic["topic"].startswith("__")
        }

    async def topic_ids(self, topics: Collection[str]) -> Mapping[str, str]:
        return dict.fromkeys(topics, "")  # aiokafka speaks a protocol that is older than ids

    async def beginning_offsets(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        return await self._look_up(partitions, lambda: self._client.beginning_offsets(_native(partitions)))

    async def end_offsets(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        return await self._look_up(partitions, lambda: self._client.end_offsets(_native(partitions)))

    async def offsets_for_time(
        self, partitions: Collection[TopicPartition], micros: int
    ) -> Mapping[TopicPartition, int | None]:
        millis = max(-(-micros // 1000), 0)
        asked = dict.fromkeys(_native(partitions), millis)
        found = await self._look_up(partitions, lambda: self._client.offsets_for_times(asked))
        return {partition: None if answer is None else answer.offset for partition, answer in found.items()}

    async def committed(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, CommittedOffset]:
        group = self._settings.group_id
        doing = f"read the offsets of group {group!r}"
        return await call(doing, self._settings, lambda: self._admin.stable_offsets(group, partitions))

    async def commit(self, offsets: Mapping[TopicPartition, CommittedOffset]) -> None:
        group = self._settings.group_id
        doing = f"commit offsets of group {group!r}"
        await call(doing, self._settings, lambda: self._admin.commit_offsets(group, offsets))

    async def _ends_that_are_told(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Where partitions end; none of them if one of their brokers does not answer in a moment."""
        try:
            async with asyncio.timeout(ANSWER):
                found = await self._client.end_offsets(_native(partitions))
        except (theirs.KafkaError, TimeoutError):
            return {}
        return {TopicPartition(*partition): end for partition, end in found.items()}

    async def _look_up(self, partitions: Collection[TopicPartition], make_call: Any) -> dict[TopicPartition, Any]:
        if not partitions:
            return {}
        topics = {partition.topic for partition in partitions}
        found = await call(f"look up offsets of {sorted(topics)}", self._settings, make_call)
        return {TopicPartition(*partition): answer for partition, answer in found.items()}

    # Reading.

    def assign(self, partition: TopicPartition, offset: int) -> None:
        self._positions[partition] = offset
        # aiokafka knows no other way to add a partition than to begin with all anew.
        self._client.assign(_native(self._positions))
        for known, position in self._positions.items():
            self._client.seek(Native(*known), position)
        self._ends.begin(partition)

    def unassign(self, partition: TopicPartition) -> None:
        self._ends.end(partition)
        if self._positions.pop(partition, None) is not None and self._client is not None:
            self._client.pause(Native(*partition))

    async def fetch(self, partition: TopicPartition, limit: int) -> Records:
        native = Native(*partition)
        while True:
            try:
                found = await self._client.getmany(native, timeout_ms=WAIT, max_records=limit)
                position = await self._client.position(native)  # does not wait where records have come
            except OFFSET:
                msg = (
                    f"partition {partition.partition} of topic {partition.topic!r} has no offset "
                    f"{self._positions[partition]}: it has been deleted by retention, or the topic is another one now; "
                    "choose where to go on with start='earliest', 'latest' or a timestamp"
                )
                raise KafkaOffsetError(msg) from None
            except theirs.KafkaError as error:
                doing = f"read partition {partition.partition} of topic {partition.topic!r}"
                raise failure_of(error, doing, self._settings) from None
            if position > self._positions[partition]:
                self._positions[partition] = position
                return columns_of(found.get(native, []), position)

    def fetch_nowait(self, partition: TopicPartition, limit: int) -> Records | None:
        return None  # aiokafka does not tell what it has

    def is_connected(self, partition: TopicPartition) -> bool:
        answered = self._client.last_poll_timestamp(Native(*partition))
        return answered is not None and time.time() * 1000 - answered < SILENCE

    def lag(self, partition: TopicPartition, offset: int) -> int | None:
        end = self._client.highwater(Native(*partition))
        if end is not None:
            self._ends.note_first(partition, end)
        return self._ends.lag(partition, offset)

    async def close(self) -> None:
        await self._ends.stop()
        client, self._client = self._client, None
        admin, self._admin = self._admin, None
        if admin is not None:
            await admin.stop()
        if client is not None:
            await client.stop()


class _Admin(AIOKafkaAdminClient):  # type: ignore[misc]  # aiokafka has no types
    """An admin client that is stopped like the others."""

    async def stop(self) -> None:
        await self.close()

    async def stable_offsets(
        self, group: str, partitions: Collection[TopicPartition]
    ) -> dict[TopicPartition, CommittedOffset]:
        """What a group has committed, when no transaction is open."""
        topics: dict[str, list[int]] = {}
        for topic, partition in partitions:
            topics.setdefault(topic, []).append(partition)
        coordinator = await self.find_coordinator(group)
        answer: Any = await self._send_request(StableOffsetFetch(group, topics), coordinator)
        found = {}
        _check_code(answer.error_code)
        for topic, rows, _ in answer.topics:
            for partition, offset, _, metadata, code, _ in rows:
                _check_code(code)
                if offset >= 0:
                    found[TopicPartition(topic, partition)] = CommittedOffset(offset, metadata or "")
        return found

    async def commit_offsets(self, group: str, offsets: Mapping[TopicPartition, CommittedOffset]) -> None:
        """Commits offsets of a group without members; a consumer does so only for partitions that it reads."""
        topics: dict[str, list[tuple[int, int, str]]] = {}
        for (topic, partition), (offset, metadata) in offsets.items():
            topics.setdefault(topic, []).append((partition, offset, metadata))
        coordinator = await self.find_coordinator(group)
        request = OffsetCommitRequest(
            group,
            OffsetCommitRequest.DEFAULT_GENERATION_ID,
            NO_MEMBER,
            OffsetCommitRequest.DEFAULT_RETENTION_TIME,
            list(topics.items()),
        )
        answer: Any = await self._send_request(request, coordinator)
        for _, rows in answer.topics:
            for _, code in rows:
                _check_code(code)


def _check_code(code: int) -> None:
    if code in PASSING:
        raise theirs.GroupLoadInProgressError
    if code:
        raise theirs.for_code(code)


def _native(partitions: Collection[TopicPartition]) -> list[Any]:
    return [Native(*partition) for partition in partitions]
