"""The wire format of schema registries: a zero byte and the id of the schema stand before each payload.

The source is Confluent's page
https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, NoReturn, TypeVar

from streamcore.errors import StreamcoreError

T = TypeVar("T")

FRAME: Final = struct.Struct(">BI")
MAGIC: Final = 0


class PayloadError(StreamcoreError, ValueError):
    """A payload is not what its serde expects."""


def frame(schema_id: int) -> bytes:
    r"""What stands before a payload.

    >>> frame(258)
    b'\x00\x00\x00\x01\x02'
    """
    return FRAME.pack(MAGIC, schema_id)


def schema_id_of(payload: bytes) -> int:
    """The id of the schema a payload was written with.

    Raises:
        PayloadError: If it does not begin with a frame.

    >>> schema_id_of(bytes([0, 0, 0, 1, 2, 200]))
    258
    """
    if len(payload) < FRAME.size:
        msg = f"a zero byte and a schema id of four bytes are expected first, got {len(payload)} bytes in all"
        raise PayloadError(msg)
    magic, schema_id = FRAME.unpack_from(payload)
    if magic != MAGIC:
        msg = (
            f"a zero byte and a schema id are expected first, got {magic} as the first byte; "
            "what was written without a schema registry must be read without one"
        )
        raise PayloadError(msg)
    return int(schema_id)


class FramedPayloads(Generic[T]):
    """Deserializes payloads with a frame, each as its schema says.

    Args:
        load: Returns what deserializes the payloads of a schema (the whole payload, frame and all), or None if the
            registry does not know the id. It may raise `PayloadError` if such payloads can never be read.
    """

    def __init__(self, load: Callable[[int], Awaitable[Callable[[bytes], T] | None]]) -> None:
        self._load = load
        self._by_frame: dict[bytes, Callable[[bytes], T]] = {}
        self._loading = asyncio.Lock()

    async def prepare(self, payloads: Sequence[bytes | None]) -> None:
        """Loads the schemas that have not been seen yet.

        An id that the registry does not know is asked for again with the next column: a registry that is a replica may
        learn of it late.
        """
        unseen = {payload[: FRAME.size] for payload in payloads if payload} - self._by_frame.keys()
        if unseen:
            async with self._loading:
                for found in sorted(unseen):
                    await self._add(found)

    def deserialize(self, payload: bytes) -> T:
        """The value of a payload that was prepared for.

        Raises:
            PayloadError: If it has no frame, or the registry does not know its schema.
        """
        deserialize = self._by_frame.get(payload[: FRAME.size])
        if deserialize is None:
            msg = f"the schema registry does not know the schema id {schema_id_of(payload)}"
            raise PayloadError(msg)
        return deserialize(payload)

    async def _add(self, found: bytes) -> None:
        if len(found) < FRAME.size or found[0] != MAGIC or found in self._by_frame:
            return
        try:
            deserialize = await self._load(schema_id_of(found))
        except PayloadError as error:
            deserialize = _always_raise(error)
        if deserialize is not None:
            self._by_frame[found] = deserialize


def _always_raise(error: PayloadError) -> Callable[[bytes], NoReturn]:
    message = str(error)

    def deserialize(payload: bytes) -> NoReturn:
        raise PayloadError(message)

    return deserialize
