"""The contract of a Kafka client: what reading and writing need of it, and no more.

There are two clients, on confluent-kafka and on aiokafka; one suite of tests holds for both. All methods are called in
the event loop. Times are microseconds since the epoch, as everywhere in the engine.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import NamedTuple, Protocol

from streamcore.io.kafka.records import Headers, Records


class TopicPartition(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int


class CommittedOffset(NamedTuple):
    """What a group has committed for a partition.

    Attributes:
        offset: The offset to go on from.
        metadata: What was written along with it.
    """

    offset: int
    metadata: str = ""


class Consumer(Protocol):
    """Reads partitions, and asks a cluster about them.

    All methods but `close` raise a `KafkaError`: `KafkaConnectionError` if no broker answers within the timeout of the
    settings, `KafkaAuthenticationError` if the brokers do not accept the credentials.
    """

    async def connect(self) -> None:
        """Waits until a broker answers."""
        ...

    async def topics(self) -> Mapping[str, int]:
        """How many partitions each topic has; without the brokers' own topics."""
        ...

    async def topic_ids(self, topics: Collection[str]) -> Mapping[str, str]:
        """Ids of topics, other for a topic that was deleted and made again; empty where the client cannot tell."""
        ...

    async def beginning_offsets(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The first offset of each partition."""
        ...

    async def end_offsets(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Where each partition ends for a reader that sees committed records only."""
        ...

    async def offsets_for_time(
        self, partitions: Collection[TopicPartition], micros: int
    ) -> Mapping[TopicPartition, int | None]:
        """The first offset whose timestamp is not before a time; None if there is none."""
        ...

    async def committed(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, CommittedOffset]:
        """What the group has committed, without the partitions it has committed nothing for.

        If a transaction that commits offsets of the group is open, it waits for its end.
        """
        ...

    async def commit(self, offsets: Mapping[TopicPartition, CommittedOffset]) -> None:
        """Commits offsets of the group, of any partitions."""
        ...

    def assign(self, partition: TopicPartition, offset: int) -> None:
        """Begins to read a partition from an offset on."""
        ...

    def unassign(self, partition: TopicPartition) -> None:
        """Reads a partition no more."""
        ...

    async def fetch(self, partition: TopicPartition, limit: int) -> Records:
        """Waits until there is something, and takes at most `limit` records of an assigned partition.

        There may be no records, but a larger `next_offset`. May be cancelled, and then loses nothing. What is not
        fetched is held back at the broker: only a bounded part of it is in memory.

        Raises:
            KafkaOffsetError: If the offset is not in the partition.
            KafkaTopicError: If the partition is gone, or may not be read.
        """
        ...

    def fetch_nowait(self, partition: TopicPartition, limit: int) -> Records | None:
        """What `fetch` would give, if that needs no waiting; else, or if it cannot be told, None."""
        ...

    def is_connected(self, partition: TopicPartition) -> bool:
        """Whether an assigned partition can be read, as far as the client has noticed while a fetch waited."""
        ...

    def lag(self, partition: TopicPartition, offset: int) -> int | None:
        """How many offsets there are from `offset` to the end of an assigned partition; None if it is not known."""
        ...

    async def close(self) -> None:
        """Frees everything; may be called at any time, and twice."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Outgoing:
    """Records to write, by columns.

    Attributes:
        topics: One per record, or one for all.
        keys: One per record.
        values: One per record.
        timestamps: Microseconds, one per record, the minimum timestamp for the time of writing; None: the time of
            writing for all of them.
        headers: One per record; None for records without.
        partitions: One per record, or None where the client's partitioner decides; None: for all of them.
    """

    topics: str | list[str]
    keys: list[bytes | None]
    values: list[bytes | None]
    timestamps: list[int] | None = None
    headers: list[Headers] | None = None
    partitions: list[int | None] | None = None


class Producer(Protocol):
    """Writes records; those of one partition stay in order, and none is written twice by a retry.

    All methods but `close` raise a `KafkaError`, as those of `Consumer`.
    """

    async def connect(self) -> None:
        """Waits until a broker answers."""
        ...

    async def partitions(self, topic: str) -> int:
        """How many partitions a topic has.

        Raises:
            KafkaTopicError: If there is no such topic.
        """
        ...

    async def send(self, records: Outgoing) -> None:
        """Hands over records, and waits while the client's queue is full; does not wait until they are written.

        Raises:
            KafkaDeliveryError: If one of these or of earlier records could not be written.
        """
        ...

    async def flush(self) -> None:
        """Waits until all records are written.

        Raises:
            KafkaDeliveryError: If one could not be written.
        """
        ...

    async def close(self) -> None:
        """Frees everything, and drops what has not been written; may be called at any time, and twice."""
        ...


class TransactionalProducer(Producer, Protocol):
    """Writes records that readers see when their transaction has been committed, or never.

    The methods raise `KafkaFencedError` if another producer has the transactional id now, `KafkaAbortableError` if the
    transaction has to be aborted, `KafkaRetriableError` if the outcome is unknown and the same call has to be made
    again, and `KafkaFatalError` if nothing helps but a new producer.
    """

    async def init_transactions(self) -> None:
        """Takes over the transactional id: fences the producer that had it and aborts its open transaction."""
        ...

    async def begin(self) -> None:
        """Begins a transaction."""
        ...

    async def send_offsets(self, group: str, offsets: Mapping[TopicPartition, CommittedOffset]) -> None:
        """Makes offsets of a group, with their metadata, part of the transaction; the group needs no members."""
        ...

    async def commit(self) -> None:
        """Writes what is left, and commits."""
        ...

    async def abort(self) -> None:
        """Drops the records and offsets of the transaction."""
        ...
