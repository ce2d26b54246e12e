"""WriteToKafka, with both clients against a broker."""

from __future__ import annotations

import time
from typing import Any

import pytest

from streamcore import Create, Pipeline, SinkError, Timestamp, WithTimestamps
from streamcore.io.kafka import KafkaDeliveryError, KafkaTopicError, ReadFromKafka, WriteToKafka
from streamcore.io.kafka.clients import choose_client
from streamcore.io.kafka.outgoing import RecordFormat
from streamcore.io.kafka.serde import JsonSerde, StrSerde
from streamcore.io.kafka.sink import KafkaSink
from streamcore.model.bundle import Bundle
from tests.io.kafka.clients import settings_for
from tests.io.kafka.topics import collect
from tests.io.overlapping import run_overlapping
from tests.servers.broker import Broker
from tests.servers.plugin import MakeTopic

pytestmark = pytest.mark.integration


async def write(broker: Broker, client: Any, elements: list[Any], topic: Any, **options: Any) -> None:
    async with Pipeline() as p:
        _ = p | Create(elements) | WriteToKafka(topic, broker.bootstrap, client=client, **options)


async def contents(broker: Broker, *topics: str, **options: Any) -> list[Any]:
    return await collect(ReadFromKafka(topics, broker.bootstrap, until="latest", **options))


