"""The contract of a Kafka client, for both clients against a broker."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from streamcore.io.kafka.client import CommittedOffset, Producer, TopicPartition
from streamcore.io.kafka.errors import KafkaDeliveryError, KafkaError, KafkaOffsetError, KafkaTopicError
from streamcore.timestamp import MIN_MICROS
from tests.io.kafka.clients import CLIENTS, open_producer, outgoing, read_values, settings_for
from tests.io.kafka.conftest import JoinGroup, OpenConsumer
from tests.servers.broker import Broker
from tests.servers.plugin import MakeTopic

pytestmark = pytest.mark.integration


async def write(producer: Producer, topic: str, values: list[Any], **columns: Any) -> None:
    await producer.send(outgoing(topic, values, **columns))
    await producer.flush()


async def test_all_columns_of_a_record(consumers: OpenConsumer, producer: Producer, make_topic: MakeTopic) -> None:
    topic = make_topic()
    await write(
        producer,
        topic,
        [b"one", None, b""],
        keys=[b"a", b"b", None],
        timestamps=[1_000_000, 2_500_000, 3_000_000],
        headers=[[("trace", b"1"), ("trace", None)], (), ()],
    )
    consumer, partition = await consumers(), TopicPartition(topic, 0)
    consumer.assign(partition, 0)
    records = await consumer.fetch(partition, 10)
    if len(records) < 3:
        pytest.fail(f"a broker that has three records answered with {len(records)}")
    assert records.values == [b"one", None, b""]
    assert records.keys == [b"a", b"b", None]
    assert records.timestamps == [1_000_000, 2_500_000, 3_000_000]
    assert list(records.timestamp_types) == [1, 1, 1]
    assert list(records.offsets) == [0, 1, 2]
    assert [list(headers or ()) for headers in records.headers] == [[("trace", b"1"), ("trace", None)], [], []]
    assert records.next_offset == 3


async def test_timestamps_before_1970_and_none(
    kafka: Broker, consumers: OpenConsumer, producer: Producer, make_topic: MakeTopic
) -> None:
    topic, now = make_topic(), time.time() * 1_000_000
    stamps = [-5_000_000, -2_000, 1_000, MIN_MICROS]
    await write(producer, topic, [b"%d" % micros for micros in stamps], timestamps=stamps)
    consumer, partition = await consumers(), TopicPartition(topic, 0)
    consumer.assign(partition, 0)
    records = await consumer.fetch(partition, 10)
    assert records.timestamps[:3] == stamps[:3]
    assert list(records.timestamp_types) == [1, 1, 1, 1]
    assert now - 1_000 <= records.timestamps[3] <= time.time() * 1_000_000


async def test_the_first_moment_of_1970(
    client: Any, consumers: OpenConsumer, producer: Producer, make_topic: MakeTopic
) -> None:
    topic = make_topic()
    writing = write(producer, topic, [b"a", b"b"], keys=[b"k", None], timestamps=[1_000, 999])
    if client == "confluent":
        with pytest.raises(KafkaDeliveryError) as caught:
            await writing
        assert str(caught.value) == (
            f"the record with key None and value b'b' could not be written to topic {topic!r}: its timestamp is 0, the "
            "beginning of 1970, which librdkafka takes for the time of writing; give it another one, or use "
            "client='aiokafka'"
        )
        return
    await writing
    consumer, partition = await consumers(), TopicPartition(topic, 0)
    consumer.assign(partition, 0)
    assert (await consumer.fetch(partition, 10)).timestamps == [1_000, 0]


@pytest.mark.parametrize("writer", CLIENTS)
@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_compressed_records(
    broker: Broker, consumers: OpenConsumer, make_topic: MakeTopic, codec: str, writer: str
) -> None:
    topic = make_topic()
    producer = await open_producer(writer, settings_for(writer, broker.bootstrap, {"compression.type": codec}))
    values = [b"%d" % number + b"x" * 100 for number in range(100)]
    await write(producer, topic, values)
    await producer.close()
    consumer, partition = await consumers(), TopicPartition(topic, 0)
    consumer.assign(partition, 0)
    assert await read_values(consumer, partition, 100) == values


async def test_a_part_of_the_records(consumers: OpenConsumer, producer: Producer, make_topic: MakeTopic) -> None:
    topic = make_topic()
    await write(producer, topic, [b"%d" % n for n in range(10)])
    consumer, partition = await consumers(), TopicPartition(topic, 0)
    consumer.assign(partition, 2)
    found: list[Any] = []
    while len(found) < 8:
        records = await consumer.fetch(partition, 3)
        assert len(records) <= 3
        found += records.values
        assert records.next_offset == 2 + len(found)
    assert found == [b"%d" % n for n in range(2, 10)]


async def test_what_is_there_is_given_without_waiting_if_it_can_be_told(
    consumers: OpenConsumer, producer: Producer, make_topic: MakeTopic
) -> None:
    topic = make_topic(2)
    await write(producer, topic, [b"a", b"b", b"c"], partitions=[0, 0, 0])
    consumer, partition, empty = await consumers(), TopicPartition(topic, 0), TopicPartition(topic, 1)
    consumer.assign(partition, 0)
    consumer.assign(empty, 0)
    assert (await consumer.fetch(partition, 1)).values == [b"a"]
    found: list[Any] = []
    while (records := consumer.fetch_nowait(partition, 1)) is not None:
        found += records.values
    assert consumer.fetch_nowait(empty, 1) is None
    assert found + await read_values(consumer, partition, 2 - len(found)) == [b"b", b"c"]


async def test_slices_keep_the_offset_behind_them(
    consumers: OpenConsumer, producer: Producer, make_topic: MakeTopic
) -> None:
    topic = make_topic()
    await write(producer, topic, [b"a", b"b", b"c"])
    consumer, partition = await consumers(), TopicPartition(topic, 0)
    consumer.assign(partition, 0)
    records = await consumer.fetch(partition, 10)
    assert (records.slice(0, 2).values, records.slice(0, 2).next_offset) == ([b"a", b"b"], 2)
    assert (records.slice(2, 3).values, records.slice(2, 3).next_offset) == ([b"c"], 3)


async def test_partitions_that_are_added_later(
    consumers: OpenConsumer, producer: Producer, make_topic: MakeTopic
) -> None:
    topic = make_topic(2)
    await write(producer, topic, [b"a", b"b", b"c", b"d"], partitions=[0, 1, 0, 1])
    consumer, first, second = await consumers(), TopicPartition(topic, 0), TopicPartition(topic, 1)
    consumer.assign(first, 0)
    assert await read_values(consumer, first, 2) == [b"a", b"c"]
    consumer.assign(second, 1)
    assert await read_values(consumer, second, 1) == [b"d"]
    await write(producer, topic, [b"e", b"f"], partitions=[0, 1])
    assert await read_values(consumer, first, 1) == [b"e"]
    assert await read_values(consumer, second, 1) == [b"f"]
    consumer.unassign(second)
    await write(producer, topic, [b"g"], partitions=[0])
    assert await read_values(consumer, first, 1) == [b"g"]


async def test_a_fetch_that_is_cancelled_loses_nothing(
    consumers: OpenConsumer, producer: Producer, make_topic: MakeTopic
) -> None:
    topic = make_topic()
    consumer, partition = await consumers(), TopicPartition(topic, 0)
    consumer.assign(partition, 0)
    found: list[Any] = []
    for number in range(20):
        waiting = asyncio.create_task(consumer.fetch(partition, 10))
        await asyncio.sleep(0)
        await write(producer, topic, [b"%d" % number])
        waiting.cancel()
        result = (await asyncio.gather(waiting, return_exceptions=True))[0]
        if not isinstance(result, BaseException):
            found += result.values
    found += await read_values(consumer, partition, 20 - len(found))
    assert found == [b"%d" % number for number in range(20)]


async def test_a_partition_that_nobody_fetches_holds_up_no_other(
    consumers: OpenConsumer, producer: Producer, make_topic: MakeTopic
) -> None:
    topic = make_topic(2)
    values = [b"x" * 100] * 40_000
    await write(producer, topic, values, partitions=[0] * 40_000)
    consumer, ahead, behind = await consumers(), TopicPartition(topic, 0), TopicPartition(topic, 1)
    consumer.assign(ahead, 0)
    consumer.assign(behind, 0)
    await consumer.fetch(ahead, 1)
    reading = asyncio.create_task(read_values(consumer, behind, 3))
    await write(producer, topic, [b"a", b"b", b"c"], partitions=[1, 1, 1])
    assert await reading == [b"a", b"b", b"c"]
    assert len(await read_values(consumer, ahead, 39_999, 2048)) == 39_999


async def test_a_partition_that_was_held_back_is_read_again(
    consumers: OpenConsumer, producer: Producer, make_topic: MakeTopic
) -> None:
    topic = make_topic(2)
    count = 15_000  # more than may wait
    await write(producer, topic, [b"x"] * count, partitions=[0] * count)
    consumer, first, second = await consumers(), TopicPartition(topic, 0), TopicPartition(topic, 1)
    consumer.assign(first, 0)
    consumer.assign(second, 0)
    waiting = asyncio.create_task(consumer.fetch(second, 1))
    await read_values(consumer, first, 1, limit=1)  # nothing more of it is fetched, and the other one waits
    await write(producer, topic, [b"second"], partitions=[1])
    assert (await asyncio.wait_for(waiting, 60)).values == [b"second"]
    consumer.unassign(first)
    consumer.assign(first, 0)
    assert len(await read_values(consumer, first, count)) == count


async def test_a_partition_that_is_read_again_from_an_earlier_offset(
    consumers: OpenConsumer, producer: Producer, make_topic: MakeTopic
) -> None:
    topic = make_topic()
    values = [b"%d" % n for n in range(5000)]
    await write(producer, topic, values)
    consumer, partition = await consumers(), TopicPartition(topic, 0)
    for start in (0, 3000, 100, 0):
        consumer.assign(partition, start)
        assert (await read_values(consumer, partition, 10, 10))[:10] == values[start : start + 10]
        consumer.unassign(partition)


async def test_topics_and_their_partitions(consumers: OpenConsumer, make_topic: MakeTopic) -> None:
    one, three = make_topic(1), make_topic(3)
    topics = await (await consumers()).topics()
    assert (topics[one], topics[three]) == (1, 3)
    assert not [name for name in topics if name.startswith("__")]


async def test_offsets(consumers: OpenConsumer, producer: Producer, make_topic: MakeTopic) -> None:
    topic = make_topic(2)
    stamps = [1_000_000, 2_000_000, 3_000_000]
    await write(producer, topic, [b"a", b"b", b"c"], partitions=[0, 0, 0], timestamps=stamps)
    consumer, full, empty = await consumers(), TopicPartition(topic, 0), TopicPartition(topic, 1)
    assert await consumer.beginning_offsets([full, empty]) == {full: 0, empty: 0}
    assert await consumer.end_offsets([full, empty]) == {full: 3, empty: 0}
    assert await consumer.offsets_for_time([full, empty], 2_000_000) == {full: 1, empty: None}
    assert await consumer.offsets_for_time([full], 2_000_001) == {full: 2}
    assert await consumer.offsets_for_time([full], 3_000_001) == {full: None}
    assert await consumer.offsets_for_time([full], MIN_MICROS) == {full: 0}
    assert await consumer.end_offsets([]) == {}


async def test_offsets_of_a_group(consumers: OpenConsumer, make_topic: MakeTopic) -> None:
    topic = make_topic(2)
    consumer, first, second = await consumers(topic), TopicPartition(topic, 0), TopicPartition(topic, 1)
    assert await consumer.committed([first, second]) == {}
    consumer.assign(first, 0)
    await consumer.commit({first: CommittedOffset(5, "why")})
    assert await consumer.committed([first, second]) == {first: CommittedOffset(5, "why")}
    assert await (await consumers(topic)).committed([first]) == {first: CommittedOffset(5, "why")}


async def test_offsets_of_partitions_that_are_not_read(consumers: OpenConsumer, make_topic: MakeTopic) -> None:
    one, other = make_topic(2), make_topic()
    consumer = await consumers(one)
    offsets = {
        TopicPartition(one, 0): CommittedOffset(5, "why"),
        TopicPartition(one, 1): CommittedOffset(0),
        TopicPartition(other, 0): CommittedOffset(7),
    }
    consumer.assign(TopicPartition(one, 0), 0)
    await consumer.commit(offsets)
    assert await consumer.committed(offsets) == offsets


async def test_offsets_of_a_group_with_members(
    kafka: Broker, consumers: OpenConsumer, make_topic: MakeTopic, join_group: JoinGroup
) -> None:
    topic = make_topic()
    await asyncio.to_thread(join_group, topic, topic)
    consumer = await consumers(topic)
    with pytest.raises(KafkaError) as caught:
        await consumer.commit({TopicPartition(topic, 0): CommittedOffset(5)})
    said = str(caught.value)
    assert said.startswith(f"cannot commit offsets of group {topic!r} at {kafka.bootstrap}: ")
    assert said.endswith("; other consumers are members of this group; give the pipeline a `group_id` of its own")


async def test_an_offset_behind_the_end(kafka: Broker, consumers: OpenConsumer, make_topic: MakeTopic) -> None:
    topic = make_topic()
    consumer, partition = await consumers(), TopicPartition(topic, 0)
    consumer.assign(partition, 7)
    with pytest.raises(KafkaOffsetError) as caught:
        await consumer.fetch(partition, 10)
    assert str(caught.value) == (
        f"partition 0 of topic {topic!r} has no offset 7: it has been deleted by retention, or the topic is another "
        "one now; choose where to go on with start='earliest', 'latest' or a timestamp"
    )


async def test_lag(consumers: OpenConsumer, producer: Producer, make_topic: MakeTopic) -> None:
    topic = make_topic()
    await write(producer, topic, [b"a", b"b", b"c"])
    consumer, partition = await consumers(), TopicPartition(topic, 0)
    consumer.assign(partition, 0)
    await consumer.fetch(partition, 1)
    assert consumer.lag(partition, 1) == 2
    assert consumer.is_connected(partition)


async def test_the_lag_grows_while_nothing_is_fetched(
    consumers: OpenConsumer, producer: Producer, make_topic: MakeTopic
) -> None:
    topic = make_topic()
    await write(producer, topic, [b"a", b"b"])
    consumer, partition = await consumers(), TopicPartition(topic, 0)
    consumer.assign(partition, 0)
    await consumer.fetch(partition, 1)
    await write(producer, topic, [b"c"] * 100)
    async with asyncio.timeout(30):
        while consumer.lag(partition, 1) != 101:
            await asyncio.sleep(0.05)


async def test_partitions_of_a_topic_to_write_to(producer: Producer, make_topic: MakeTopic, kafka: Broker) -> None:
    assert await producer.partitions(make_topic(3)) == 3
    with pytest.raises(KafkaTopicError, match="cannot write to topic 'no-such-topic' at "):
        await producer.partitions("no-such-topic")


async def test_topics_per_record(consumers: OpenConsumer, producer: Producer, make_topic: MakeTopic) -> None:
    one, other = make_topic(), make_topic()
    await producer.send(outgoing([one, other, one], [b"a", b"b", b"c"]))
    await producer.flush()
    consumer = await consumers()
    for topic in (one, other):
        consumer.assign(TopicPartition(topic, 0), 0)
    assert await read_values(consumer, TopicPartition(one, 0), 2) == [b"a", b"c"]
    assert await read_values(consumer, TopicPartition(other, 0), 1) == [b"b"]


async def test_more_records_than_the_queue_takes(
    client: Any, broker: Broker, consumers: OpenConsumer, make_topic: MakeTopic
) -> None:
    topic = make_topic()
    config = {"queue.buffering.max.messages": 100} if client == "confluent" else {}
    producer = await open_producer(client, settings_for(client, broker.bootstrap, config))
    values = [b"%d" % n for n in range(2000)]
    await write(producer, topic, values)
    await producer.close()
    consumer, partition = await consumers(), TopicPartition(topic, 0)
    consumer.assign(partition, 0)
    assert await read_values(consumer, partition, 2000) == values


async def test_a_record_that_is_too_large(producer: Producer, make_topic: MakeTopic) -> None:
    topic = make_topic()
    with pytest.raises(KafkaDeliveryError) as caught:
        await write(producer, topic, [b"x" * 2_000_000], keys=[b"big"])
    said = str(caught.value)
    shown = f"b'{'x' * 198}... (2000003 characters)"
    assert said.startswith(f"the record with key b'big' and value {shown} could not be written to topic {topic!r}: ")
    assert len(said) < 600
    assert not said.endswith("of the same batch")


@pytest.mark.parametrize("refused", ["size", "key", "time"])
async def test_a_record_because_of_which_a_broker_refuses_a_whole_batch(
    kafka: Broker, client: Any, make_topic: MakeTopic, refused: str
) -> None:
    settings = {"size": {"max.message.bytes": "1000"}, "key": {"cleanup.policy": "compact"}}
    topic = make_topic(config=settings.get(refused, {"message.timestamp.before.max.ms": "1000000"}))
    columns: dict[str, Any] = {
        "keys": [b"k", None if refused == "key" else b"k"],
        "timestamps": [time.time_ns() // 1000, 1_000_000] if refused == "time" else None,
    }
    producer = await open_producer(client, settings_for(client, kafka.bootstrap, {"linger.ms": 100}))
    with pytest.raises(KafkaDeliveryError) as caught:
        await write(producer, topic, [b"good", b"x" * 2000 if refused == "size" else b"bad"], **columns)
    await producer.close()
    said = str(caught.value)
    assert said.startswith(f"the record with key b'k' and value b'good' could not be written to topic {topic!r}: ")
    assert said.endswith("; it was this record, or another one of the same batch")


async def test_a_value_that_is_not_bytes(producer: Producer, make_topic: MakeTopic) -> None:
    topic = make_topic()
    with pytest.raises(KafkaDeliveryError, match=r"^the record with key None and value 3\.5 could not be written to "):
        await write(producer, topic, [3.5])


async def test_closing_twice(consumers: OpenConsumer, producer: Producer) -> None:
    consumer = await consumers()
    await consumer.close()
    await consumer.close()
    await producer.close()
    await producer.close()
