from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from streamcore.io.kafka.serde import (
    AvroSerde,
    Deserializer,
    IncompatibleSchemaError,
    ProtobufSerde,
    RecordPart,
    SchemaRegistry,
    SchemaRegistryError,
    deserialize_column,
)
from streamcore.io.kafka.serde.framing import frame, schema_id_of
from streamcore.io.kafka.serde.registry import Schema, SchemaReference
from tests.io.kafka.serde.messages import Line, Money, Order, Refund

pytestmark = pytest.mark.integration

VALUE = RecordPart.VALUE
USER = {"name": "user", "type": "string"}
PAGE = {"name": "page", "type": "string", "default": "home"}


def click(*fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "record", "name": "Click", "namespace": "shop", "fields": [USER, *fields]}


def keep_compatible(url: str, subject: str) -> None:
    request = urllib.request.Request(
        f"{url}/config/{subject}",
        b'{"compatibility": "BACKWARD"}',
        {"Content-Type": "application/vnd.schemaregistry.v1+json"},
        method="PUT",
    )
    with urllib.request.urlopen(request):
        pass


async def read(deserializer: Deserializer[Any], payloads: list[bytes]) -> Any:
    assert deserializer.prepare is not None
    await deserializer.prepare(payloads)
    return deserialize_column(deserializer.deserialize, payloads)


async def test_a_topic_whose_schema_evolves(registry_url: str, new_topic: Callable[[], str]) -> None:
    registry, topic = SchemaRegistry(registry_url), new_topic()
    first, second = AvroSerde(click(), registry=registry), AvroSerde(click(PAGE), registry=registry)
    old = (await first.serializer(topic, VALUE))({"user": "ann"})
    keep_compatible(registry_url, f"{topic}-value")
    new = (await second.serializer(topic, VALUE))({"user": "bob", "page": "news"})
    assert schema_id_of(old) != schema_id_of(new)
    column = [new, old]
    fresh = SchemaRegistry(registry_url)
    as_first = await read(AvroSerde(click(), registry=fresh).deserializer(), column)
    as_second = await read(AvroSerde(click(PAGE), registry=fresh).deserializer(), column)
    as_written = await read(AvroSerde(registry=fresh).deserializer(), column)
    assert as_first == ([{"user": "bob"}, {"user": "ann"}], [])
    assert as_second == ([{"user": "bob", "page": "news"}, {"user": "ann", "page": "home"}], [])
    assert as_written == ([{"user": "bob", "page": "news"}, {"user": "ann"}], [])


async def test_a_schema_is_registered_once(registry_url: str, new_topic: Callable[[], str]) -> None:
    topic = new_topic()
    serde = AvroSerde(click(), registry=SchemaRegistry(registry_url))
    ids = {schema_id_of((await serde.serializer(topic, VALUE))({"user": "ann"})) for _ in range(2)}
    assert len(ids) == 1
    found = await SchemaRegistry(registry_url).schema(ids.pop())
    assert found is not None
    assert (found.kind, json.loads(found.text)) == ("AVRO", click())


async def test_an_incompatible_schema(registry_url: str, new_topic: Callable[[], str]) -> None:
    registry, topic = SchemaRegistry(registry_url), new_topic()
    await AvroSerde(click(), registry=registry).serializer(topic, VALUE)
    keep_compatible(registry_url, f"{topic}-value")
    without_default = click({"name": "at", "type": "long"})
    with pytest.raises(IncompatibleSchemaError) as raised:
        await AvroSerde(without_default, registry=registry).serializer(topic, VALUE)
    told = str(raised.value)
    where = f"the schema registry at {registry_url} has under '{topic}-value': "
    assert told.startswith(f"the schema is not compatible with those that {where}")
    assert "at /fields/1" in told
    assert raised.value.status == 409


async def test_a_schema_that_has_to_be_there(registry_url: str, new_topic: Callable[[], str]) -> None:
    registry, topic = SchemaRegistry(registry_url), new_topic()
    strict = AvroSerde(click(), registry=registry, auto_register=False)
    with pytest.raises(SchemaRegistryError, match=f"does not have the schema under subject '{topic}-value'; register"):
        await strict.serializer(topic, VALUE)
    await AvroSerde(click(PAGE), registry=registry).serializer(topic, VALUE)
    with pytest.raises(SchemaRegistryError, match=f"does not have the schema under subject '{topic}-value'; register"):
        await strict.serializer(topic, VALUE)
    payload = (await AvroSerde(click(), registry=registry).serializer(topic, VALUE))({"user": "ann"})
    assert (await strict.serializer(topic, VALUE))({"user": "ann"}) == payload