async def test_pairs_of_key_and_value(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    pairs = [(b"a", b"1"), (None, b"2"), (b"b", None), (b"", b"")]
    await write(broker, client, pairs, topic)
    assert await contents(broker, topic) == pairs


async def test_two_runs_at_once(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    await run_overlapping(WriteToKafka(topic, broker.bootstrap, client=client), lambda number: (None, b"%d" % number))
    assert sorted(value for _, value in await contents(broker, topic)) == [b"0", b"1", b"2", b"3"]


async def test_all_that_a_record_has(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic(2)
    await write(
        broker,
        client,
        [{"user": "ann", "at": 1.5}],
        topic,
        key=lambda element: element["user"],
        key_serializer=StrSerde(),
        value_serializer=JsonSerde(),
        headers=lambda element: [("source", b"test")],
        timestamp=lambda element: element["at"],
        partitioner=lambda element: 1,
    )
    (record,) = await contents(broker, topic, with_metadata=True, value_deserializer=JsonSerde())
    assert (record.partition, record.timestamp, record.key) == (1, Timestamp(1.5), b"ann")
    assert (record.value, record.headers) == ({"user": "ann", "at": 1.5}, (("source", b"test"),))


async def test_the_timestamp_of_the_element(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    async with Pipeline() as p:
        _ = (
            p
            | Create([(None, b"a")])
            | WithTimestamps(lambda _: 42)
            | WriteToKafka(topic, broker.bootstrap, timestamp="element", client=client)
        )
    (record,) = await contents(broker, topic, with_metadata=True)
    assert record.timestamp == Timestamp(42)


async def test_an_element_without_a_time_has_that_of_writing(kafka: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic, began = make_topic(), time.time()
    options = {"timestamp": "element", "client": client}
    async with Pipeline() as p:
        elements = p | Create([(None, b"a")])
        _ = elements | "without" >> WriteToKafka(topic, kafka.bootstrap, **options)
        _ = elements | WithTimestamps(lambda _: -86_400) | "early" >> WriteToKafka(topic, kafka.bootstrap, **options)
    one, other = sorted(record.timestamp for record in await contents(kafka, topic, with_metadata=True, client=client))
    assert one == Timestamp(-86_400)
    assert began - 0.001 <= float(other) <= time.time()


async def test_topics_by_a_function(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    one, other = make_topic(), make_topic()
    await write(
        broker,
        client,
        [1, 2, 3],
        lambda number: one if number % 2 else other,
        value=lambda number: {"n": number},
        value_serializer=JsonSerde(),
    )
    assert await contents(broker, one) == [(None, b'{"n":1}'), (None, b'{"n":3}')]
    assert await contents(broker, other) == [(None, b'{"n":2}')]


async def test_the_same_key_goes_to_the_same_partition(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic(4)
    await write(broker, client, [(b"%d" % (n % 7), b"%d" % n) for n in range(70)], topic)
    partitions: dict[Any, set[int]] = {}
    values: dict[Any, list[int]] = {}
    for record in await contents(broker, topic, with_metadata=True, value_deserializer=int):
        partitions.setdefault(record.key, set()).add(record.partition)
        values.setdefault(record.key, []).append(record.value)
    assert {len(found) for found in partitions.values()} == {1}
    assert all(found == sorted(found) for found in values.values())


async def test_all_is_there_when_sync_returns(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    make_producer = choose_client(client).producer
    sink = KafkaSink(RecordFormat(topic), settings_for(client, broker.bootstrap), make_producer)
    await sink.open()
    await sink.write(Bundle([(None, b"a"), (None, b"b")], 0, ()))
    await sink.sync()
    assert await contents(broker, topic) == [(None, b"a"), (None, b"b")]
    await sink.write(Bundle([(None, b"c")], 0, ()))
    await sink.close()
    assert len(await contents(broker, topic)) == 3


async def test_a_topic_that_is_not_there(kafka: Broker, client: Any) -> None:
    with pytest.raises(KafkaTopicError, match=r"^cannot write to topic 'no-such-topic' at 127\.0\.0\.1:\d+: "):
        await write(kafka, client, [(None, b"a")], "no-such-topic")


async def test_a_record_that_is_too_large(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    with pytest.raises(KafkaDeliveryError) as caught:
        await write(broker, client, [(b"k", b"x" * 2_000_000)], topic)
    shown = f"b'{'x' * 198}... (2000003 characters)"
    expected = f"the record with key b'k' and value {shown} could not be written to topic {topic!r}: "
    assert str(caught.value).startswith(expected)


async def test_large_records(kafka: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic(config={"max.message.bytes": "15000000"})
    value = b"x" * 10_000_000
    name = "message.max.bytes" if client == "confluent" else "max_request_size"
    await write(kafka, client, [(None, value)], topic, producer_config={name: 12_000_000})
    assert await collect(ReadFromKafka(topic, kafka.bootstrap, until="latest", client=client)) == [(None, value)]


@pytest.mark.parametrize(
    ("elements", "options", "message"),
    [
        (
            [(b"a", b"1"), 3],
            {},
            "WriteToKafka takes pairs of key and value, got 3; give value=, and key=, as functions of an element",
        ),
        (
            [("a", b"1")],
            {},
            "the key of a record must be bytes or None, got 'a' for ('a', b'1'); give key_serializer=, such as "
            "JsonSerde()",
        ),
        (
            [(b"a", 1.5)],
            {},
            "the value of a record must be bytes or None, got 1.5 for (b'a', 1.5); give value_serializer=, such as "
            "JsonSerde()",
        ),
        (
            [(b"a", "ä")],
            {"value_serializer": lambda text: text.encode("ascii")},
            "the value of (b'a', 'ä') cannot be serialized: UnicodeEncodeError: 'ascii' codec can't encode character "
            "'\\xe4' in position 0: ordinal not in range(128)",
        ),
        (
            [7, 0],
            {"value": lambda n: b"%d" % (7 // n)},
            "`value` failed on 0: ZeroDivisionError: integer division or modulo by zero",
        ),
        (
            [7],
            {"value": lambda n: next(iter(()))},
            "`value` failed on 7: RuntimeError: it raised StopIteration",
        ),
        *(
            (
                [(b"a", b"1")],
                {"headers": lambda pair, headers=headers: headers},
                "`headers` must return pairs of a name, a str, and bytes or None, as [('trace', b'1')], got "
                f"{headers!r} for (b'a', b'1')",
            )
            for headers in ([(b"a", b"1")], {"a": b"1"}, [("a", "1")], ["ab"], "ab", 7)
        ),
        *(
            (
                [(b"a", b"1")],
                {"partitioner": lambda pair, number=number: number},
                "`partitioner` must return the number of a partition, or None where the client is to choose, got "
                f"{number!r} for (b'a', b'1')",
            )
            for number in (-1, "0", 2**31, 0.5)
        ),
        (
            [(b"a", b"1")],
            {"partitioner": lambda pair: pair[2]},
            "`partitioner` failed on (b'a', b'1'): IndexError: tuple index out of range",
        ),
        (
            [(b"a", b"1"), (b"b", b"2")],
            {"timestamp": lambda pair: -0.0005 if pair[0] == b"b" else -1},
            "the timestamp of (b'b', b'2') is one millisecond before 1970, by which Kafka means that there is none; "
            "give it another one",
        ),
        (
            [(b"a", b"1")],
            {"timestamp": lambda pair: 1_700_000_000_000_000_000},
            "the timestamp of (b'a', b'1') is out of range, got 1.7e+18 s; give seconds",
        ),
        (
            [(b"a", b"1")],
            {"timestamp": lambda pair: "today"},
            "`timestamp` failed on (b'a', b'1'): TypeError: expected seconds as a number, a Timestamp, a Duration or a "
            "timedelta, got 'today'",
        ),
    ],
)
async def test_elements_that_are_no_records(
    broker: Broker, make_topic: MakeTopic, elements: list[Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SinkError) as caught:
        await write(broker, "confluent", elements, make_topic(), **options)
    assert str(caught.value) == message


async def test_a_function_that_returns_no_topic(broker: Broker) -> None:
    with pytest.raises(SinkError) as caught:
        await write(broker, "confluent", [(None, b"1")], lambda element: None)
    assert str(caught.value) == "`topic` must return the name of a topic, got None for (None, b'1')"


async def test_a_sink_that_cannot_be_opened_leaves_no_client_behind(kafka: Broker, client: Any) -> None:
    closed = []
    producer = choose_client(client).producer(settings_for(client, kafka.bootstrap))
    close = producer.close

    async def closing() -> None:
        closed.append(producer)
        await close()

    producer.close = closing  # type: ignore[method-assign]
    sink = KafkaSink(RecordFormat("no-such-topic"), settings_for(client, kafka.bootstrap), lambda settings: producer)
    with pytest.raises(KafkaTopicError):
        await sink.open()
    await sink.abort()
    assert closed == [producer]
