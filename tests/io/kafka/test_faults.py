"""What becomes of a run when a broker stops, stalls or starts again, and when topics vanish; for both clients."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streamcore import Pipeline
from streamcore.io import ReadFromQueue
from streamcore.io.kafka import KafkaConnectionError, KafkaTopicError, ReadFromKafka, WriteToKafka
from streamcore.model.source import Source
from tests.io.kafka.clients import properties_of
from tests.io.kafka.topics import Watched, collect, fill
from tests.servers.broker import PASSWORD, USER, Broker, wait_until
from tests.servers.plugin import MakeTopic

pytestmark = pytest.mark.integration
LOGGER = "streamcore.io.kafka"


async def test_a_broker_that_is_down_at_the_start(kafka: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    fill(kafka, topic, [b"1"])
    kafka.kill()
    with pytest.raises(KafkaConnectionError, match=rf"^no Kafka broker answered at {kafka.bootstrap} within 0\.5 s: "):
        await collect(ReadFromKafka(topic, kafka.bootstrap, client=client, until="latest", connect_timeout=0.5))
    reading = ReadFromKafka(topic, kafka.bootstrap, client=client, until="latest")
    waiting = asyncio.create_task(collect(reading))
    await asyncio.to_thread(kafka.start)
    assert await waiting == [(None, b"1")]


@pytest.mark.parametrize("secured", [False, True])
async def test_a_broker_that_is_killed_while_it_is_read(
    kafka: Broker, client: Any, make_topic: MakeTopic, secured: bool
) -> None:
    topic = make_topic(2)
    numbers = list(range(3000))
    fill(kafka, topic, [b"%d" % n for n in numbers[:1000]], partitions=[n % 2 for n in range(1000)])
    names = {"sasl.mechanism": "PLAIN", "sasl.username": USER, "sasl.password": PASSWORD}
    config = properties_of(client, {"security.protocol": "SASL_PLAINTEXT", **names}) if secured else {}
    address = kafka.sasl if secured else kafka.bootstrap
    reading = ReadFromKafka(topic, address, client=client, value_deserializer=int, consumer_config=config)
    async with Watched(reading) as run:
        await run.until_count(1000)
        kafka.kill()
        await asyncio.to_thread(kafka.start)
        fill(kafka, topic, [b"%d" % n for n in numbers[1000:]], insists=True, partitions=[n % 2 for n in range(2000)])
        found = [value for _, value in await run.until_count(3000)]
    assert sorted(found) == numbers
    assert [n for n in found if n % 2] == numbers[1::2]


async def test_a_broker_that_is_killed_while_it_is_written(kafka: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    queue: asyncio.Queue[Any] = asyncio.Queue()
    p = Pipeline()
    _ = p | ReadFromQueue(queue, end=None) | WriteToKafka(topic, kafka.bootstrap, client=client, value=str.encode)
    handle = await p.run_async()
    for number in range(1000):
        queue.put_nowait(str(number))
    await queue.join()
    kafka.kill()
    for number in range(1000, 2000):
        queue.put_nowait(str(number))
    await asyncio.to_thread(kafka.start)
    queue.put_nowait(None)
    async with asyncio.timeout(60):
        await handle.wait()
    reading = ReadFromKafka(topic, kafka.bootstrap, client=client, until="latest", value_deserializer=int)
    assert [value for _, value in await collect(reading)] == list(range(2000))


async def test_a_broker_that_stands_still(
    kafka: Broker, client: Any, make_topic: MakeTopic, admin: AdminClient
) -> None:
    topic = make_topic()
    fill(kafka, topic, [b"1"])
    async with Watched(ReadFromKafka(topic, kafka.bootstrap, client=client)) as run:
        await run.until_count(1)
        kafka.pause()
        with pytest.raises(KafkaException):  # for longer than a session of the broker lasts
            await asyncio.to_thread(admin.list_topics, timeout=2)
        kafka.resume()
        fill(kafka, topic, [b"2"], insists=True)
        assert [value for _, value in await run.until_count(2)] == [b"1", b"2"]


async def test_an_outage_is_told_once(
    kafka: Broker, client: Any, make_topic: MakeTopic, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    topic = make_topic()
    fill(kafka, topic, [b"1"])

    async def until_told(level: str) -> None:
        while not any((record.name, record.levelname) == (LOGGER, level) for record in caplog.records):
            await asyncio.sleep(0.05)

    async with asyncio.timeout(60), Watched(ReadFromKafka(topic, kafka.bootstrap, client=client)) as run:
        await run.until_count(1)
        kafka.kill()
        await until_told("WARNING")
        await asyncio.to_thread(kafka.start)
        await until_told("INFO")
    lines = [(record.name, record.getMessage()) for record in caplog.records]
    assert len(set(lines)) == len(lines)
    assert [said.partition(" lost: ")[0] for name, said in lines if name == LOGGER] == [
        f"connection to Kafka at {kafka.bootstrap}",
        f"connected to Kafka at {kafka.bootstrap} again",
    ]


@pytest.mark.parametrize("stands_still", [False, True])
async def test_a_partition_is_not_idle_while_its_broker_is_down(
    kafka: Broker, client: Any, make_topic: MakeTopic, stands_still: bool
) -> None:
    topic = make_topic()
    fill(kafka, topic, [b"1"])
    source = ReadFromKafka(topic, kafka.bootstrap, client=client)._source(lambda letter, error: None)
    (split,) = await source.splits()
    reader = source.open(split, None)
    await reader.poll(10)
    waiting = asyncio.create_task(reader.poll(10))
    assert reader.is_connected()
    end = kafka.pause if stands_still else kafka.kill
    end()
    async with asyncio.timeout(20):
        while reader.is_connected():
            await asyncio.sleep(0.05)
    kafka.resume()
    await asyncio.to_thread(kafka.start)
    async with asyncio.timeout(30):
        while not reader.is_connected():
            await asyncio.sleep(0.05)
    waiting.cancel()
    await reader.close()
    await source.close()


async def test_a_topic_that_is_deleted_while_it_is_read(
    kafka: Broker, client: Any, make_topic: MakeTopic, admin: AdminClient
) -> None:
    topic = make_topic()
    fill(kafka, topic, [b"1"])
    async with Watched(ReadFromKafka(topic, kafka.bootstrap, client=client, discovery_interval=0.2)) as run:
        await run.until_count(1)
        admin.delete_topics([topic])[topic].result(30)
        with pytest.raises(KafkaTopicError, match=topic):
            await run.until_count(2)


@pytest.mark.parametrize("options", [{"until": "latest"}, {"topics": None}])
async def test_a_topic_that_is_deleted_while_it_is_read_to_an_end_or_by_a_pattern(
    kafka: Broker, client: Any, make_topic: MakeTopic, admin: AdminClient, options: dict[str, Any]
) -> None:
    topic = make_topic()
    fill(kafka, topic, [b"1", b"2"])
    options = {"topics": topic, "topic_pattern": None if options.get("until") else topic, **options}
    reading = ReadFromKafka(bootstrap_servers=kafka.bootstrap, client=client, discovery_interval=0.2, **options)
    source = reading._source(lambda letter, error: None)
    (split,) = await source.splits()
    reader = source.open(split, None)
    admin.delete_topics([topic])[topic].result(30)
    with pytest.raises(KafkaTopicError) as caught:
        await _look_for_splits(source)
    await reader.close()
    await source.close()
    assert str(caught.value) == (
        f"partition 0 of topic {topic!r} is not there any more: the topic has been deleted, or may not be read now; "
        "start anew, with another state directory"
    )


async def test_a_topic_that_is_made_again_while_it_is_read_to_an_end(
    kafka: Broker, make_topic: MakeTopic, admin: AdminClient
) -> None:
    topic = make_topic()
    fill(kafka, topic, [b"1", b"2"])
    source = ReadFromKafka(topic, kafka.bootstrap, until="latest")._source(lambda letter, error: None)
    (split,) = await source.splits()
    reader = source.open(split, None)
    assert (await reader.poll(10)) is not None
    looking = asyncio.create_task(_look_for_splits(source))
    admin.delete_topics([topic])[topic].result(30)
    await asyncio.to_thread(_make_again, make_topic, topic)
    while await reader.poll(10):
        pass
    with pytest.raises(KafkaTopicError, match="deleted and made again"):
        await looking
    await reader.close()
    await source.close()


async def test_the_search_for_splits_ends_with_a_read_that_does(
    broker: Broker, client: Any, make_topic: MakeTopic
) -> None:
    topic = make_topic()
    fill(broker, topic, [b"1"])
    source = ReadFromKafka(topic, broker.bootstrap, client=client, until="latest")._source(lambda letter, error: None)
    (split,) = await source.splits()
    reader = source.open(split, None)
    looking = asyncio.create_task(_look_for_splits(source))
    while await reader.poll(10):
        assert not looking.done()
    await looking
    await reader.close()
    await source.close()


async def test_a_topic_that_is_made_again_while_it_is_read(
    kafka: Broker, make_topic: MakeTopic, admin: AdminClient
) -> None:
    topic = make_topic()
    fill(kafka, topic, [b"1", b"2"])
    async with Watched(ReadFromKafka(topic, kafka.bootstrap, discovery_interval=0.2)) as run:
        await run.until_count(2)
        admin.delete_topics([topic])[topic].result(30)
        await asyncio.to_thread(_make_again, make_topic, topic)
        fill(kafka, topic, [b"new"])
        with pytest.raises(KafkaTopicError, match=topic):
            await run.until(lambda found: False)


async def test_a_topic_that_is_made_again_before_a_restart(
    kafka: Broker, make_topic: MakeTopic, admin: AdminClient
) -> None:
    topic = make_topic()
    fill(kafka, topic, [b"1", b"2"])
    source = ReadFromKafka(topic, kafka.bootstrap)._source(lambda letter, error: None)
    (split,) = await source.splits()
    reader = source.open(split, None)
    await reader.poll(10)
    position = reader.position()
    await reader.close()
    await source.close()
    admin.delete_topics([topic])[topic].result(30)
    await asyncio.to_thread(_make_again, make_topic, topic)
    fill(kafka, topic, [b"1", b"2", b"3"])
    source = ReadFromKafka(topic, kafka.bootstrap)._source(lambda letter, error: None)
    source.resume({split: position})
    with pytest.raises(KafkaTopicError) as caught:
        await source.splits()
    await source.close()
    assert str(caught.value) == (
        f"topic {topic!r} has been deleted and made again: offsets of the old one mean nothing in the new one; start "
        "anew, with start='earliest' and another state directory"
    )


async def test_closing_while_the_broker_is_down(kafka: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    fill(kafka, topic, [b"1"])
    async with asyncio.timeout(15):
        async with Watched(ReadFromKafka(topic, kafka.bootstrap, client=client)) as run:
            await run.until_count(1)
            kafka.kill()


async def test_closing_while_the_broker_stands_still(kafka: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    fill(kafka, topic, [b"1"])
    reading = ReadFromKafka(topic, kafka.bootstrap, client=client, group_id=topic, discovery_interval=0.01)
    source = reading._source(lambda letter, error: None)
    (split,) = await source.splits()
    reader = source.open(split, None)
    await reader.poll(1)
    await source.checkpointed({split: reader.position()})
    kafka.pause()
    waiting = [source.checkpointed({split: reader.position()}), _look_for_splits(source), reader.poll(1)]
    tasks = [asyncio.create_task(one) for one in waiting]
    await asyncio.wait(tasks, timeout=1)
    for task in tasks:
        task.cancel()
    async with asyncio.timeout(15):
        await asyncio.wait(tasks)
        await reader.close()
        await source.close()


async def _look_for_splits(source: Source[Any]) -> None:
    """Looks until the source looks no more."""
    async with asyncio.timeout(60):
        async for split in source.new_splits():
            raise AssertionError(split)


def _make_again(make_topic: MakeTopic, topic: str) -> None:
    """A topic is gone a moment after its deletion has been answered."""

    def made() -> bool:
        try:
            make_topic(name=topic)
        except KafkaException:
            return False
        return True

    wait_until(made, "making a topic again")
