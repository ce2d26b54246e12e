from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from streamcore.io.kafka.serde.framing import FramedPayloads, PayloadError, frame, schema_id_of
from streamcore.io.kafka.serde.message_indexes import read_indexes, write_indexes


class Loader:
    """Knows some ids; a payload is deserialized to what is behind the frame, and the id."""

    def __init__(self, *known: int) -> None:
        self.known = set(known)
        self.asked: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def load(self, schema_id: int) -> Callable[[bytes], tuple[int, bytes]] | None:
        self.asked.append(schema_id)
        await self.gate.wait()
        if schema_id == 13:
            raise PayloadError("schema 13 is unlucky")
        if schema_id not in self.known:
            return None
        return lambda payload: (schema_id, payload[5:])


@given(st.integers(0, 2**32 - 1), st.binary())
def test_a_frame_tells_the_id(schema_id: int, rest: bytes) -> None:
    assert schema_id_of(frame(schema_id) + rest) == schema_id


async def test_schemas_are_loaded_once() -> None:
    loader = Loader(1, 2)
    payloads = FramedPayloads(loader.load)
    column = [frame(2) + b"a", None, frame(1) + b"b", frame(2) + b"c", b""]
    await payloads.prepare(column)
    await payloads.prepare(column)
    assert loader.asked == [1, 2]
    assert [payloads.deserialize(payload) for payload in column if payload] == [(2, b"a"), (1, b"b"), (2, b"c")]


async def test_schemas_are_loaded_once_for_readers_side_by_side() -> None:
    loader = Loader(1)
    loader.gate.clear()
    payloads = FramedPayloads(loader.load)
    readers = asyncio.gather(payloads.prepare([frame(1)]), payloads.prepare([frame(1)]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    loader.gate.set()
    await readers
    assert loader.asked == [1]


async def test_an_unknown_id_is_asked_for_with_each_column() -> None:
    loader = Loader()
    payloads = FramedPayloads(loader.load)
    await payloads.prepare([frame(1)])
    with pytest.raises(PayloadError, match=r"^the schema registry does not know the schema id 1$"):
        payloads.deserialize(frame(1))
    loader.known.add(1)
    await payloads.prepare([frame(1)])
    assert payloads.deserialize(frame(1) + b"x") == (1, b"x")


async def test_a_schema_that_cannot_be_used_is_told_with_each_payload() -> None:
    loader = Loader()
    payloads = FramedPayloads(loader.load)
    await payloads.prepare([frame(13)])
    await payloads.prepare([frame(13)])
    assert loader.asked == [13]
    for _ in range(2):
        with pytest.raises(PayloadError, match=r"^schema 13 is unlucky$"):
            payloads.deserialize(frame(13))


async def test_preparing_can_be_cancelled_and_done_again() -> None:
    loader = Loader(1)
    loader.gate.clear()
    payloads = FramedPayloads(loader.load)
    first = asyncio.ensure_future(payloads.prepare([frame(1)]))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    loader.gate.set()
    await payloads.prepare([frame(1)])
    assert payloads.deserialize(frame(1) + b"x") == (1, b"x")


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"", "a zero byte and a schema id of four bytes are expected first, got 0 bytes in all"),
        (b"\0\0\0\1", "a zero byte and a schema id of four bytes are expected first, got 4 bytes in all"),
        (
            b'{"user": "ann"}',
            "a zero byte and a schema id are expected first, got 123 as the first byte; "
            "what was written without a schema registry must be read without one",
        ),
    ],
)
async def test_payloads_without_a_frame(payload: bytes, message: str) -> None:
    loader = Loader(1)
    payloads = FramedPayloads(loader.load)
    await payloads.prepare([payload])
    with pytest.raises(PayloadError, match=f"^{re.escape(message)}$"):
        payloads.deserialize(payload)
    assert loader.asked == []


@given(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=100).map(tuple), st.binary(), st.binary())
def test_indexes_come_back(indexes: tuple[int, ...], before: bytes, behind: bytes) -> None:
    payload = before + write_indexes(indexes) + behind
    assert read_indexes(payload, len(before)) == (indexes, len(payload) - len(behind))


def test_the_first_message_may_be_written_in_full() -> None:
    assert read_indexes(b"\x02\x00x", 0) == ((0,), 2)


@given(st.binary(max_size=20))
def test_indexes_that_are_none(payload: bytes) -> None:
    try:
        indexes, position = read_indexes(payload, 0)
    except PayloadError:
        return
    assert indexes
    assert 0 < position <= len(payload)


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (b"", "bytes that are none"),
        (b"\x04\x00", "bytes that are none"),
        (b"\xff" * 9, "bytes that are none"),
        (b"\x01\x00", "one with -1 items"),
        (b"\xca\x01" + b"\0" * 101, "one with 101 items"),
    ],
)
def test_what_is_told_of_bad_indexes(payload: bytes, told: str) -> None:
    message = f"a list of message indexes is expected behind the schema id, got {told}"
    with pytest.raises(PayloadError, match=f"^{re.escape(message)}$"):
        read_indexes(payload, 0)
