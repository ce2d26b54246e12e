"""What is asked of a cluster beside reading: topics, offsets, and the offsets of groups."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import Future
from typing import Any

from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaException,
    TopicCollection,
    TopicPartition as Native,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from streamcore.io.kafka.client import CommittedOffset, TopicPartition
from streamcore.io.kafka.confluent.client_log import ClientLog
from streamcore.io.kafka.confluent.connecting import Calls
from streamcore.io.kafka.confluent.failures import failure_of
from streamcore.io.kafka.confluent.group_offsets import GroupOffsets
from streamcore.io.kafka.confluent.properties import admin_properties, make_client
from streamcore.io.kafka.settings import ClientSettings


class ClusterQueries:
    """The part of `Consumer` that reads no records.

    It has a client of its own: a consumer of confluent-kafka lets in one thread at a time, and others wait while it
    polls.
    """

    def __init__(self, settings: ClientSettings) -> None:
        self._settings = settings
        self._log = ClientLog(settings)
        self._calls = Calls(settings, self._log)
        self._admin = make_client(AdminClient, admin_properties(settings, self._log.report), settings)
        self._offsets = GroupOffsets(settings, self._calls, self._log.report)
        committed_only = settings.properties.get("isolation.level") != "read_uncommitted"
        self._isolation = IsolationLevel.READ_COMMITTED if committed_only else IsolationLevel.READ_UNCOMMITTED

    async def connect(self) -> None:
        await self._calls.connect(self._admin, lambda: self._admin.poll(0))

    async def topics(self) -> Mapping[str, int]:
        found = await self._calls.call("list the topics", self._admin.list_topics, timeout=self._settings.timeout)
        self._log.note_success()
        return {
            name: len(topic.partitions)
            for name, topic in found.topics.items()
            if topic.error is None and not name.startswith("__")
        }

    async def topic_ids(self, topics: Collection[str]) -> Mapping[str, str]:
        if not topics:
            return {}
        futures = self._admin.describe_topics(TopicCollection(list(topics)), request_timeout=self._settings.timeout)
        described = await self._gather(f"look up the topics {sorted(topics)}", futures)
        return {topic: str(description.topic_id or "") for topic, description in described.items()}

    async def beginning_offsets(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        return await self._list_offsets(partitions, OffsetSpec.earliest())  # type: ignore[no-untyped-call]

    async def end_offsets(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        return await self._list_offsets(partitions, OffsetSpec.latest())  # type: ignore[no-untyped-call]

    async def offsets_for_time(
        self, partitions: Collection[TopicPartition], micros: int
    ) -> Mapping[TopicPartition, int | None]:
        # The first offset at or behind the time: a part of a millisecond counts as a whole one.
        found = await self._list_offsets(partitions, OffsetSpec.for_timestamp(max(-(-micros // 1000), 0)))
        return {partition: offset if offset >= 0 else None for partition, offset in found.items()}

    async def committed(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, CommittedOffset]:
        answers = self._checked(await self._offsets.read(partitions), f"read the offsets of group {self._group!r}")
        return {
            TopicPartition(found.topic, found.partition): CommittedOffset(found.offset, found.metadata or "")
            for found in answers
            if found.offset >= 0
        }

    async def commit(self, offsets: Mapping[TopicPartition, CommittedOffset]) -> None:
        doing = f"commit offsets of group {self._group!r}"
        asked = [ConsumerGroupTopicPartitions(self._group, native_offsets(offsets))]
        futures = self._admin.alter_consumer_group_offsets(asked, request_timeout=self._settings.timeout)
        self._checked((await self._gather(doing, futures))[self._group].topic_partitions, doing)

    @property
    def _group(self) -> str:
        return self._settings.group_id or ""

    async def _list_offsets(self, partitions: Collection[TopicPartition], at: OffsetSpec) -> dict[TopicPartition, int]:
        if not partitions:
            return {}
        futures = self._admin.list_offsets(
            {Native(*partition): at for partition in partitions},
            isolation_level=self._isolation,
            request_timeout=self._settings.timeout,
        )
        doing = f"look up offsets of {sorted({partition.topic for partition in partitions})}"
        answers = await self._gather(doing, futures)
        return {TopicPartition(asked.topic, asked.partition): answer.offset for asked, answer in answers.items()}

    async def _gather(self, doing: str, futures: Mapping[Any, Future[Any]]) -> dict[Any, Any]:
        try:
            return {asked: await asyncio.wrap_future(future) for asked, future in futures.items()}
        except KafkaException as error:
            raise failure_of(error, doing, self._settings) from None

    def _checked(self, answers: Iterable[Native], doing: str) -> list[Native]:
        answers = list(answers)
        for answer in answers:
            if answer.error is not None:
                raise failure_of(answer.error, f"{doing}, partition {answer.topic}/{answer.partition}", self._settings)
        return answers


def native_offsets(offsets: Mapping[TopicPartition, CommittedOffset]) -> list[Native]:
    """Offsets as confluent-kafka takes them."""
    return [Native(*partition, committed.offset, committed.metadata) for partition, committed in offsets.items()]
