from __future__ import annotations

import dataclasses
import datetime
import re
from typing import Any, NamedTuple

import msgspec
import orjson
import pytest
from hypothesis import given, strategies as st

from streamcore import Timestamp
from streamcore.errors import PipelineError
from streamcore.io.kafka.serde import JsonSerde, RecordPart, Serde, deserialize_column, serialize_column


class Struct(msgspec.Struct):
    user: str
    at: int


@dataclasses.dataclass
class Data:
    user: str
    at: int


class Pair(NamedTuple):
    user: str
    at: int


DOCUMENTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


async def round_trip(serde: Serde[Any], values: list[Any]) -> list[Any]:
    payloads, failed = serialize_column(await serde.serializer("clicks", RecordPart.VALUE), values)
    assert failed == []
    found, failed = deserialize_column(serde.deserializer().deserialize, payloads)
    assert failed == []
    return found


@given(st.lists(DOCUMENTS, max_size=5))
async def test_documents(documents: list[Any]) -> None:
    assert await round_trip(JsonSerde(), documents) == documents


@pytest.mark.parametrize("kind", [Struct, Data])
async def test_typed_values(kind: Any) -> None:
    values = [kind("ann", 1), None, kind("bob", 2)]
    assert await round_trip(JsonSerde(kind), values) == values


def test_documents_are_deserialized_by_a_c_function() -> None:
    assert JsonSerde().deserializer().deserialize is orjson.loads


def test_a_document_that_does_not_fit_the_type() -> None:
    payloads = [b'{"user": "ann", "at": 1}', b'{"user": "ann"}', b"{"]
    values, failures = deserialize_column(JsonSerde(Struct).deserializer().deserialize, payloads)
    assert values == [Struct("ann", 1), None, None]
    assert [(failure.position, str(failure.error)) for failure in failures] == [
        (1, "Object missing required field `at`"),
        (2, "Input data was truncated"),
    ]


@pytest.mark.parametrize(
    ("value", "payload"),
    [
        (Timestamp(0), b'"1970-01-01T00:00:00Z"'),
        (Pair("ann", 1), b'{"user":"ann","at":1}'),
        (("ann", 1), b'["ann",1]'),
        ({1: "a"}, b'{"1":"a"}'),
        ({"at": Timestamp(1)}, b'{"at":"1970-01-01T00:00:01Z"}'),
        (Struct("ann", 1), b'{"user":"ann","at":1}'),
        (datetime.date(2024, 2, 29), b'"2024-02-29"'),
    ],
)
async def test_values_of_no_given_type(value: Any, payload: bytes) -> None:
    serialize = await JsonSerde().serializer("clicks", RecordPart.VALUE)
    assert serialize(value) == payload


async def test_a_timestamp_within_a_typed_value() -> None:
    @dataclasses.dataclass
    class Total:
        start: Any

    serialize = await JsonSerde(Total).serializer("clicks", RecordPart.VALUE)
    assert serialize(Total(Timestamp(1))) == b'{"start":"1970-01-01T00:00:01Z"}'


async def test_a_value_that_json_cannot_show() -> None:
    serialize = await JsonSerde().serializer("clicks", RecordPart.VALUE)
    _, [failure] = serialize_column(serialize, [object()])
    assert isinstance(failure.error, TypeError)


def test_a_type_that_json_cannot_be() -> None:
    message = "`type` must be one that msgspec can decode JSON to, got 3: "
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}"):
        JsonSerde(3)  # type: ignore[call-overload]


def test_it_is_a_value() -> None:
    assert JsonSerde(Struct) == JsonSerde(Struct)
    assert repr(JsonSerde()) == "JsonSerde(type=None)"
