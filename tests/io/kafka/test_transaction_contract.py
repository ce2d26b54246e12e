"""Transactions of a Kafka client, for both clients against a broker."""

from __future__ import annotations

import asyncio

import pytest

from streamcore.io.kafka.client import CommittedOffset, Producer, TopicPartition
from streamcore.io.kafka.confluent import producer as confluent_producer
from streamcore.io.kafka.errors import KafkaAbortableError, KafkaDeliveryError, KafkaError, KafkaFencedError
from tests.io.kafka.clients import outgoing, read_values
from tests.io.kafka.conftest import OpenConsumer, OpenTransactional
from tests.servers.broker import Broker
from tests.servers.plugin import MakeTopic

pytestmark = pytest.mark.integration


async def test_only_committed_records_are_read(
    consumers: OpenConsumer, transactional: OpenTransactional, make_topic: MakeTopic
) -> None:
    topic = make_topic()
    producer, consumer, partition = await transactional(topic), await consumers(), TopicPartition(topic, 0)
    for value, keep in ((b"a", True), (b"b", False), (b"c", True)):
        await producer.begin()
        await producer.send(outgoing(topic, [value]))
        await producer.flush()  # librdkafka may refuse to abort what it is about to add to the transaction
        await (producer.commit() if keep else producer.abort())
    consumer.assign(partition, 0)
    assert await read_values(consumer, partition, 2) == [b"a", b"c"]


async def test_the_end_is_where_the_open_transaction_begins(
    kafka: Broker, consumers: OpenConsumer, transactional: OpenTransactional, make_topic: MakeTopic
) -> None:
    topic = make_topic()
    producer, consumer, partition = await transactional(topic), await consumers(), TopicPartition(topic, 0)
    await producer.begin()
    await producer.send(outgoing(topic, [b"a", b"b"]))
    await producer.commit()
    await producer.begin()
    await producer.send(outgoing(topic, [b"c"]))
    await producer.flush()
    assert await consumer.end_offsets([partition]) == {partition: 3}
    consumer.assign(partition, 0)
    reached = 0
    while reached < 3:  # a marker of a transaction has an offset and is no record
        reached = (await consumer.fetch(partition, 10)).next_offset
    assert reached == 3
    await producer.abort()


async def test_offsets_and_their_metadata_are_committed_with_the_records(
    consumers: OpenConsumer, transactional: OpenTransactional, make_topic: MakeTopic
) -> None:
    topic, group = make_topic(), f"group-of-{make_topic()}"
    producer, consumer, partition = await transactional(topic), await consumers(group), TopicPartition(topic, 0)
    await producer.begin()
    await producer.send(outgoing(topic, [b"a"]))
    await producer.send_offsets(group, {partition: CommittedOffset(0, "checkpoint 1")})
    await producer.commit()
    assert await consumer.committed([partition]) == {partition: CommittedOffset(0, "checkpoint 1")}
    await producer.begin()
    await producer.send_offsets(group, {partition: CommittedOffset(0, "checkpoint 2")})
    await producer.abort()
    assert await consumer.committed([partition]) == {partition: CommittedOffset(0, "checkpoint 1")}


async def test_a_transaction_of_offsets_alone(
    consumers: OpenConsumer, transactional: OpenTransactional, make_topic: MakeTopic
) -> None:
    topic, group = make_topic(), f"group-of-{make_topic()}"
    producer, consumer, partition = await transactional(topic), await consumers(group), TopicPartition(topic, 0)
    for number in range(3):
        await producer.begin()
        await producer.send_offsets(group, {partition: CommittedOffset(0, f"checkpoint {number}")})
        await producer.commit()
        assert await consumer.committed([partition]) == {partition: CommittedOffset(0, f"checkpoint {number}")}


