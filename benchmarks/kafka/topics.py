"""The topics of a benchmark: the input, filled once, and one for the output of every run."""

from __future__ import annotations

import itertools
import uuid
from pathlib import Path
from typing import Final, NamedTuple, Self

import orjson
from confluent_kafka import Message, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from benchmarks.kafka.reading import batches, open_consumer

PARTITIONS: Final = 4


class Input(NamedTuple):
    """The events of a file, in a topic.

    Attributes:
        file: The file.
        topic: The topic.
        events: How many there are.
    """

    file: Path
    topic: str
    events: int


class Route(NamedTuple):
    """What a job reads and writes.

    Attributes:
        bootstrap: The address of the broker.
        source: The topic with the input.
        sink: The topic for the output; it is there, and empty.
    """

    bootstrap: str
    source: str
    sink: str


class Topics:
    """Makes topics on a broker, and removes them in the end.

    Attributes:
        bootstrap: The address of the broker.
    """

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self._admin = AdminClient({"bootstrap.servers": bootstrap})
        self._run, self._numbers = uuid.uuid4().hex[:8], itertools.count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Those that other engines have made for themselves bear the names of ours.
        self.remove([topic for topic in self._admin.list_topics(timeout=30).topics if self._run in topic])

    def make(self, purpose: str) -> str:
        """Make an empty topic and return its name."""
        name = f"{purpose}-{self._run}-{next(self._numbers)}"
        # The timestamps of the events are years old, and brokers go by them.
        topic = NewTopic(name, PARTITIONS, 1, config={"retention.ms": "-1"})
        self._admin.create_topics([topic])[name].result(30)
        return name

    def fill(self, file: Path) -> Input:
        """Make a topic of the page events in a file: in their order, keyed by user, with their event times."""
        topic = self.make("events")
        producer = Producer({"bootstrap.servers": self.bootstrap, "enable.idempotence": True, "linger.ms": 50})
        number = 0
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                event = orjson.loads(line)
                producer.produce(topic, line.rstrip(), event["user"], timestamp=event["ts"])
                if number % 1000 == 0:
                    make_room(producer, 50_000)
        producer.flush()
        return Input(file, topic, number)

    def read(self, topic: str) -> list[Message]:
        """Return the records of a topic that are committed."""
        consumer, partitions = open_consumer(self.bootstrap, topic, **{"isolation.level": "read_committed"})
        try:
            return [message for messages in batches(consumer, partitions) for message in messages]
        finally:
            consumer.close()

    def values(self, topic: str) -> list[bytes]:
        """Return the values of these records."""
        return [message.value() for message in self.read(topic)]

    def remove(self, topics: list[str]) -> None:
        """Remove topics, so that their records do not fill the disk."""
        if topics:
            for removal in self._admin.delete_topics(topics).values():
                removal.result(30)


def make_room(producer: Producer, most: int) -> None:
    """Wait while more than that many records wait in the queue of a producer."""
    producer.poll(0)
    while len(producer) > most:
        producer.poll(0.01)
