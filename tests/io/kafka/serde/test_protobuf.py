from __future__ import annotations

import base64
import re
import sys
from typing import Any

import pytest
from hypothesis import given, strategies as st

from streamcore.errors import MissingExtraError, TransformTypeError
from streamcore.io.kafka.serde import (
    ProtobufSerde,
    RecordPart,
    SchemaRegistry,
    SubjectNameStrategy,
    deserialize_column,
    serialize_column,
)
from streamcore.io.kafka.serde.framing import PayloadError, frame
from tests.io.kafka.serde.messages import MONEY_FILE, ORDER_FILE, Line, Money, Order, Refund
from tests.io.kafka.serde.scripted_server import Answer, ScriptedServer

VALUE = RecordPart.VALUE
ORDERS = st.builds(
    lambda number, skus: Order(id=number, lines=[Line(sku=sku) for sku in skus]),
    st.integers(-(2**63), 2**63 - 1),
    st.lists(st.text(max_size=5), max_size=3),
)


def serialized(file: Any) -> str:
    return base64.b64encode(file.SerializeToString()).decode()


@given(st.lists(st.none() | ORDERS, max_size=10))
async def test_round_trip(orders: list[Any]) -> None:
    serde = ProtobufSerde(Order)
    payloads, failed = serialize_column(await serde.serializer("orders", VALUE), orders)
    assert failed == []
    assert deserialize_column(serde.deserializer().deserialize, payloads) == (orders, [])


@given(st.lists(st.sampled_from([b"\x08\x07", None, b"", b"\x08", b"\xff\xff"]), max_size=30))
def test_poison_at_random_positions(column: list[bytes | None]) -> None:
    values, failures = deserialize_column(ProtobufSerde(Order).deserializer().deserialize, column)
    expected = {b"\x08\x07": Order(id=7), b"": Order()}
    assert values == [expected.get(payload or b"") if payload in expected else None for payload in column]
    assert [failure.position for failure in failures] == [
        position for position, payload in enumerate(column) if payload in (b"\x08", b"\xff\xff")
    ]


def test_payloads_are_parsed_by_a_c_function() -> None:
    assert ProtobufSerde(Order).deserializer().deserialize == Order.FromString


async def test_a_message_of_another_type() -> None:
    serialize = await ProtobufSerde(Order).serializer("orders", VALUE)
    for wrong, name in ((Refund(id=1), "Refund"), ({"id": 1}, "dict")):
        with pytest.raises(TypeError, match=f"^a message shop.Order is needed, got {name}$"):
            serialize(wrong)


@pytest.mark.parametrize(
    ("message", "indexes"),
    [(Refund(id=1), b"\0"), (Order(id=1), b"\x02\x02"), (Line(sku="a"), b"\x04\x02\x00")],
)
async def test_payloads_say_which_message_they_hold(server: ScriptedServer, message: Any, indexes: bytes) -> None:
    server.answers = [
        Answer(200, {"id": 4}),
        Answer(200, {"id": 4, "version": 2}),
        Answer(200, {"id": 5}),
        Answer(200, {"schema": serialized(ORDER_FILE), "schemaType": "PROTOBUF"}),
    ]
    serde = ProtobufSerde(type(message), registry=SchemaRegistry(server.url))
    payload = (await serde.serializer("orders", VALUE))(message)
    assert payload == frame(5) + indexes + message.SerializeToString()
    deserializer = serde.deserializer()
    assert deserializer.prepare is not None
    await deserializer.prepare([payload])
    assert deserializer.deserialize(payload) == message


async def test_imported_files_are_registered_first(server: ScriptedServer) -> None:
    server.answers = [Answer(200, {"id": 4}), Answer(200, {"id": 4, "version": 2}), Answer(200, {"id": 5})]
    await ProtobufSerde(Order, registry=SchemaRegistry(server.url)).serializer("orders", VALUE)
    money = {"schemaType": "PROTOBUF", "schema": serialized(MONEY_FILE), "references": []}
    reference = {"name": "shop/money.proto", "subject": "shop/money.proto", "version": 2}
    order = {"schemaType": "PROTOBUF", "schema": serialized(ORDER_FILE), "references": [reference]}
    assert [(request.path, request.document) for request in server.requests] == [
        ("/subjects/shop%2Fmoney.proto/versions", money),
        ("/subjects/shop%2Fmoney.proto", money),
        ("/subjects/orders-value/versions", order),
    ]


