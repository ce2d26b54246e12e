"""ReadFromKafka, with both clients against a broker."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient, NewPartitions

from streamcore import (
    MIN_TIMESTAMP,
    BoundedOutOfOrderness,
    CombinePerKey,
    FixedWindows,
    Map,
    Pipeline,
    PipelineOptions,
    Timestamp,
    WindowInto,
)
from streamcore.errors import SourceError
from streamcore.io import WriteToCallable
from streamcore.io.kafka import KafkaRecord
from streamcore.io.kafka.client import TopicPartition
from streamcore.io.kafka.serde import DeadLetter, JsonSerde
from tests.engine.clocks import HOUR, SetClock
from tests.engine.sources import calm
from tests.io.kafka.clients import open_consumer, settings_for
from tests.io.kafka.topics import Watched, collect, fill, read
from tests.servers.broker import Broker
from tests.servers.plugin import MakeTopic

pytestmark = pytest.mark.integration


async def test_pairs_of_key_and_value(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    fill(broker, topic, [b"1", None, b""], keys=[b"a", b"b", None])
    assert await collect(read(broker, client, topic)) == [(b"a", b"1"), (b"b", None), (None, b"")]


async def test_all_partitions_of_all_topics(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    one, other = make_topic(3), make_topic(1)
    fill(broker, one, [b"%d" % n for n in range(30)], partitions=[n % 3 for n in range(30)])
    fill(broker, other, [b"x"])
    found = await collect(read(broker, client, one, other))
    assert sorted(value for _, value in found) == sorted([*(b"%d" % n for n in range(30)), b"x"])


async def test_an_empty_topic(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    assert await collect(read(broker, client, make_topic(2))) == []


async def test_topics_by_pattern(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    base = make_topic()
    for suffix in ("-a", "-b", "-c2"):
        fill(broker, make_topic(name=base + suffix), [suffix.encode()])
    fill(broker, base, [b"not this one"])
    found = await collect(read(broker, client, topic_pattern=f"{base}-[a-z]"))
    assert sorted(value for _, value in found) == [b"-a", b"-b"]


async def test_records_with_metadata(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic(2)
    fill(
        broker,
        topic,
        [b"v", b"w"],
        keys=[b"k", None],
        partitions=[1, 1],
        millis=[1500, 2500],
        headers=[[("h", b"1"), ("h", None)], []],
    )
    found = await collect(read(broker, client, topic, with_metadata=True))
    assert found == [
        KafkaRecord(topic, 1, 0, Timestamp(1.5), 1, b"k", b"v", (("h", b"1"), ("h", None))),
        KafkaRecord(topic, 1, 1, Timestamp(2.5), 1, None, b"w", ()),
    ]
    assert len(set(found)) == 2  # records can be keys


async def test_values_are_deserialized(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    fill(broker, topic, [b'{"n": 1}', None], keys=[b"7", None])
    reading = read(broker, client, topic, key_deserializer=int, value_deserializer=JsonSerde())
    assert await collect(reading) == [(7, {"n": 1}), (None, None)]


async def test_a_record_that_cannot_be_deserialized(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    fill(broker, topic, [b"1", b"x"], keys=[b"a", b"b"])
    with pytest.raises(SourceError) as caught:
        await collect(read(broker, client, topic, value_deserializer=int))
    assert str(caught.value) == (
        f"the record at offset 1 of partition 0 of topic {topic!r} cannot be deserialized: value: ValueError: invalid "
        "literal for int() with base 10: b'x'; its key is b'b', its value is b'x'"
    )


async def test_dead_letters(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    fill(broker, topic, [b"1", b"x", b"3"], millis=[1000, 2000, 3000])
    good: list[Any] = []
    dead: list[DeadLetter] = []
    async with Pipeline() as p:
        elements, letters = p | read(broker, client, topic, value_deserializer=int).with_dead_letters()
        _ = elements | "good" >> WriteToCallable(good.append)
        _ = letters | "dead" >> WriteToCallable(dead.append)
    assert good == [(None, 1), (None, 3)]
    assert [(letter.offset, letter.value, letter.timestamp) for letter in dead] == [(1, b"x", Timestamp(2))]


async def test_dead_letters_without_an_event_time(kafka: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic, nanoseconds = make_topic(), 1_700_000_000_000_000_000
    fill(kafka, topic, [b"1", b"x", b"3"], millis=[1000, 2000, nanoseconds])
    for timestamp, alive, expected in (
        (
            "record",
            [(None, b"1"), (None, b"x")],
            (2, MIN_TIMESTAMP, f"timestamp: {nanoseconds} ms since 1970 is out of range"),
        ),
        (
            lambda element: int(element[1]),
            [(None, b"1"), (None, b"3")],
            (1, Timestamp(2), "timestamp: ValueError: invalid literal for int() with base 10: b'x'"),
        ),
    ):
        good: list[Any] = []
        dead: list[DeadLetter] = []
        async with Pipeline() as p:
            elements, letters = p | read(kafka, client, topic, timestamp=timestamp).with_dead_letters()
            _ = elements | "good" >> WriteToCallable(good.append)
            _ = letters | "dead" >> WriteToCallable(dead.append)
        assert good == alive
        assert [(letter.offset, letter.timestamp, letter.reason) for letter in dead] == [expected]


async def test_a_timestamp_that_is_out_of_range(kafka: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    fill(kafka, topic, [b"1", b"2"], millis=[1000, 1_700_000_000_000_000_000])
    with pytest.raises(SourceError) as caught:
        await collect(read(kafka, client, topic, watermark=BoundedOutOfOrderness(0)))
    assert str(caught.value) == (
        f"the timestamp of the record at offset 1 of partition 0 of topic {topic!r} cannot be an event time: "
        "1700000000000000000 ms since 1970 is out of range; Kafka counts milliseconds, a function of `timestamp` tells "
        "seconds; give one that reads what was meant, or set such records aside by with_dead_letters()"
    )
    milliseconds = read(kafka, client, topic, timestamp=lambda element: int(element[1]))
    assert await collect(milliseconds) == [(None, b"1"), (None, b"2")]


async def test_offsets_are_shown_when_a_partition_is_empty(
    broker: Broker, client: Any, make_topic: MakeTopic, tmp_path: Path
) -> None:
    topic = make_topic(3)
    fill(broker, topic, [b"1", b"2", b"3"], partitions=[0, 0, 1])
    async with asyncio.timeout(60), Pipeline(options=PipelineOptions(state_dir=str(tmp_path))) as p:
        _ = p | read(broker, client, topic, group_id=topic) | WriteToCallable(lambda element: None)
    consumer = await open_consumer(client, settings_for(client, broker.bootstrap, group_id=topic))
    found = await consumer.committed([TopicPartition(topic, number) for number in range(3)])
    await consumer.close()
    assert {partition.partition: committed.offset for partition, committed in found.items()} == {0: 2, 1: 1, 2: 0}


async def test_timestamps_and_watermarks(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    fill(broker, topic, [b"1", b"2", b"3"], keys=[b"a"] * 3, millis=[1000, 61_000, 2000])
    totals: list[Any] = []
    async with Pipeline() as p:
        _ = (
            p
            | read(broker, client, topic, value_deserializer=int, watermark=BoundedOutOfOrderness(0))
            | WindowInto(FixedWindows(60))
            | CombinePerKey(sum)
            | WriteToCallable(totals.append)
        )
    assert totals == [(b"a", 1), (b"a", 2)]  # the third came too late


async def test_a_function_for_timestamps(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    fill(broker, topic, [b"70", b"10"], keys=[b"a", b"a"], millis=[500, 500])
    windows: list[Any] = []
    async with Pipeline() as p:
        _ = (
            p
            | read(broker, client, topic, value_deserializer=int, timestamp=lambda element: element[1])
            | WindowInto(FixedWindows(60))
            | CombinePerKey(sum)
            | WriteToCallable(windows.append)
        )
    assert sorted(windows) == [(b"a", 10), (b"a", 70)]


async def test_a_function_for_timestamps_that_fails(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    fill(broker, topic, [b"1", b"x"])
    with pytest.raises(SourceError) as caught:
        await collect(read(broker, client, topic, timestamp=lambda element: int(element[1])))
    assert str(caught.value) == (
        f"`timestamp` failed on the record at offset 1 of partition 0 of topic {topic!r}: ValueError: invalid literal "
        "for int() with base 10: b'x'; the element is (None, b'x')"
    )


async def test_what_is_written_while_it_is_read(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic(2)
    async with Watched(read(broker, client, topic, until=None)) as run:
        for number in range(5):
            fill(broker, topic, [b"%d" % number], partitions=[number % 2])
            await run.until_count(number + 1)
        assert sorted(value for _, value in run.found) == [b"0", b"1", b"2", b"3", b"4"]


async def test_two_runs_of_one_pipeline_at_once(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic(2)
    fill(broker, topic, [b"1", b"2"], partitions=[0, 1])
    found: list[Any] = []
    changed = asyncio.Event()

    def take(element: Any) -> None:
        found.append(element[1])
        changed.set()

    async def until(expected: list[bytes]) -> None:
        async with asyncio.timeout(20):
            while sorted(found) != expected:
                changed.clear()
                await changed.wait()

    p = Pipeline()
    _ = p | read(broker, client, topic, until=None) | WriteToCallable(take)
    first, second = await p.run_async(), await p.run_async()
    await until([b"1", b"1", b"2", b"2"])
    await first.cancel()
    fill(broker, topic, [b"3"])
    await until([b"1", b"1", b"2", b"2", b"3"])
    await second.cancel()


async def test_partitions_that_are_added_while_it_is_read(
    kafka: Broker, client: Any, make_topic: MakeTopic, admin: AdminClient
) -> None:
    topic = make_topic()
    async with Watched(read(kafka, client, topic, until=None, start="latest", discovery_interval=0.1)) as run:
        while not run.found:  # until `latest` has been made to a number, and something is behind it
            fill(kafka, topic, [b"old"])
            await asyncio.sleep(0)
        admin.create_partitions([NewPartitions(topic, 2)])[topic].result(30)
        fill(kafka, topic, [b"new"], partitions=[1])
        await run.until(lambda found: (None, b"new") in found)


async def test_topics_are_looked_at_when_the_clock_was_set_back(
    broker: Broker, client: Any, make_topic: MakeTopic
) -> None:
    topic, clock = make_topic(1), SetClock()
    options = {"topic_pattern": f"{topic}.*", "until": None, "discovery_interval": 30}
    source = read(broker, client, **options)._source(lambda letter, error: None)
    source.attach_clock(clock)
    await source.splits()
    finding = asyncio.ensure_future(anext(source.new_splits()))
    await calm()
    make_topic(name=f"{topic}-new")
    clock.shift = -HOUR
    clock.advance(30)
    assert await asyncio.wait_for(finding, 10) == f"{topic}-new/0"
    await source.close()


async def test_lag(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    fill(broker, topic, [b"0", b"1", b"2"])
    source = read(broker, client, topic, until=None)._source(lambda letter, error: None)
    await source.splits()
    reader = source.open(f"{topic}/0", None)
    await reader.poll(1)
    assert (reader.lag(), reader.is_connected()) == (2, True)
    await reader.close()
    await source.close()


async def test_the_handle_tells_the_lag_by_split(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    fill(broker, topic, [b"0"])
    async with Watched("clicks" >> read(broker, client, topic, until=None)) as run:
        await run.until_count(1)
        assert list(run.handle.lags.values()) == [{f"{topic}/0": 0}]


async def test_a_poll_that_is_cancelled_while_it_prepares(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    fill(broker, topic, [b"0", b"1"])
    waits = asyncio.Event()

    class Slow(JsonSerde):
        def deserializer(self) -> Any:
            async def prepare(payloads: Any) -> None:
                if not waits.is_set():
                    waits.set()
                    await asyncio.Event().wait()

            return dataclasses.replace(super().deserializer(), prepare=prepare)

    source = read(broker, client, topic, value_deserializer=Slow())._source(lambda letter, error: None)
    (split,) = await source.splits()
    reader = source.open(split, None)
    polling = asyncio.create_task(reader.poll(10))
    await waits.wait()
    polling.cancel()
    await asyncio.gather(polling, return_exceptions=True)
    assert reader.position()[0] == 0
    found: list[Any] = []
    while (batch := await reader.poll(10)) is not None:
        found += batch.values
    assert found == [(None, 0), (None, 1)]
    await reader.close()
    await source.close()


async def test_a_pipeline_of_its_own_label(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    p = Pipeline()
    _ = p | read(broker, client, topic) | Map(lambda pair: pair)
    assert read(broker, client, topic).default_label() == f"ReadFromKafka({topic})"
