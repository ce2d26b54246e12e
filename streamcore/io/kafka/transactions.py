"""The transactions of a Kafka cluster, with the marker that tells which checkpoint they belong to."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Final, NoReturn

from streamcore.errors import (
    SinkError,
    TransactionAbortedError,
    TransactionFencedError,
    TransactionUnknownError,
)
from streamcore.io.kafka.client import CommittedOffset, Consumer, Outgoing, TopicPartition, TransactionalProducer
from streamcore.io.kafka.clients import Client
from streamcore.io.kafka.errors import (
    KafkaAbortableError,
    KafkaConnectionError,
    KafkaError,
    KafkaFatalError,
    KafkaFencedError,
    KafkaRetriableError,
    KafkaTopicError,
)
from streamcore.io.kafka.settings import ClientSettings
from streamcore.model.transactions import Marker, Transactions

# The marker is the metadata of an offset; the offset itself says nothing.
NO_OFFSET: Final = 0
# How long the marker is waited for while a transaction that holds it is undecided, in seconds: a process that began
# later may have left one open, and only `initialise` ends that.
MARKER_TIMEOUT: Final = 5.0


class KafkaTransactions(Transactions):
    """Implements `Transactions` by a producer with a transactional id, and a private consumer group for the marker.

    The group has no members. The marker's offset is on a topic that is written to, so that no topic of our own is
    needed, and nobody who may write there lacks a right. Runs before this one may have written to other topics, so it
    is looked for on all of them.

    Args:
        client: The client to use.
        settings: Those of the producer.
        state_id: The state directory.
        topic: The topic that the marker's offset is committed on.
    """

    def __init__(self, client: Client, settings: ClientSettings, state_id: str, topic: str) -> None:
        self._client = client
        self._settings = settings
        self._id = f"streamcore-{state_id}"
        self._place = TopicPartition(topic, 0)
        self._topics = {topic}
        self._missing = 0
        self._producer: TransactionalProducer | None = None
        self._consumer: Consumer | None = None

    def add_topic(self, topic: str) -> None:
        """A sink writes to this topic within the transactions."""
        self._topics.add(topic)

    async def initialise(self) -> None:
        """Begins with a new producer: one that was shut out, or whose transaction expired, is of no more use.

        Raises:
            KafkaTopicError: If a topic that is written to was not there twice, when the run went back.
        """
        first = self._producer is None
        await self._drop_producer()
        # A client that needs a token may wait for it.
        producer = await asyncio.to_thread(self._client.transactional_producer, self._settings, self._id)
        self._producer = producer
        with _told(first):
            await producer.connect()
            if not first:
                await self._look_for_topics(producer)
            await producer.init_transactions()

    async def _look_for_topics(self, producer: TransactionalProducer) -> None:
        """Transactions are lost also because a topic has been deleted, and then no other one will go through."""
        try:
            for topic in sorted(self._topics):
                await producer.partitions(topic)
            self._missing = 0
        except KafkaTopicError:
            # A broker that has just started does not know all topics yet.
            self._missing += 1
            if self._missing > 1:
                raise

    async def read_marker(self) -> Marker | None:
        """The latest marker among the metadata of the group's offsets, on whichever topic it is."""
        with _told():
            if self._consumer is None:
                settings = dataclasses.replace(self._settings, group_id=self._id, timeout=MARKER_TIMEOUT)
                self._consumer = await asyncio.to_thread(self._client.consumer, settings)
                await self._consumer.connect()
            places = {self._place, *(TopicPartition(topic, 0) for topic in await self._consumer.topics())}
            found = await self._consumer.committed(places)
        markers = [self._decode(offset.metadata) for offset in found.values()]
        return max(markers, key=lambda marker: (marker.checkpoint, marker.epoch), default=None)

    def _decode(self, metadata: str) -> Marker:
        try:
            return Marker.decode(metadata)
        except ValueError:
            msg = (
                f"group {self._id!r} of the cluster at {self._settings.bootstrap_servers} holds {metadata!r} in place "
                "of a marker: something else commits offsets under the name of this group; end that, or begin with an "
                "empty state directory"
            )
            raise SinkError(msg) from None

    async def begin(self) -> None:
        """Begins a transaction."""
        with _told():
            await self._open_producer().begin()

    async def send(self, records: Outgoing) -> None:
        """Writes records within the open transaction; waits while the client's queue is full."""
        with _told():
            await self._open_producer().send(records)

    async def add_marker(self, marker: Marker) -> None:
        """Commits the marker as the metadata of an offset, when all records have been acknowledged."""
        producer = self._open_producer()
        with _told():
            await producer.flush()
            await producer.send_offsets(self._id, {self._place: CommittedOffset(NO_OFFSET, marker.encode())})

    async def commit(self) -> None:
        """Commits the open transaction."""
        with _told():
            await self._open_producer().commit()

    async def abort(self) -> None:
        """Aborts the open transaction; one that cannot be aborted now is ended by who takes over, or expires."""
        if self._producer is not None:
            with contextlib.suppress(KafkaError):
                await self._producer.abort()

    async def close(self) -> None:
        """Frees the clients."""
        await self._drop_producer()
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.close()

    async def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.close()

    def _open_producer(self) -> TransactionalProducer:
        assert self._producer is not None, "`initialise` comes first"
        return self._producer


@contextlib.contextmanager
def _told(is_first_contact: bool = False) -> Iterator[None]:
    """Tells failures in the words of the commit protocol.

    Args:
        is_first_contact: The cluster has not answered yet, so that silence at its address is an error of the user, and
            no transaction has been lost yet that another producer could do again.
    """
    try:
        yield
    except KafkaError as error:
        _tell(error, is_first_contact)


def _tell(error: KafkaError, is_first_contact: bool) -> NoReturn:
    if is_first_contact and isinstance(error, KafkaConnectionError | KafkaFatalError):
        raise error
    if isinstance(error, KafkaFencedError | KafkaFatalError):
        raise TransactionFencedError(str(error)) from error
    if isinstance(error, KafkaAbortableError):
        raise TransactionAbortedError(str(error)) from error
    if isinstance(error, KafkaRetriableError | KafkaConnectionError):
        raise TransactionUnknownError(str(error)) from error
    raise error
