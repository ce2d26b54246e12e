"""The clients of the hand-written loops: a consumer and a producer of confluent-kafka, with transactions or without."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby
from types import TracebackType
from typing import Any, Final, Self

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from benchmarks.kafka.reading import batches, open_consumer
from benchmarks.kafka.topics import Route, make_room

COMMIT_SECONDS: Final = 1.0

# The client's queue takes a million records, and after a batch there is room for all that the next one may close.
QUEUE: Final = 1_000_000
AT_MOST: Final = 200_000


def _fail(error: KafkaError, _: Message) -> None:
    """Called, from within `poll`, only for records that could not be written."""
    raise KafkaException(error)


PRODUCER: Final = {
    "enable.idempotence": True,
    "linger.ms": 5,
    "queue.buffering.max.messages": QUEUE,
    "delivery.report.only.error": True,
    "on_delivery": _fail,
}


class Client:
    """Reads a topic to its end and writes another; if it died, nothing would know how far it had come.

    Attributes:
        write: Hands over a value and, if need be, its key.
    """

    def __init__(self, route: Route) -> None:
        self._consumer, self._partitions = open_consumer(route.bootstrap, route.source)
        self._producer = Producer(self._properties(route))
        self.write: Callable[..., object] = partial(self._producer.produce, route.sink)

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self._end()
        self._consumer.close()

    @property
    def partitions(self) -> int:
        """How many partitions the input has."""
        return self._partitions

    def runs(self) -> Iterator[tuple[int, Iterator[bytes]]]:
        """Yield number and values of one partition after another, as they come: each has a watermark of its own."""
        partition_of, value_of = Message.partition, Message.value
        for messages in batches(self._consumer, self._partitions):
            for partition, run in groupby(messages, partition_of):
                yield partition, map(value_of, run)
            make_room(self._producer, AT_MOST)
            self._after_batch()

    def _properties(self, route: Route) -> dict[str, Any]:
        return {"bootstrap.servers": route.bootstrap, **PRODUCER}

    def _begin(self) -> None:
        """Called before anything is read."""

    def _after_batch(self) -> None:
        """Called when the rows of a batch are in the queue."""

    def _end(self) -> None:
        """Called when all rows are in the queue."""
        self._producer.flush()


class TransactionalClient(Client):
    """Commits rows and offsets in one transaction a second, so readers see the rows of every record once.

    What a loop keeps in its dictionaries is in no transaction: after a crash, j1 would have lost it.
    """

    def _properties(self, route: Route) -> dict[str, Any]:
        return {**super()._properties(route), "transactional.id": route.sink}

    def _begin(self) -> None:
        self._producer.init_transactions()
        self._producer.begin_transaction()
        self._due = time.monotonic() + COMMIT_SECONDS

    def _after_batch(self) -> None:
        if time.monotonic() >= self._due:
            self._commit()
            self._producer.begin_transaction()
            self._due += COMMIT_SECONDS

    def _end(self) -> None:
        self._commit()

    def _commit(self) -> None:
        consumer, producer = self._consumer, self._producer
        positions = consumer.position(consumer.assignment())
        producer.send_offsets_to_transaction(positions, consumer.consumer_group_metadata())
        producer.commit_transaction()
