"""The sinks behind WriteToKafka: records as they come, or in the transactions of checkpoints."""

from __future__ import annotations

from typing import Any

from streamcore.errors import PipelineError
from streamcore.io.kafka.client import Producer
from streamcore.io.kafka.clients import Client
from streamcore.io.kafka.outgoing import RecordFormat, RecordMaker
from streamcore.io.kafka.settings import ClientSettings
from streamcore.io.kafka.transactions import KafkaTransactions
from streamcore.model.bundle import Bundle
from streamcore.model.transactions import TransactionalSink, Transactions
from streamcore.model.two_phase import SinkRestart, TwoPhaseSink


class KafkaSink(TwoPhaseSink[Any]):
    """Writes records as they come; a checkpoint holds when all before it have been acknowledged.

    Args:
        client: The client to use.
        settings: Those of the producer.
        format: What records are made of elements.
    """

    def __init__(self, client: Client, settings: ClientSettings, format: RecordFormat) -> None:
        self._client = client
        self._settings = settings
        self._format = format
        self._maker = RecordMaker(format)
        self._producer: Producer | None = None

    async def open(self) -> None:
        """Connects, and looks for the topic."""
        self._maker = RecordMaker(self._format)
        producer = self._producer = self._client.producer(self._settings)
        await producer.connect()
        if isinstance(self._format.topic, str):
            await producer.partitions(self._format.topic)

    async def restart(self, restart: SinkRestart) -> None:
        """What was written cannot be taken back; it is written again."""

    async def write(self, bundle: Bundle) -> None:
        """Hands the records to the client; waits while its queue is full."""
        await self._open_producer().send(await self._maker.records(bundle))

    async def prepare(self, number: int) -> None:
        """Waits until all records have been acknowledged."""
        await self._open_producer().flush()

    async def commit(self, number: int, prepared: None) -> None:
        """The records are there."""

    async def close(self) -> None:
        """Frees the client."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.close()

    async def abort(self) -> None:
        """Frees the client; what has not been written is dropped."""
        await self.close()

    def _open_producer(self) -> Producer:
        assert self._producer is not None, "`open` comes first"
        return self._producer


class TransactionalKafkaSink(TransactionalSink[Any]):
    """Writes records in the transactions of checkpoints.

    Args:
        client: The client to use.
        settings: Those of the producer.
        format: What records are made of elements.
        topic: Where the marker is noted.
    """

    def __init__(self, client: Client, settings: ClientSettings, format: RecordFormat, topic: str) -> None:
        self.cluster = ",".join(sorted(settings.bootstrap_servers.split(",")))
        self._client = client
        self._settings = settings
        self._format = format
        self._topic = topic
        self._maker = RecordMaker(format)
        self._transactions: KafkaTransactions | None = None

    def transactions(self, state_id: str) -> Transactions:
        """Transactions under an id that follows from the state directory."""
        return KafkaTransactions(self._client, self._settings, state_id, self._topic)

    def join(self, transactions: Transactions) -> None:
        """Takes part in transactions, which may be those of another sink."""
        assert isinstance(transactions, KafkaTransactions)
        self._transactions = transactions

    async def open(self) -> None:
        """Looks for the topic."""
        if self._transactions is None:
            msg = (
                "delivery='exactly_once' needs checkpoints; give the pipeline a state directory, "
                "PipelineOptions(state_dir=...), or write delivery='at_least_once'"
            )
            raise PipelineError(msg)
        self._maker = RecordMaker(self._format)
        producer = self._client.producer(self._settings)
        try:
            await producer.connect()
            await producer.partitions(self._topic)
        finally:
            await producer.close()

    async def write(self, bundle: Bundle) -> None:
        """Hands the records to the client; waits while its queue is full."""
        assert self._transactions is not None
        await self._transactions.send(await self._maker.records(bundle))
