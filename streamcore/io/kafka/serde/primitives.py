"""Serdes of payloads that need no format: bytes and text."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from streamcore.io.kafka.serde.serde import Deserializer, RecordPart, Serde


@dataclasses.dataclass(frozen=True, slots=True)
class BytesSerde(Serde[bytes]):
    """Payloads as they are."""

    def deserializer(self) -> Deserializer[bytes]:
        """Hands the payload on."""
        return Deserializer(bytes)

    async def serializer(self, topic: str, part: RecordPart) -> Callable[[bytes], bytes]:
        """Hands the value on."""
        return _checked


@dataclasses.dataclass(frozen=True, slots=True)
class StrSerde(Serde[str]):
    """Text in UTF-8.

    >>> StrSerde().deserializer().deserialize("Grüße".encode())
    'Grüße'
    """

    def deserializer(self) -> Deserializer[str]:
        """Decodes strictly: what is not UTF-8 is an error."""
        return Deserializer(bytes.decode)

    async def serializer(self, topic: str, part: RecordPart) -> Callable[[str], bytes]:
        """Takes nothing but `str`."""
        return str.encode


def _checked(value: bytes) -> bytes:
    if not isinstance(value, bytes | bytearray | memoryview):
        msg = f"bytes are needed, got {type(value).__name__}"
        raise TypeError(msg)
    return bytes(value)