async def test_the_schema_may_have_to_be_there(server: ScriptedServer) -> None:
    server.answers = [Answer(200, {"id": 4, "version": 1})]
    serde = ProtobufSerde(
        Money,
        registry=SchemaRegistry(server.url),
        subject_name_strategy=SubjectNameStrategy.RECORD,
        auto_register=False,
    )
    payload = (await serde.serializer("orders", VALUE))(Money(cents=1))
    assert payload == frame(4) + b"\0\x08\x01"
    assert [request.path for request in server.requests] == ["/subjects/shop.Money"]


async def test_another_message_of_the_schema(server: ScriptedServer) -> None:
    server.answers = [Answer(200, {"schema": serialized(ORDER_FILE), "schemaType": "PROTOBUF"})]
    deserializer = ProtobufSerde(Order, registry=SchemaRegistry(server.url)).deserializer()
    refund, unknown = frame(5) + b"\0\x08\x01", frame(5) + b"\x02\x12\x08\x01"
    assert deserializer.prepare is not None
    await deserializer.prepare([refund])
    with pytest.raises(PayloadError, match=r"^a message shop\.Order is expected, got a message shop\.Refund$"):
        deserializer.deserialize(refund)
    message = "a message shop.Order is expected, got the message with the indexes [9] of its schema"
    with pytest.raises(PayloadError, match=f"^{re.escape(message)}$"):
        deserializer.deserialize(unknown)


@pytest.mark.parametrize("second", [serialized(ORDER_FILE), "syntax = 'proto3';"])
async def test_a_schema_that_is_told_as_text(server: ScriptedServer, second: str) -> None:
    """The registry is asked for another form; if it has none, the messages stand in the order of our own file."""
    server.answers = [
        Answer(200, {"schema": "syntax = 'proto3'; ...", "schemaType": "PROTOBUF"}),
        Answer(200, {"schema": second, "schemaType": "PROTOBUF"}),
    ]
    deserializer = ProtobufSerde(Order, registry=SchemaRegistry(server.url)).deserializer()
    order, refund = frame(5) + b"\x02\x02\x08\x01", frame(5) + b"\0\x08\x01"
    assert deserializer.prepare is not None
    await deserializer.prepare([order])
    assert deserializer.deserialize(order) == Order(id=1)
    with pytest.raises(PayloadError, match=r"^a message shop\.Order is expected, got "):
        deserializer.deserialize(refund)
    assert [request.path for request in server.requests] == ["/schemas/ids/5", "/schemas/ids/5?format=serialized"]


async def test_a_schema_of_another_kind(server: ScriptedServer) -> None:
    server.answers = [Answer(200, {"schema": '"int"'}), Answer(404, {"error_code": 40403, "message": "no"})]
    deserializer = ProtobufSerde(Order, registry=SchemaRegistry(server.url)).deserializer()
    assert deserializer.prepare is not None
    await deserializer.prepare([frame(5) + b"\0", frame(6)])
    _, failures = deserialize_column(deserializer.deserialize, [frame(5) + b"\0", frame(6)])
    assert [str(failure.error) for failure in failures] == [
        "schema 5 of the schema registry is of kind AVRO, not PROTOBUF",
        "the schema registry does not know the schema id 6",
    ]


@pytest.mark.parametrize(("wrong", "name"), [(int, "the class int"), (Money(), "")])
def test_what_is_no_class_of_messages(wrong: Any, name: str) -> None:
    message = (
        f"`message_type` must be a class of Protobuf messages, got {name}; "
        "give the class that protoc generated, not an instance"
    )
    with pytest.raises(TransformTypeError, match=f"^{re.escape(message)}$"):
        ProtobufSerde(wrong)


def test_the_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.protobuf.message", None)
    message = "Protobuf needs the library `protobuf`; install it with: pip install 'streamcore-engine[protobuf]'"
    with pytest.raises(MissingExtraError, match=f"^{re.escape(message)}$"):
        ProtobufSerde(Money)
