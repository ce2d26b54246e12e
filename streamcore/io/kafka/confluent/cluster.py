"""What is asked of a cluster beside reading: topics, offsets, and the offsets of groups."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from confluent_kafka import (
    OFFSET_INVALID,
    IsolationLevel,
    KafkaException,
    TopicCollection,
    TopicPartition as Native,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from streamcore.io.kafka.client import CommittedOffset, TopicPartition
from streamcore.io.kafka.confluent.bounded_call import end_soon
from streamcore.io.kafka.confluent.client_log import ClientLog
from streamcore.io.kafka.confluent.connecting import Calls
from streamcore.io.kafka.confluent.failures import failure_of
from streamcore.io.kafka.confluent.group_offsets import GroupOffsets
from streamcore.io.kafka.confluent.properties import admin_properties, make_client
from streamcore.io.kafka.ends import ANSWER
from streamcore.io.kafka.errors import KafkaConnectionError, KafkaError, KafkaRetriableError
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
        self._group = GroupOffsets(settings, self._log)
        committed_only = settings.properties.get("isolation.level") != "read_uncommitted"
        self._isolation = IsolationLevel.READ_COMMITTED if committed_only else IsolationLevel.READ_UNCOMMITTED

    async def connect(self) -> None:
        await self._calls.connect(self._admin)

    async def topics(self) -> Mapping[str, int]:
        found = await self._calls.call("list the topics", self._admin.list_topics, timeout=self._settings.timeout)
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

    async def ends_that_are_told(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Where those partitions end whose brokers answer in a moment."""
        futures = self._ask_offsets(partitions, OffsetSpec.latest(), ANSWER)  # type: ignore[no-untyped-call]
        answers = await asyncio.gather(*map(asyncio.wrap_future, futures.values()), return_exceptions=True)
        found = {
            TopicPartition(asked.topic, asked.partition): answer.offset
            for asked, answer in zip(futures, answers)
            if not isinstance(answer, BaseException) and answer.offset >= 0
        }
        if len(found) < len(partitions):
            # Else librdkafka would go on asking those that were the leaders once.
            with contextlib.suppress(KafkaError):
                await self._calls.call("look for the leaders", self._admin.list_topics, timeout=ANSWER)
        return found

    async def offsets_for_time(
        self, partitions: Collection[TopicPartition], micros: int
    ) -> Mapping[TopicPartition, int | None]:
        # The first offset at or behind the time: a part of a millisecond counts as a whole one.
        found = await self._list_offsets(partitions, OffsetSpec.for_timestamp(max(-(-micros // 1000), 0)))
        return {partition: offset if offset >= 0 else None for partition, offset in found.items()}

    async def committed(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, CommittedOffset]:
        return await self._insist(lambda timeout: self._group.committed(partitions, timeout))

    async def commit(self, offsets: Mapping[TopicPartition, CommittedOffset]) -> None:
        await self._group.commit(offsets)

    async def end_queries(self) -> None:
        """Ends both clients; called once."""
        try:
            await self._group.close()
        finally:
            await end_soon(self._drop_admin)

    def _drop_admin(self) -> None:
        """An admin client ends when nobody holds it; it has no `close`."""
        del self._admin

    async def _list_offsets(self, partitions: Collection[TopicPartition], at: OffsetSpec) -> dict[TopicPartition, int]:
        if not partitions:
            return {}

        async def ask(timeout: float) -> dict[Any, Any]:
            topics = sorted({partition.topic for partition in partitions})
            return await self._gather(f"look up offsets of {topics}", self._ask_offsets(partitions, at, timeout))

        answers = await self._insist(ask)
        for asked, answer in answers.items():
            if answer.offset == OFFSET_INVALID:
                msg = (
                    f"cannot look up offsets of partition {asked.partition} of topic {asked.topic!r} at "
                    f"{self._settings.bootstrap_servers}: its broker gave no answer within {self._settings.timeout:g} s"
                )
                raise KafkaConnectionError(msg)
        return {TopicPartition(asked.topic, asked.partition): answer.offset for asked, answer in answers.items()}

    def _ask_offsets(
        self, partitions: Collection[TopicPartition], at: OffsetSpec, timeout: float
    ) -> Mapping[Any, Future[Any]]:
        """What leaders answer; librdkafka gives `OFFSET_INVALID` for those that do not answer in time."""
        return self._admin.list_offsets(
            {Native(*partition): at for partition in partitions},
            isolation_level=self._isolation,
            request_timeout=timeout,
        )

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
