"""Read topics on the raw client, from their first record to their present end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

BATCH: Final = 500
# `consume` waits for so many seconds that a batch gets full.
WAIT: Final = 0.05


def open_consumer(bootstrap: str, topic: str, **properties: Any) -> tuple[Consumer, int]:
    """Return a consumer that has all partitions of a topic, and how many these are."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": topic,
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            # By default the client fetches no more for a second when its queue is full, and a loop empties that sooner;
            # and a broker keeps a question beyond the end for half a second, which would count as reading.
            "fetch.queue.backoff.ms": 10,
            "fetch.wait.max.ms": 10,
            **properties,
        }
    )
    partitions = len(consumer.list_topics(topic, timeout=30).topics[topic].partitions)
    consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in range(partitions)])
    return consumer, partitions


def batches(consumer: Consumer, partitions: int) -> Iterator[list[Message]]:
    """Yield records as they come, until every partition has come to its end."""
    consume, error_of = consumer.consume, Message.error
    while partitions:
        messages = consume(BATCH, WAIT)
        # One look at each in C: ends and errors come as messages, too.
        if any(map(error_of, messages)):
            records = [message for message in messages if not _is_end(message)]
            partitions -= len(messages) - len(records)
            messages = records
        yield messages


def _is_end(message: Message) -> bool:
    """Whether this is not a record but the end of a partition.

    Raises:
        KafkaException: If it is an error.
    """
    error = message.error()
    if error is None:
        return False
    if error.code() != KafkaError._PARTITION_EOF:
        raise KafkaException(error)
    return True
