"""The offsets of a consumer group, read and committed without being a member of it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from typing import Any

from confluent_kafka import Consumer as Client, KafkaError as ClientError, TopicPartition as Native

from streamcore.io.kafka.client import CommittedOffset, TopicPartition
from streamcore.io.kafka.confluent.bounded_call import end_soon
from streamcore.io.kafka.confluent.client_log import ClientLog
from streamcore.io.kafka.confluent.connecting import Calls
from streamcore.io.kafka.confluent.failures import failure_of
from streamcore.io.kafka.confluent.properties import consumer_properties, make_client, without_statistics
from streamcore.io.kafka.errors import KafkaConnectionError
from streamcore.io.kafka.settings import ClientSettings


class GroupOffsets:
    """A consumer that reads no records.

    librdkafka's admin client can do the same, but takes the whole process down (a null pointer in `rd_kafka_cgrp_op`,
    seen with 2.16) when the broker answers that the group has another coordinator, as it does after a restart.

    With isolation level read_committed, which is ours unless the user says otherwise, the broker does not answer while
    a transaction holds offsets of the group.

    Args:
        settings: How clients are set up.
        log: Where the client reports to.
    """

    def __init__(self, settings: ClientSettings, log: ClientLog) -> None:
        self._settings = settings
        self._log = log
        self._calls = Calls(settings, log)
        self._client: Any = None
        self._is_committing = threading.Lock()

    async def committed(
        self, partitions: Collection[TopicPartition], timeout: float
    ) -> Mapping[TopicPartition, CommittedOffset]:
        """What the group has committed; nothing for partitions without.

        Args:
            partitions: Of which partitions.
            timeout: How long to wait for an answer, in seconds.
        """
        doing = f"read the offsets of group {self._settings.group_id!r}"
        asked = [Native(*partition) for partition in partitions]
        client = await self._consumer()
        try:
            answers = await self._calls.call(doing, client.committed, asked, timeout)
        except KafkaConnectionError:
            # A group without a right has no coordinator; only who reads records is told that this is why.
            told = await self._calls.call(doing, client.poll, 0)
            reason = None if told is None else told.error()
            if reason is not None and reason.code() == ClientError.GROUP_AUTHORIZATION_FAILED:
                raise failure_of(reason, doing, self._settings) from None
            raise
        self._check(answers, doing)
        return {
            TopicPartition(found.topic, found.partition): CommittedOffset(found.offset, found.metadata or "")
            for found in answers
            if found.offset >= 0
        }

    async def commit(self, offsets: Mapping[TopicPartition, CommittedOffset]) -> None:
        """Commits offsets.

        librdkafka waits for an answer for as long as the broker is not there.

        Raises:
            KafkaError: If that fails, or an earlier commit still waits.
        """
        doing, client = f"commit offsets of group {self._settings.group_id!r}", await self._consumer()
        if not self._is_committing.acquire(blocking=False):
            msg = f"cannot {doing} at {self._settings.bootstrap_servers}: an earlier commit has got no answer yet"
            raise KafkaConnectionError(msg)
        answers = await self._calls.call(doing, self._commit, client, native_offsets(offsets))
        self._check(answers or (), doing)

    async def close(self) -> None:
        """Ends the client."""
        client, self._client = self._client, None
        if client is not None:
            await end_soon(client.close)

    def _commit(self, client: Any, offsets: list[Native]) -> Any:
        try:
            return client.commit(offsets=offsets, asynchronous=False)
        finally:
            self._is_committing.release()

    async def _consumer(self) -> Any:
        if self._client is None:
            properties = without_statistics(consumer_properties(self._settings, self._log.report))
            # It may wait for a token.
            self._client = await self._calls.call("connect", make_client, Client, properties, self._settings)
        return self._client

    def _check(self, answers: Collection[Native], doing: str) -> None:
        for answer in answers:
            if answer.error is not None:
                raise failure_of(answer.error, f"{doing}, partition {answer.topic}/{answer.partition}", self._settings)


def native_offsets(offsets: Mapping[TopicPartition, CommittedOffset]) -> list[Native]:
    """Offsets as confluent-kafka takes them."""
    return [Native(*partition, committed.offset, committed.metadata) for partition, committed in offsets.items()]
