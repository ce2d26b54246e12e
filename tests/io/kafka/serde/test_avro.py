from __future__ import annotations

import datetime
import decimal
import io
import json
import re
import sys
import uuid
from typing import Any

import fastavro
import pytest
from hypothesis import given, strategies as st

from streamcore.errors import MissingExtraError, PipelineError
from streamcore.io.kafka.serde import (
    AvroSerde,
    RecordPart,
    SchemaRegistry,
    SubjectNameStrategy,
    deserialize_column,
    serialize_column,
)
from streamcore.io.kafka.serde.framing import PayloadError, frame
from tests.io.kafka.serde.scripted_server import Answer, ScriptedServer

USER = {"name": "user", "type": "string"}
AT = {"name": "at", "type": "long"}
PAGE = {"name": "page", "type": "string", "default": "home"}
CLICK: dict[str, Any] = {"type": "record", "name": "Click", "namespace": "shop", "fields": [USER, AT]}
CLICK_WITH_PAGE = {**CLICK, "fields": [USER, PAGE]}
VALUE = RecordPart.VALUE


def written(schema: Any, value: Any) -> bytes:
    file = io.BytesIO()
    fastavro.schemaless_writer(file, schema, value)
    return file.getvalue()


@given(st.lists(st.none() | st.fixed_dictionaries({"user": st.text(), "at": st.integers(-(2**63), 2**63 - 1)})))
async def test_round_trip(clicks: list[dict[str, Any] | None]) -> None:
    serde = AvroSerde(CLICK)
    payloads, failed = serialize_column(await serde.serializer("clicks", VALUE), clicks)
    assert failed == []
    assert deserialize_column(serde.deserializer().deserialize, payloads) == (clicks, [])


@given(st.data())
async def test_poison_at_random_positions(data: st.DataObject) -> None:
    good = written(CLICK, {"user": "ann", "at": 7})
    poison = st.sampled_from([good[:-1], b"", good + b"x", b"\xff" * 20, b"\x06\xff\xff\xff\x02"])
    column = data.draw(st.lists(st.just(good) | st.none() | poison, max_size=30))
    values, failures = deserialize_column(AvroSerde(CLICK).deserializer().deserialize, column)
    assert [value for value in values if value] == [{"user": "ann", "at": 7}] * column.count(good)
    assert [failure.position for failure in failures] == [
        position for position, payload in enumerate(column) if payload not in (good, None)
    ]


