"""Clients that are closed when a test has ended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, TypeAlias

import pytest
from confluent_kafka import Consumer as Client

from streamcore.io.kafka.client import Consumer, Producer, TransactionalProducer
from streamcore.io.kafka.clients import choose_client
from tests.io.kafka.clients import CLIENTS, open_consumer, open_producer, settings_for
from tests.servers.broker import Broker, wait_until

OpenConsumer: TypeAlias = Callable[..., Awaitable[Consumer]]
JoinGroup: TypeAlias = Callable[[str, str], None]
OpenTransactional: TypeAlias = Callable[[str], Awaitable[TransactionalProducer]]


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> Any:
    """Each client in turn."""
    return request.param


@pytest.fixture
async def consumers(client: Any, broker: Broker) -> AsyncIterator[OpenConsumer]:
    """Opens consumers."""
    opened: list[Consumer] = []

    async def make(group_id: str | None = None) -> Consumer:
        opened.append(await open_consumer(client, settings_for(client, broker.bootstrap, group_id=group_id)))
        return opened[-1]

    yield make
    for consumer in opened:
        await consumer.close()


@pytest.fixture
async def producer(client: Any, broker: Broker) -> AsyncIterator[Producer]:
    """A producer without transactions."""
    opened = await open_producer(client, settings_for(client, broker.bootstrap))
    yield opened
    await opened.close()


@pytest.fixture
async def transactional(client: Any, broker: Broker) -> AsyncIterator[OpenTransactional]:
    """Opens producers that have taken over a transactional id."""
    opened: list[TransactionalProducer] = []

    async def make(transactional_id: str) -> TransactionalProducer:
        settings = settings_for(client, broker.bootstrap)
        opened.append(choose_client(client).transactional_producer(settings, transactional_id))
        await opened[-1].connect()
        await opened[-1].init_transactions()
        return opened[-1]

    yield make
    for producer in opened:
        await producer.close()


@pytest.fixture
def join_group(broker: Broker) -> Iterator[JoinGroup]:
    """Makes a member of a group, which is given the partitions of a topic."""
    clients: list[Client] = []

    def join(group: str, topic: str) -> None:
        clients.append(Client({"bootstrap.servers": broker.bootstrap, "group.id": group, "log_level": 0}))
        clients[-1].subscribe([topic])
        wait_until(lambda: clients[-1].poll(0.1) is None and clients[-1].assignment(), f"{group} to have a member")

    yield join
    for client in clients:
        client.close()
