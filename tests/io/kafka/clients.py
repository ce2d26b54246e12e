"""What tests of Kafka clients share: both clients, and what is read from a partition."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from streamcore.io.kafka.client import Consumer, Outgoing, Producer, TopicPartition
from streamcore.io.kafka.clients import choose_client
from streamcore.io.kafka.settings import ClientSettings

CLIENTS = ("confluent", "aiokafka")
# The same properties under each client's names.
NAMES = {
    "isolation.level": "isolation_level",
    "security.protocol": "security_protocol",
    "sasl.mechanism": "sasl_mechanism",
    "sasl.username": "sasl_plain_username",
    "sasl.password": "sasl_plain_password",
    "transaction.timeout.ms": "transaction_timeout_ms",
    "message.max.bytes": "max_request_size",
    "linger.ms": "linger_ms",
    "compression.type": "compression_type",
}


def properties_of(client: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Properties of librdkafka under the names of a client."""
    return dict(properties) if client == "confluent" else {NAMES[name]: value for name, value in properties.items()}


def settings_for(
    client: str, bootstrap: str, properties: Mapping[str, Any] | None = None, *, timeout: float = 20, **more: Any
) -> ClientSettings:
    """Settings with properties under librdkafka's names."""
    return ClientSettings(bootstrap, properties_of(client, properties or {}), timeout=timeout, **more)


async def open_consumer(client: Any, settings: ClientSettings) -> Consumer:
    """A consumer that has found a broker."""
    consumer = choose_client(client).consumer(settings)
    try:
        await consumer.connect()
    except BaseException:
        await consumer.close()
        raise
    return consumer


async def open_producer(client: Any, settings: ClientSettings) -> Producer:
    """A producer that has found a broker."""
    producer = choose_client(client).producer(settings)
    try:
        await producer.connect()
    except BaseException:
        await producer.close()
        raise
    return producer


def outgoing(topic: str | list[str], values: list[Any], **columns: Any) -> Outgoing:
    """Records without keys, unless they are given."""
    keys = columns.pop("keys", [None] * len(values))
    return Outgoing(topic, keys, values, **columns)


async def read_values(
    consumer: Consumer, partition: TopicPartition, count: int, limit: int = 1000, seconds: float = 60
) -> list[Any]:
    """The next values of an assigned partition."""
    found: list[Any] = []
    async with asyncio.timeout(seconds):
        while len(found) < count:
            found += (await consumer.fetch(partition, limit)).values
    return found