async def test_who_takes_over_fences_and_aborts(
    kafka: Broker, consumers: OpenConsumer, transactional: OpenTransactional, make_topic: MakeTopic
) -> None:
    topic, group = make_topic(), f"group-of-{make_topic()}"
    zombie, partition = await transactional(topic), TopicPartition(topic, 0)
    await zombie.begin()
    await zombie.send(outgoing(topic, [b"lost"]))
    await zombie.send_offsets(group, {partition: CommittedOffset(0, "lost")})
    await zombie.flush()
    heir, consumer = await transactional(topic), await consumers(group)
    assert await consumer.committed([partition]) == {}  # the open transaction was aborted by taking over
    with pytest.raises(KafkaFencedError) as caught:
        await zombie.commit()
    assert "; another producer has taken over the transactional id" in str(caught.value)
    await heir.begin()
    await heir.send(outgoing(topic, [b"kept"]))
    await heir.commit()
    consumer.assign(partition, 0)
    assert await read_values(consumer, partition, 1) == [b"kept"]


async def test_a_crash_after_the_commit_leaves_the_marker(
    kafka: Broker, consumers: OpenConsumer, transactional: OpenTransactional, make_topic: MakeTopic
) -> None:
    topic, group = make_topic(), f"group-of-{make_topic()}"
    first, partition = await transactional(topic), TopicPartition(topic, 0)
    await first.begin()
    await first.send(outgoing(topic, [b"a"]))
    await first.send_offsets(group, {partition: CommittedOffset(0, "checkpoint 1")})
    await first.commit()
    # A broker without a replica that is killed before it has written the markers of a commit may lose them (4.3.1).
    await (await consumers(group)).committed([partition])
    kafka.kill()
    kafka.start()
    await first.close()
    await transactional(topic)
    consumer = await consumers(group)
    assert await consumer.committed([partition]) == {partition: CommittedOffset(0, "checkpoint 1")}


async def test_a_producer_that_was_fenced_writes_nothing_to_stderr(
    kafka: Broker,
    transactional: OpenTransactional,
    make_topic: MakeTopic,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    topic = make_topic()
    zombie = await transactional(topic)
    await zombie.begin()
    await zombie.send(outgoing(topic, [b"a"]))
    await zombie.flush()
    await transactional(topic)
    with pytest.raises(KafkaFencedError):
        await zombie.commit()
    await zombie.close()
    assert capfd.readouterr().err == ""
    assert {record.levelname for record in caplog.records} <= {"WARNING"}


async def test_records_of_a_producer_that_was_fenced(
    kafka: Broker, transactional: OpenTransactional, make_topic: MakeTopic
) -> None:
    topic = make_topic()
    zombie = await transactional(topic)
    await zombie.begin()
    await zombie.send(outgoing(topic, [b"a"]))
    await zombie.flush()
    await transactional(topic)
    await zombie.send(outgoing(topic, [b"b"]))
    with pytest.raises((KafkaFencedError, KafkaAbortableError)):
        await zombie.flush()


async def test_a_record_that_is_refused_is_not_the_fault_of_the_transaction(
    kafka: Broker, transactional: OpenTransactional, make_topic: MakeTopic
) -> None:
    topic = make_topic(config={"max.message.bytes": "1000"})
    producer = await transactional(topic)
    await producer.begin()
    await producer.send(outgoing(topic, [b"x" * 10_000]))
    with pytest.raises(KafkaDeliveryError, match=r"\(10003 characters\) could not be written to topic"):
        await producer.flush()


async def test_a_record_that_is_refused_is_told_of_by_whoever_sends_more(
    kafka: Broker, transactional: OpenTransactional, make_topic: MakeTopic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confluent_producer, "SERVE", 3600)  # else it might be told of while reports are served
    topic = make_topic(config={"max.message.bytes": "1000"})
    producer = await transactional(topic)
    await producer.begin()
    await producer.send(outgoing(topic, [b"x" * 10_000]))
    with pytest.raises(KafkaDeliveryError, match=r"\(10003 characters\) could not be written to topic"):
        await send_on(producer, topic)


async def send_on(producer: Producer, topic: str) -> None:
    """Sends until that fails."""
    async with asyncio.timeout(30):
        while True:
            await producer.send(outgoing(topic, [b"a"]))
            await asyncio.sleep(0)


async def test_records_outside_of_a_transaction(transactional: OpenTransactional, make_topic: MakeTopic) -> None:
    topic = make_topic()
    producer = await transactional(topic)
    with pytest.raises(KafkaError):
        await producer.send(outgoing(topic, [b"a"]))
