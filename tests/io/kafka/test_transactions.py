"""Transactions with the marker of a checkpoint, in the words of the commit protocol, against a broker."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable

import pytest
from confluent_kafka.admin import AdminClient

from streamcore.errors import SinkError, TransactionError, TransactionFencedError
from streamcore.io.kafka import WriteToKafka
from streamcore.io.kafka.client import CommittedOffset, TopicPartition
from streamcore.io.kafka.clients import choose_client
from streamcore.io.kafka.confluent import producer as confluent_producer
from streamcore.io.kafka.errors import KafkaConnectionError, KafkaTopicError
from streamcore.io.kafka.settings import ClientSettings
from streamcore.io.kafka.transactions import KafkaTransactions
from streamcore.model.transactions import Marker
from tests.io.kafka.clients import outgoing, read_values
from tests.servers.broker import Broker, wait_until
from tests.servers.plugin import MakeTopic

pytestmark = pytest.mark.integration

Open = Callable[..., KafkaTransactions]
CONFLUENT = choose_client("confluent")


@pytest.fixture
def state_id() -> str:
    return uuid.uuid4().hex


@pytest.fixture
async def transactions(broker: Broker, state_id: str) -> AsyncIterator[Open]:
    opened: list[KafkaTransactions] = []

    def open_transactions(topic: str, **properties: object) -> KafkaTransactions:
        settings = ClientSettings(broker.bootstrap, properties)
        opened.append(KafkaTransactions(CONFLUENT, settings, state_id, topic))
        return opened[-1]

    yield open_transactions
    for one in opened:
        await one.close()


async def commit(transactions: KafkaTransactions, topic: str, value: bytes, marker: Marker) -> None:
    await transactions.begin()
    await transactions.send(outgoing(topic, [value]))
    await transactions.add_marker(marker)
    await transactions.commit()


async def test_the_marker_is_committed_with_the_records(
    transactions: Open, make_topic: MakeTopic, state_id: str
) -> None:
    topic, marker = make_topic(), Marker(state_id, 1, 1)
    ours = transactions(topic)
    await ours.initialise()
    assert await ours.read_marker() is None
    await commit(ours, topic, b"a", marker)
    assert await ours.read_marker() == marker
    await ours.begin()
    await ours.add_marker(Marker(state_id, 2, 1))
    await ours.abort()
    assert await ours.read_marker() == marker


async def test_the_latest_marker_counts_whichever_topic_it_is_on(
    transactions: Open, make_topic: MakeTopic, state_id: str
) -> None:
    first, second = make_topic(), make_topic()
    for number, topic in enumerate([first, second, first]):
        ours = transactions(topic)
        await ours.initialise()
        if number:
            assert await ours.read_marker() == Marker(state_id, number - 1, number - 1)
        await commit(ours, topic, b"a", Marker(state_id, number, number))
    assert await ours.read_marker() == Marker(state_id, 2, 2)


async def test_who_was_shut_out_commits_nothing(
    broker: Broker, kafka: Broker, transactions: Open, make_topic: MakeTopic, state_id: str
) -> None:
    topic = make_topic()
    zombie, heir = transactions(topic), transactions(topic)
    await zombie.initialise()
    await zombie.begin()
    await zombie.send(outgoing(topic, [b"lost"]))
    await zombie.add_marker(Marker(state_id, 1, 1))
    await heir.initialise()
    assert await heir.read_marker() is None
    with pytest.raises(TransactionFencedError):
        await zombie.commit()
    await commit(heir, topic, b"kept", Marker(state_id, 1, 2))
    consumer = CONFLUENT.consumer(ClientSettings(broker.bootstrap))
    await consumer.connect()
    consumer.assign(TopicPartition(topic, 0), 0)
    assert await read_values(consumer, TopicPartition(topic, 0), 1) == [b"kept"]
    await consumer.close()


async def test_a_topic_that_is_deleted_while_it_is_written_to(
    kafka: Broker,
    admin: AdminClient,
    transactions: Open,
    make_topic: MakeTopic,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(confluent_producer, "CREATION", 0)
    topic, other = make_topic(), make_topic()

    def delete() -> None:
        admin.delete_topics([other])[other].result(30)
        wait_until(lambda: other not in admin.list_topics(timeout=10).topics, "deleting a topic")

    ours = transactions(topic)
    WriteToKafka(other, kafka.bootstrap, delivery="exactly_once")._sink().join(ours)
    await ours.initialise()
    await asyncio.to_thread(delete)
    await ours.initialise()  # a broker that has just started does not know all topics yet
    make_topic(name=other)
    await ours.initialise()
    await asyncio.to_thread(delete)
    await ours.initialise()
    with pytest.raises(KafkaTopicError, match=rf"^cannot write to topic '{other}' at {kafka.bootstrap}: "):
        await ours.initialise()


async def test_after_a_transaction_that_expired_another_producer_goes_on(
    kafka: Broker, transactions: Open, make_topic: MakeTopic, state_id: str
) -> None:
    topic = make_topic()
    ours = transactions(topic, **{"transaction.timeout.ms": 1000})
    await ours.initialise()
    await ours.begin()
    await ours.send(outgoing(topic, [b"lost"]))
    await ours.add_marker(Marker(state_id, 1, 1))
    kafka.kill()  # and comes back after the transaction's time is over; the broker looks every ten seconds
    kafka.start()
    other = transactions(topic)
    await other.initialise()  # as the broker does, only sooner: the producer's epoch is no longer the last
    with pytest.raises(TransactionError):
        await ours.commit()
    await ours.initialise()
    await commit(ours, topic, b"kept", Marker(state_id, 1, 2))
    assert await ours.read_marker() == Marker(state_id, 1, 2)


async def test_what_is_no_marker_is_refused(
    broker: Broker, transactions: Open, make_topic: MakeTopic, state_id: str
) -> None:
    topic = make_topic()
    ours = transactions(topic)
    await ours.initialise()
    settings = ClientSettings(broker.bootstrap, group_id=f"streamcore-{state_id}")
    consumer = CONFLUENT.consumer(settings)
    await consumer.connect()
    consumer.assign(TopicPartition(topic, 0), 0)
    await consumer.commit({TopicPartition(topic, 0): CommittedOffset(7, "mine")})
    await consumer.close()
    with pytest.raises(SinkError) as caught:
        await ours.read_marker()
    assert str(caught.value) == (
        f"group 'streamcore-{state_id}' of the cluster at {broker.bootstrap} holds 'mine' in place of a marker: "
        "something else commits offsets under the name of this group; end that, or begin with an empty state directory"
    )


async def test_an_address_nobody_answers_at_is_named() -> None:
    settings = ClientSettings("127.0.0.1:1", timeout=0.5)
    ours = KafkaTransactions(CONFLUENT, settings, "id", "topic")
    with pytest.raises(KafkaConnectionError, match=r"no Kafka broker answered at 127\.0\.0\.1:1 within 0\.5 s"):
        await ours.initialise()
    await ours.close()
