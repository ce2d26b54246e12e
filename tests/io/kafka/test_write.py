"""WriteToKafka in a pipeline, by both clients against a broker."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from confluent_kafka import Consumer

from streamcore import Create, Map, Pipeline
from streamcore.errors import PipelineError, StreamcoreError
from streamcore.io.kafka import JsonSerde, StrSerde, WriteToKafka
from tests.servers.broker import Broker
from tests.servers.plugin import MakeTopic

pytestmark = pytest.mark.integration

CLIENTS = ("confluent", "aiokafka")
ClientName = Literal["confluent", "aiokafka"]


def read(broker: Broker, topic: str, count: int) -> list[tuple[bytes | None, bytes | None]]:
    """Key and value of so many records."""
    settings: dict[str, Any] = {"bootstrap.servers": broker.bootstrap, "group.id": "reader", "log_level": 0}
    consumer = Consumer(settings | {"auto.offset.reset": "earliest", "enable.auto.commit": False})
    consumer.subscribe([topic])
    found = [message for message in consumer.consume(count, timeout=30) if message.error() is None]
    consumer.close()
    return [(message.key(), message.value()) for message in found]


@pytest.mark.parametrize("client", CLIENTS)
def test_elements_become_records(broker: Broker, make_topic: MakeTopic, client: ClientName) -> None:
    topic = make_topic()
    with Pipeline() as p:
        _ = (
            p
            | Create([{"user": "ann", "n": 1}, {"user": "bob", "n": 2}])
            | WriteToKafka(
                topic,
                broker.bootstrap,
                key=lambda row: row["user"],
                key_serializer=StrSerde(),
                value_serializer=JsonSerde(),
                client=client,
            )
        )
    assert sorted(read(broker, topic, 2)) == [(b"ann", b'{"user":"ann","n":1}'), (b"bob", b'{"user":"bob","n":2}')]


@pytest.mark.parametrize("client", CLIENTS)
def test_more_records_than_the_queue_of_the_client_holds(
    broker: Broker, make_topic: MakeTopic, client: ClientName
) -> None:
    topic = make_topic()
    config = {"queue.buffering.max.messages": 100} if client == "confluent" else {}
    with Pipeline() as p:
        _ = (
            p
            | Create(range(3000))
            | Map(lambda n: (None, b"%d" % n))
            | WriteToKafka(topic, broker.bootstrap, client=client, producer_config=config)
        )
    assert [value for _, value in read(broker, topic, 3000)] == [b"%d" % n for n in range(3000)]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_topic_that_is_not_there_is_named(broker: Broker, client: ClientName) -> None:
    p = Pipeline()
    _ = p | Create([(b"k", b"v")]) | WriteToKafka("not-there", broker.bootstrap, client=client)
    with pytest.raises(StreamcoreError, match="'not-there'"):
        p.run()


@pytest.mark.parametrize("client", CLIENTS)
def test_an_element_that_is_no_record_stops_the_pipeline(
    broker: Broker, make_topic: MakeTopic, client: ClientName
) -> None:
    p = Pipeline()
    _ = p | Create([(b"k", 7)]) | WriteToKafka(make_topic(), broker.bootstrap, client=client)
    with pytest.raises(StreamcoreError, match="7"):
        p.run()


def test_exactly_once_needs_a_state_directory(broker: Broker, make_topic: MakeTopic) -> None:
    p = Pipeline()
    _ = p | Create([(b"k", b"v")]) | WriteToKafka(make_topic(), broker.bootstrap, delivery="exactly_once")
    with pytest.raises(PipelineError) as caught:
        p.run()
    assert str(caught.value) == (
        "delivery='exactly_once' needs checkpoints; give the pipeline a state directory, "
        "PipelineOptions(state_dir=...), or write delivery='at_least_once'"
    )


def test_a_record_that_the_broker_refuses_is_named(broker: Broker, make_topic: MakeTopic) -> None:
    topic = make_topic(config={"max.message.bytes": "1000"})
    p = Pipeline()
    _ = p | Create([(b"k", b"v" * 5000)]) | WriteToKafka(topic, broker.bootstrap)
    with pytest.raises(StreamcoreError, match=f"could not be written to topic '{topic}'") as caught:
        p.run()
    assert "b'vvv" in str(caught.value)
