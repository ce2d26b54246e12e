from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from streamcore.io.kafka.serde import BytesSerde, RecordPart, Serde, StrSerde, deserialize_column, serialize_column


@pytest.mark.parametrize(("serde", "values"), [(BytesSerde(), st.binary()), (StrSerde(), st.text())])
@given(data=st.data())
async def test_round_trip(serde: Serde[Any], values: st.SearchStrategy[Any], data: st.DataObject) -> None:
    column = data.draw(st.lists(st.none() | values))
    payloads, failed = serialize_column(await serde.serializer("clicks", RecordPart.KEY), column)
    assert failed == []
    assert deserialize_column(serde.deserializer().deserialize, payloads) == (column, [])


async def test_what_is_no_bytes() -> None:
    serialize: Any = await BytesSerde().serializer("clicks", RecordPart.KEY)
    assert serialize(bytearray(b"a")) == b"a"
    for wrong, name in ((3, "int"), ("a", "str")):  # bytes(3) would be three zero bytes
        with pytest.raises(TypeError, match=f"^bytes are needed, got {name}$"):
            serialize(wrong)


def test_what_is_no_utf8() -> None:
    values, [failure] = deserialize_column(StrSerde().deserializer().deserialize, [b"a", b"\xff", b""])
    assert values == ["a", None, ""]
    assert failure.position == 1
    assert isinstance(failure.error, UnicodeDecodeError)


async def test_what_is_no_text() -> None:
    serialize: Any = await StrSerde().serializer("clicks", RecordPart.KEY)
    with pytest.raises(TypeError):
        serialize(b"a")
