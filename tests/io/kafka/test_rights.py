"""What a user may not do, with both clients against a broker that checks rights."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from streamcore import Create, Pipeline, PipelineOptions
from streamcore.io.kafka import (
    KafkaAuthorizationError,
    KafkaDeliveryError,
    KafkaError,
    KafkaTopicError,
    WriteToKafka,
)
from streamcore.io.kafka.client import TopicPartition
from streamcore.io.kafka.clients import choose_client
from tests.io.kafka.clients import open_consumer, outgoing, properties_of, settings_for
from tests.servers.broker import GUEST, GUEST_PASSWORD, Broker
from tests.servers.plugin import MakeTopic

pytestmark = pytest.mark.integration

Right: TypeAlias = tuple[ResourceType, str, AclOperation]
GUEST_CONFIG = {
    "security.protocol": "SASL_PLAINTEXT",
    "sasl.mechanism": "PLAIN",
    "sasl.username": GUEST,
    "sasl.password": GUEST_PASSWORD,
}


def give(admin: AdminClient, *rights: Right) -> None:
    """The guest has these rights, and no others, from now on."""
    every = AclBindingFilter(
        ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
    )
    given = [
        AclBinding(kind, name, ResourcePatternType.PREFIXED, f"User:{GUEST}", "*", operation, AclPermissionType.ALLOW)
        for kind, name, operation in rights
    ]
    for done in (*admin.delete_acls([every]).values(), *(admin.create_acls(given).values() if given else ())):
        done.result(30)


async def write_exactly_once(broker: Broker, topic: str, state_dir: Path, **config: Any) -> None:
    p = Pipeline(options=PipelineOptions(state_dir=str(state_dir)))
    config = {**GUEST_CONFIG, **config}
    _ = p | Create([(b"k", b"v")]) | WriteToKafka(topic, broker.sasl, producer_config=config, delivery="exactly_once")
    async with asyncio.timeout(60):
        await (await p.run_async()).wait()


def all_rights(topic: str) -> dict[str, Right]:
    return {
        "describe": (ResourceType.TOPIC, topic, AclOperation.DESCRIBE),
        "write": (ResourceType.TOPIC, topic, AclOperation.WRITE),
        "read": (ResourceType.TOPIC, topic, AclOperation.READ),
        "id": (ResourceType.TRANSACTIONAL_ID, "streamcore-", AclOperation.WRITE),
        "group": (ResourceType.GROUP, "streamcore-", AclOperation.READ),
    }


async def test_exactly_once_with_the_rights_that_it_needs(
    kafka: Broker, admin: AdminClient, make_topic: MakeTopic, tmp_path: Path
) -> None:
    topic = make_topic()
    give(admin, *all_rights(topic).values())
    await write_exactly_once(kafka, topic, tmp_path)


@pytest.mark.parametrize(
    ("missing", "kind", "advice"),
    [
        ("id", KafkaAuthorizationError, "the user needs the rights Write and Describe for this transactional id"),
        ("group", KafkaAuthorizationError, "the user needs the right Read for this group"),
        (
            "read",
            KafkaTopicError,
            "the user needs the right Read for this topic to read, Write to write, and both to write exactly once",
        ),
    ],
)
async def test_a_right_that_exactly_once_needs(
    kafka: Broker,
    admin: AdminClient,
    make_topic: MakeTopic,
    tmp_path: Path,
    missing: str,
    kind: type[KafkaError],
    advice: str,
) -> None:
    topic = make_topic()
    rights = all_rights(topic)
    del rights[missing]
    give(admin, *rights.values())
    with pytest.raises(kind) as caught:
        await write_exactly_once(kafka, topic, tmp_path)
    assert str(caught.value).endswith(f"; {advice}")


async def test_offsets_of_a_group_that_may_not_be_read(
    kafka: Broker, client: Any, admin: AdminClient, make_topic: MakeTopic
) -> None:
    topic = make_topic()
    give(admin, all_rights(topic)["read"])
    settings = settings_for(client, str(kafka.sasl), GUEST_CONFIG, timeout=2, group_id="a-group")
    consumer = await open_consumer(client, settings)
    with pytest.raises(KafkaAuthorizationError) as caught:
        await consumer.committed([TopicPartition(topic, 0)])
    await consumer.close()
    said = str(caught.value)
    assert said.startswith(f"cannot read the offsets of group 'a-group' at {kafka.sasl}: ")
    assert said.endswith("; the user needs the right Read for this group")


async def test_nothing_may_be_written(kafka: Broker, client: Any, admin: AdminClient, make_topic: MakeTopic) -> None:
    topic = make_topic()
    give(admin, all_rights(topic)["describe"])
    config = properties_of(client, GUEST_CONFIG)
    with pytest.raises(KafkaAuthorizationError) as caught:
        async with asyncio.timeout(60), Pipeline() as p:
            _ = p | Create([(b"k", b"v")]) | WriteToKafka(topic, kafka.sasl, producer_config=config, client=client)
    assert str(caught.value).endswith(
        "; the user needs the right Write for a topic, or IdempotentWrite for the cluster"
    )


async def test_nothing_may_be_written_of_what_waits_already(
    kafka: Broker, admin: AdminClient, make_topic: MakeTopic
) -> None:
    topic = make_topic()
    give(admin, all_rights(topic)["describe"])
    producer = choose_client("confluent").producer(settings_for("confluent", str(kafka.sasl), GUEST_CONFIG))
    await producer.send(outgoing(topic, [b"a", b"b"]))  # before the client has asked whether it may
    with pytest.raises(KafkaAuthorizationError, match="Cluster authorization failed"):
        await producer.flush()
    await producer.close()


async def test_another_topic_may_be_written(
    kafka: Broker, client: Any, admin: AdminClient, make_topic: MakeTopic
) -> None:
    topic, other = make_topic(), make_topic(name=f"other-{make_topic()}")
    give(admin, all_rights(topic)["describe"], all_rights(other)["write"])
    config = properties_of(client, GUEST_CONFIG)
    with pytest.raises(KafkaDeliveryError, match=r"could not be written to topic .*[Tt]opic ?[aA]uthorization"):
        async with asyncio.timeout(60), Pipeline() as p:
            _ = p | Create([(b"k", b"v")]) | WriteToKafka(topic, kafka.sasl, producer_config=config, client=client)


async def test_transactions_that_are_to_last_longer_than_the_broker_allows(
    kafka: Broker, admin: AdminClient, make_topic: MakeTopic, tmp_path: Path
) -> None:
    topic = make_topic()
    give(admin, *all_rights(topic).values())
    with pytest.raises(KafkaError) as caught:
        await write_exactly_once(kafka, topic, tmp_path, **{"transaction.timeout.ms": 3_600_000})
    assert type(caught.value) is KafkaError
    assert str(caught.value).endswith(
        "; lower 'transaction.timeout.ms' in `producer_config`, which is 3600000, or raise the broker's "
        "transaction.max.timeout.ms"
    )
