"""Transactions on confluent-kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer as ConsumerClient

from streamcore.io.kafka.client import CommittedOffset, TopicPartition
from streamcore.io.kafka.confluent.group_offsets import native_offsets
from streamcore.io.kafka.confluent.producer import ConfluentProducer
from streamcore.io.kafka.settings import ClientSettings


class ConfluentTransactionalProducer(ConfluentProducer):
    """Implements `TransactionalProducer`."""

    def __init__(self, settings: ClientSettings, transactional_id: str) -> None:
        super().__init__(settings, transactional_id)
        self._transactional_id = transactional_id
        self._groups: dict[str, Any] = {}

    async def init_transactions(self) -> None:
        await self._call("take over", self._client.init_transactions, self._settings.timeout)

    async def begin(self) -> None:
        await self._call("begin a transaction of", self._client.begin_transaction)

    async def send_offsets(self, group: str, offsets: Mapping[TopicPartition, CommittedOffset]) -> None:
        send, metadata = self._client.send_offsets_to_transaction, await self._group(group)
        doing = "add offsets to a transaction of"
        await self._call(doing, send, native_offsets(offsets), metadata, self._settings.timeout)

    async def commit(self) -> None:
        await self._call("commit a transaction of", self._client.commit_transaction, self._settings.timeout)

    async def abort(self) -> None:
        await self._call("abort a transaction of", self._client.abort_transaction, self._settings.timeout)
        self._failure = None

    async def _call(self, doing: str, call: Any, *arguments: Any) -> None:
        await self._calls.call(f"{doing} transactional id {self._transactional_id!r}", call, *arguments)

    async def _group(self, group: str) -> Any:
        """The group as librdkafka wants it: only a consumer can tell, even one that is not connected."""
        if group not in self._groups:
            client = ConsumerClient({"group.id": group, "bootstrap.servers": "", "log_level": 0})
            self._groups[group] = client.consumer_group_metadata()
            await asyncio.to_thread(client.close)
        return self._groups[group]
