"""Transactions on confluent-kafka."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from confluent_kafka import Consumer as ConsumerClient, KafkaException

from streamcore.io.kafka.client import CommittedOffset, TopicPartition
from streamcore.io.kafka.confluent.bounded_call import call_within, end_soon
from streamcore.io.kafka.confluent.failures import failure_of
from streamcore.io.kafka.confluent.group_offsets import native_offsets
from streamcore.io.kafka.confluent.producer import ConfluentProducer
from streamcore.io.kafka.errors import KafkaRetriableError
from streamcore.io.kafka.settings import ClientSettings

# How much longer than its own timeout a call of librdkafka may take, in seconds. One that asks a broker that was killed
# and came back at once (seen with 2.16) waits for ever: for a connection that librdkafka has given up.
GRACE: Final = 5.0


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
        doing = f"{doing} transactional id {self._transactional_id!r}"
        seconds = self._settings.timeout + GRACE
        try:
            await call_within(seconds, call, *arguments)
        except KafkaException as error:
            raise failure_of(error, doing, self._settings) from None
        except TimeoutError:
            msg = (
                f"cannot {doing} at {self._settings.bootstrap_servers}: the client gave no answer within {seconds:g} s"
            )
            raise KafkaRetriableError(msg) from None

    async def _group(self, group: str) -> Any:
        """The group as librdkafka wants it: only a consumer can tell, even one that is not connected."""
        if group not in self._groups:
            client = ConsumerClient({"group.id": group, "bootstrap.servers": "", "log_level": 0})
            self._groups[group] = client.consumer_group_metadata()
            await end_soon(client.close)
        return self._groups[group]
