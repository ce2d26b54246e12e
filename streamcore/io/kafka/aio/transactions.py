"""Transactions on aiokafka."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping

from aiokafka import OffsetAndMetadata, TopicPartition as Native, errors as theirs

from streamcore.io.kafka.aio.failures import failure_of
from streamcore.io.kafka.aio.producer import AioProducer
from streamcore.io.kafka.client import CommittedOffset, TopicPartition
from streamcore.io.kafka.errors import (
    KafkaAbortableError,
    KafkaAuthorizationError,
    KafkaError,
    KafkaFatalError,
    KafkaFencedError,
    KafkaTopicError,
)
from streamcore.io.kafka.settings import ClientSettings


class AioTransactionalProducer(AioProducer):
    """Implements `TransactionalProducer`."""

    def __init__(self, settings: ClientSettings, transactional_id: str) -> None:
        super().__init__(settings)
        self._transactional_id = transactional_id
        self._properties["transactional_id"] = transactional_id

    async def init_transactions(self) -> None:
        # aiokafka takes the id over before its first transaction; an empty one costs no call.
        await self._call("take over", self._client.begin_transaction())
        await self._call("take over", self._client.abort_transaction())

    async def begin(self) -> None:
        await self._call("begin a transaction of", self._client.begin_transaction())

    async def send_offsets(self, group: str, offsets: Mapping[TopicPartition, CommittedOffset]) -> None:
        native = {Native(*partition): OffsetAndMetadata(*committed) for partition, committed in offsets.items()}
        sending = self._client.send_offsets_to_transaction(native, group)
        await self._call("add offsets to a transaction of", sending)

    async def commit(self) -> None:
        await self.flush()
        await self._call("commit a transaction of", self._client.commit_transaction())

    async def abort(self) -> None:
        await self._call("abort a transaction of", self._client.abort_transaction())
        self._failure = None

    async def _call(self, doing: str, calling: Awaitable[None]) -> None:
        what = f"{doing} transactional id {self._transactional_id!r}"
        try:
            async with asyncio.timeout(self._settings.timeout):
                await calling
        except TimeoutError as error:
            # aiokafka goes on by itself, and knows no way to wait for the end of it once more.
            raise KafkaFatalError(str(failure_of(error, what, self._settings))) from None
        except (theirs.KafkaError, theirs.IllegalOperation, AssertionError) as error:
            raise self._classify(failure_of(error, what, self._settings)) from None

    def _classify(self, failure: KafkaError) -> KafkaError:
        """Aiokafka itself retries what may pass; of the rest, an open transaction has to be aborted."""
        if isinstance(failure, KafkaFencedError | KafkaFatalError | KafkaAuthorizationError | KafkaTopicError):
            return failure
        return KafkaAbortableError(str(failure))
