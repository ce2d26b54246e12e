"""The sink behind WriteToKafka that writes exactly once."""

from __future__ import annotations

import asyncio
import copy
from typing import Any, Final

from streamcore.errors import InvariantError, PipelineError
from streamcore.io.kafka.advice import DEFAULT_TIMEOUT_MILLIS
from streamcore.io.kafka.clients import Client
from streamcore.io.kafka.outgoing import RecordFormat, RecordMaker
from streamcore.io.kafka.settings import ClientSettings
from streamcore.io.kafka.transactions import KafkaTransactions
from streamcore.model.bundle import Bundle
from streamcore.model.transactions import TransactionalSink, Transactions

TIMEOUT_PROPERTY: Final = "transaction.timeout.ms"


class TransactionalKafkaSink(TransactionalSink[Any]):
    """Writes records in the transactions of checkpoints.

    Args:
        record_format: Makes records of elements.
        settings: How clients are set up.
        client: The client.
        topic: The topic; the marker of the checkpoints is noted on it.
    """

    def __init__(self, record_format: RecordFormat, settings: ClientSettings, client: Client, topic: str) -> None:
        self.cluster = ",".join(sorted(settings.bootstrap_servers.split(",")))
        self.transaction_timeout = int(settings.properties.get(TIMEOUT_PROPERTY, DEFAULT_TIMEOUT_MILLIS)) * 1000
        self.properties = settings.properties
        self._format = record_format
        self._settings = settings
        self._client = client
        self._topic = topic
        self._maker = RecordMaker(record_format)
        self._transactions: KafkaTransactions | None = None

    def for_run(self) -> TransactionalKafkaSink:
        """A sink with transactions of its own."""
        return copy.copy(self)

    def transactions(self, state_id: str) -> Transactions:
        """Transactions under an id that follows from the state directory."""
        return KafkaTransactions(self._client, self._settings, state_id, self._topic)

    def join(self, transactions: Transactions) -> None:
        """Takes part in transactions, which may be those of another sink."""
        if not isinstance(transactions, KafkaTransactions):
            what = f"a Kafka sink was asked to join {type(transactions).__name__}"
            raise InvariantError(what)
        self._transactions = transactions
        transactions.add_topic(self._topic)

    async def open(self) -> None:
        """Waits for a broker, and looks whether the topic is there.

        Raises:
            PipelineError: If the run has no checkpoints.
            KafkaError: If no broker answers, or there is no such topic.
        """
        if self._transactions is None:
            msg = (
                "delivery='exactly_once' needs checkpoints; give the pipeline a state directory, "
                "PipelineOptions(state_dir=...), or write delivery='at_least_once'"
            )
            raise PipelineError(msg)
        self._maker = RecordMaker(self._format)
        # A client that needs a token may wait for it.
        producer = await asyncio.to_thread(self._client.producer, self._settings)
        try:
            await producer.connect()
            await producer.partitions(self._topic)
        finally:
            await producer.close()

    async def write(self, bundle: Bundle) -> None:
        """Hands the records to the client, and waits while its queue is full."""
        if self._transactions is None:
            what = "a transactional Kafka sink is written to before it has joined transactions"
            raise InvariantError(what)
        await self._transactions.send(await self._maker.records(bundle))
