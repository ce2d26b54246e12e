"""Which message of a Protobuf schema a payload holds: the list of indexes behind the frame.

A schema is a file, which may hold several messages, and messages within messages. `[1, 0]` is the first message within
the second one of the file. The list is written as its length and its items, each as a zigzag varint; for `[0]`, by far
the most frequent, there is one zero byte.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from streamcore.io.kafka.serde.framing import PayloadError

Indexes: TypeAlias = tuple[int, ...]

FIRST: Final = (0,)
MAX_VARINT_BYTES: Final = 5
MAX_DEPTH: Final = 100


def write_indexes(indexes: Indexes) -> bytes:
    r"""The bytes of a list of indexes.

    >>> write_indexes((1, 0)), write_indexes((0,))
    (b'\x04\x02\x00', b'\x00')
    """
    if indexes == FIRST:
        return b"\0"
    return b"".join(_varint(number) for number in (len(indexes), *indexes))


def read_indexes(payload: bytes, start: int) -> tuple[Indexes, int]:
    r"""The list of indexes that begins at a position, and the position behind it.

    Raises:
        PayloadError: If there is none.

    >>> read_indexes(b"\x04\x02\x00 the message", 0)
    ((1, 0), 3)
    """
    length, position = _read_varint(payload, start)
    if not length:
        return FIRST, position
    if not 0 < length <= MAX_DEPTH:
        msg = f"a list of message indexes is expected behind the schema id, got one with {length} items"
        raise PayloadError(msg)
    indexes = []
    for _ in range(length):
        index, position = _read_varint(payload, position)
        indexes.append(index)
    return tuple(indexes), position


def _varint(number: int) -> bytes:
    """A number from 0 on in the zigzag encoding, which doubles it."""
    rest = number << 1
    parts = bytearray()
    while rest > 0x7F:
        parts.append(rest & 0x7F | 0x80)
        rest >>= 7
    parts.append(rest)
    return bytes(parts)


def _read_varint(payload: bytes, position: int) -> tuple[int, int]:
    encoded = 0
    for index, byte in enumerate(payload[position : position + MAX_VARINT_BYTES]):
        encoded |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return (encoded >> 1) ^ -(encoded & 1), position + index + 1
    msg = "a list of message indexes is expected behind the schema id, got bytes that are none"
    raise PayloadError(msg)
