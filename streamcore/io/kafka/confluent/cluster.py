"""What is asked of a cluster beside reading: topics, offsets, and the offsets of groups."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from concurrent.futures import Future
from typing import Any, Final, TypeVar

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
from streamcore.io.kafka.confluent.properties import admin_properties, make_client
from streamcore.io.kafka.errors import KafkaRetriableError
from streamcore.io.kafka.settings import ClientSettings

R = TypeVar("R")
# How long it is waited before a question is asked again, in seconds.
PAUSE: Final = 0.05


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

        async def ask(timeout: float) -> dict[Any, Any]:
            futures = self._admin.describe_topics(TopicCollection(list(topics)), request_timeout=timeout)
            return await self._gather(f"look up the topics {sorted(topics)}", futures)

        described = await self._insist(ask)
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
        doing = f"read the offsets of group {self._group!r}"

        async def ask(timeout: float) -> list[Native]:
            asked = [ConsumerGroupTopicPartitions(self._group, [Native(*partition) for partition in partitions])]
            futures = self._admin.list_consumer_group_offsets(asked, require_stable=True, request_timeout=timeout)
            return self._checked((await self._gather(doing, futures))[self._group].topic_partitions, doing)

        return {
            TopicPartition(found.topic, found.partition): CommittedOffset(found.offset, found.metadata or "")
            for found in await self._insist(ask)
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

        async def ask(timeout: float) -> dict[Any, Any]:
            futures = self._admin.list_offsets(
                {Native(*partition): at for partition in partitions},
                isolation_level=self._isolation,
                request_timeout=timeout,
            )
            topics = sorted({partition.topic for partition in partitions})
            return await self._gather(f"look up offsets of {topics}", futures)

        answers = await self._insist(ask)
        return {TopicPartition(asked.topic, asked.partition): answer.offset for asked, answer in answers.items()}

    async def _insist(self, ask: Callable[[float], Awaitable[R]]) -> R:
        """The answer to a question, which is asked again while a broker says that it will know soon."""
        deadline = time.monotonic() + self._settings.timeout
        while True:
            try:
                return await ask(max(deadline - time.monotonic(), PAUSE))
            except KafkaRetriableError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(PAUSE)

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