async def test_logical_types() -> None:
    kinds: dict[str, tuple[Any, Any]] = {
        "day": ({"type": "int", "logicalType": "date"}, datetime.date(2024, 2, 29)),
        "at": (
            {"type": "long", "logicalType": "timestamp-millis"},
            datetime.datetime(2024, 2, 29, tzinfo=datetime.UTC),
        ),
        "exactly": (
            {"type": "long", "logicalType": "timestamp-micros"},
            datetime.datetime(2024, 2, 29, 1, 2, 3, 456789, tzinfo=datetime.UTC),
        ),
        "price": (
            {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
            decimal.Decimal("12.30"),
        ),
        "id": ({"type": "string", "logicalType": "uuid"}, uuid.UUID(int=5)),
    }
    fields = [{"name": name, "type": kind} for name, (kind, _) in kinds.items()]
    serde = AvroSerde({"type": "record", "name": "All", "fields": fields})
    value = {name: python for name, (_, python) in kinds.items()}
    payload = (await serde.serializer("all", VALUE))(value)
    assert serde.deserializer().deserialize(payload) == value


def test_evolution_without_a_registry() -> None:
    payload = written(CLICK, {"user": "ann", "at": 7})
    serde = AvroSerde(CLICK_WITH_PAGE, writer_schema=json.dumps(CLICK))
    assert serde.deserializer().deserialize(payload) == {"user": "ann", "page": "home"}


def test_a_schema_that_payloads_cannot_be_resolved_to() -> None:
    payload = written(CLICK, {"user": "ann", "at": 7})
    needed = {**CLICK, "fields": [USER, {"name": "page", "type": "string"}]}
    _, [failure] = deserialize_column(AvroSerde(needed, writer_schema=CLICK).deserializer().deserialize, [payload])
    assert "page" in str(failure.error)


def test_bytes_left_over() -> None:
    payload = written(CLICK, {"user": "ann", "at": 7})
    message = "2 bytes are left behind the value; it was written with another schema"
    with pytest.raises(PayloadError, match=f"^{re.escape(message)}$"):
        AvroSerde(CLICK).deserializer().deserialize(payload + b"xx")


@pytest.mark.parametrize(
    "value",
    [{"user": "ann"}, {"user": 3, "at": 7}, {"user": "ann", "at": 7, "usr": "bob"}, "ann", {"user": "a", "at": 2**63}],
)
async def test_values_that_do_not_fit(value: Any) -> None:
    serialize = await AvroSerde(CLICK).serializer("clicks", VALUE)
    _, failures = serialize_column(serialize, [value])
    assert len(failures) == 1


async def test_defaults_are_written() -> None:
    serde = AvroSerde(CLICK_WITH_PAGE)
    payload = (await serde.serializer("clicks", VALUE))({"user": "ann"})
    assert serde.deserializer().deserialize(payload) == {"user": "ann", "page": "home"}


async def test_a_registry_tells_the_schema_of_each_payload(server: ScriptedServer) -> None:
    server.answers = [
        Answer(200, {"schema": json.dumps(CLICK)}),
        Answer(200, {"schema": json.dumps(CLICK_WITH_PAGE)}),
        Answer(404, {"error_code": 40403, "message": "Schema not found"}),
        Answer(200, {"schema": "message", "schemaType": "PROTOBUF"}),
        Answer(200, {"schema": '{"type": "recoord"}'}),
    ]
    old, new = written(CLICK, {"user": "ann", "at": 7}), written(CLICK_WITH_PAGE, {"user": "bob", "page": "news"})
    column = [frame(2) + new, None, frame(1) + old, frame(1) + old[:3], frame(3) + old, frame(4) + old, frame(5), b"{}"]
    deserializer = AvroSerde(CLICK_WITH_PAGE, registry=SchemaRegistry(server.url)).deserializer()
    assert deserializer.prepare is not None
    await deserializer.prepare(column)
    values, failures = deserialize_column(deserializer.deserialize, column)
    assert values[:3] == [{"user": "bob", "page": "news"}, None, {"user": "ann", "page": "home"}]
    assert [failure.position for failure in failures] == [3, 4, 5, 6, 7]
    told = [str(failure.error) for failure in failures[1:]]
    assert told == [
        "the schema registry does not know the schema id 3",
        "schema 4 of the schema registry is of kind PROTOBUF, not AVRO",
        "the schema registry has a schema that fastavro cannot use: UnknownType: {'type': 'recoord'}",
        "a zero byte and a schema id of four bytes are expected first, got 2 bytes in all",
    ]


async def test_values_as_they_were_written(server: ScriptedServer) -> None:
    server.answers = [Answer(200, {"schema": json.dumps(CLICK)})]
    deserializer = AvroSerde(registry=SchemaRegistry(server.url)).deserializer()
    payload = frame(1) + written(CLICK, {"user": "ann", "at": 7})
    assert deserializer.prepare is not None
    await deserializer.prepare([payload])
    assert deserializer.deserialize(payload) == {"user": "ann", "at": 7}


async def test_schemas_that_refer_to_others(server: ScriptedServer) -> None:
    money = {"type": "record", "name": "Money", "namespace": "shop", "fields": [{"name": "cents", "type": "long"}]}
    fields = [{"name": "total", "type": "shop.Money"}, {"name": "net", "type": "shop.Money"}]
    order = {"type": "record", "name": "Order", "namespace": "shop", "fields": fields}
    reference = {"name": "shop.Money", "subject": "money", "version": 1}
    server.answers = [
        Answer(200, {"schema": json.dumps(order), "references": [reference]}),
        Answer(200, {"schema": json.dumps(money), "id": 9, "subject": "money", "version": 1}),
    ]
    deserializer = AvroSerde(registry=SchemaRegistry(server.url)).deserializer()
    payload = frame(1) + b"\x02\x04"
    assert deserializer.prepare is not None
    await deserializer.prepare([payload])
    assert deserializer.deserialize(payload) == {"total": {"cents": 1}, "net": {"cents": 2}}


@pytest.mark.parametrize(
    ("strategy", "subject"),
    [
        (SubjectNameStrategy.TOPIC, "clicks-key"),
        (SubjectNameStrategy.RECORD, "shop.Click"),
        (SubjectNameStrategy.TOPIC_RECORD, "clicks-shop.Click"),
    ],
)
async def test_subjects(server: ScriptedServer, strategy: SubjectNameStrategy, subject: str) -> None:
    server.answers = [Answer(200, {"id": 7})]
    serde = AvroSerde(CLICK, registry=SchemaRegistry(server.url), subject_name_strategy=strategy)
    payload = (await serde.serializer("clicks", RecordPart.KEY))({"user": "ann", "at": 7})
    assert payload == frame(7) + written(CLICK, {"user": "ann", "at": 7})
    [request] = server.requests
    assert request.path == f"/subjects/{subject}/versions"
    assert json.loads(request.document["schema"]) == CLICK


async def test_a_schema_that_fastavro_has_parsed_is_registered_without_its_marks(server: ScriptedServer) -> None:
    server.answers = [Answer(200, {"id": 7})]
    await AvroSerde(fastavro.parse_schema(CLICK), registry=SchemaRegistry(server.url)).serializer("clicks", VALUE)
    assert json.loads(server.requests[0].document["schema"]) == {
        "type": "record",
        "name": "shop.Click",
        "fields": CLICK["fields"],
    }


async def test_a_schema_may_have_to_be_there(server: ScriptedServer) -> None:
    server.answers = [Answer(200, {"id": 7, "version": 1})]
    serde = AvroSerde(json.dumps(CLICK), registry=SchemaRegistry(server.url), auto_register=False)
    payload = (await serde.serializer("clicks", VALUE))({"user": "ann", "at": 7})
    assert payload.startswith(frame(7))
    assert [request.path for request in server.requests] == ["/subjects/clicks-value"]


REGISTRY = SchemaRegistry("http://registry")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "AvroSerde needs `schema` or `registry`; without a registry, payloads do not tell their schema"),
        (
            {"registry": REGISTRY, "writer_schema": CLICK},
            "`writer_schema` and `registry` exclude each other: the registry has what payloads were written with",
        ),
        (
            {"schema": {"type": "recoord"}},
            "`schema` must be an Avro schema, got {'type': 'recoord'}: UnknownType: {'type': 'recoord'}",
        ),
        (
            {"schema": "{"},
            "`schema` must be an Avro schema, got '{': JSONDecodeError: Expecting property name enclosed in double "
            "quotes: line 1 column 2 (char 1)",
        ),
        (
            {"schema": CLICK, "writer_schema": "nothing"},
            "`writer_schema` must be an Avro schema, got 'nothing': JSONDecodeError: Expecting value: line 1 column 1 "
            "(char 0)",
        ),
        (
            {"schema": '"int"', "registry": REGISTRY, "subject_name_strategy": SubjectNameStrategy.RECORD},
            "a subject named after the record needs a `schema` with a name, got 'int'; use SubjectNameStrategy.TOPIC",
        ),
    ],
)
def test_arguments_that_cannot_be_used(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        AvroSerde(**arguments)


async def test_writing_needs_a_schema() -> None:
    message = "AvroSerde needs `schema` to write to topic 'clicks'; a registry alone is enough for reading only"
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        await AvroSerde(registry=REGISTRY).serializer("clicks", VALUE)


def test_the_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastavro", None)
    message = "Avro needs the library `fastavro`; install it with: pip install 'streamcore-engine[avro]'"
    with pytest.raises(MissingExtraError, match=f"^{re.escape(message)}$"):
        AvroSerde(CLICK)