async def test_what_is_no_schema_is_refused(registry_url: str, new_topic: Callable[[], str]) -> None:
    with pytest.raises(SchemaRegistryError) as raised:
        await SchemaRegistry(registry_url).register(new_topic(), Schema("AVRO", '{"type": "recoord"}'))
    assert raised.value.status == 422


async def test_an_id_that_nobody_registered(registry_url: str) -> None:
    payload = frame(2**31 - 1) + b"\x06ann"
    values, [failure] = await read(AvroSerde(registry=SchemaRegistry(registry_url)).deserializer(), [payload])
    assert values == [None]
    assert str(failure.error) == f"the schema registry does not know the schema id {2**31 - 1}"


async def test_avro_schemas_that_refer_to_others(registry_url: str, new_topic: Callable[[], str]) -> None:
    registry, subject = SchemaRegistry(registry_url), new_topic()
    money = {"type": "record", "name": "Money", "namespace": "shop", "fields": [{"name": "cents", "type": "long"}]}
    order = {
        "type": "record",
        "name": "Order",
        "namespace": "shop",
        "fields": [{"name": "total", "type": "shop.Money"}],
    }
    await registry.register(f"{subject}-money", Schema("AVRO", json.dumps(money)))
    references = (SchemaReference("shop.Money", f"{subject}-money", 1),)
    schema_id = await registry.register(subject, Schema("AVRO", json.dumps(order), references))
    payload = frame(schema_id) + b"\x04"
    assert await read(AvroSerde(registry=registry).deserializer(), [payload]) == ([{"total": {"cents": 2}}], [])


@pytest.mark.parametrize(
    "message", [Refund(id=1), Order(id=2, total=Money(cents=5), lines=[Line(sku="a")]), Line(sku="b")]
)
async def test_protobuf_messages(registry_url: str, new_topic: Callable[[], str], message: Any) -> None:
    serde = ProtobufSerde(type(message), registry=SchemaRegistry(registry_url))
    payload = (await serde.serializer(new_topic(), VALUE))(message)
    fresh = ProtobufSerde(type(message), registry=SchemaRegistry(registry_url))
    assert await read(fresh.deserializer(), [payload]) == ([message], [])


async def test_another_message_of_a_protobuf_schema(registry_url: str, new_topic: Callable[[], str]) -> None:
    registry = SchemaRegistry(registry_url)
    payload = (await ProtobufSerde(Refund, registry=registry).serializer(new_topic(), VALUE))(Refund(id=1))
    _, [failure] = await read(ProtobufSerde(Order, registry=registry).deserializer(), [payload])
    assert str(failure.error) == "a message shop.Order is expected, got a message shop.Refund"


MONEY_TEXT = 'syntax = "proto3"; package shop; message Money { int64 cents = 1; }'


async def test_a_protobuf_schema_as_text(registry_url: str, new_topic: Callable[[], str]) -> None:
    registry, topic = SchemaRegistry(registry_url), new_topic()
    serde = ProtobufSerde(Money, registry=registry, schema=MONEY_TEXT)
    payload = (await serde.serializer(topic, VALUE))(Money(cents=3))
    found = await registry.schema(schema_id_of(payload))
    assert found == Schema("PROTOBUF", MONEY_TEXT)
    assert await read(serde.deserializer(), [payload]) == ([Money(cents=3)], [])
    strict = ProtobufSerde(Money, registry=registry, schema=MONEY_TEXT, auto_register=False)
    assert (await strict.serializer(topic, VALUE))(Money(cents=3)) == payload


async def test_an_incompatible_protobuf_schema(registry_url: str, new_topic: Callable[[], str]) -> None:
    registry, topic = SchemaRegistry(registry_url), new_topic()
    await ProtobufSerde(Money, registry=registry, schema=MONEY_TEXT).serializer(topic, VALUE)
    keep_compatible(registry_url, f"{topic}-value")
    wider = MONEY_TEXT.replace("}", "string currency = 2; }")
    await ProtobufSerde(Money, registry=registry, schema=wider).serializer(topic, VALUE)
    changed = MONEY_TEXT.replace("int64", "string")
    with pytest.raises(IncompatibleSchemaError):
        await ProtobufSerde(Money, registry=registry, schema=changed).serializer(topic, VALUE)


async def test_a_protobuf_schema_that_imports_another(registry_url: str, new_topic: Callable[[], str]) -> None:
    registry = SchemaRegistry(registry_url)
    serde = ProtobufSerde(Order, registry=registry)
    payload = (await serde.serializer(new_topic(), VALUE))(Order(id=1))
    found = await registry.schema(schema_id_of(payload))
    assert found is not None
    assert [(each.name, each.subject) for each in found.references] == [("shop/money.proto", "shop/money.proto")]
