"""State values as bytes, column by column.

Keys, accumulators and windows of one step are mostly of one type, so they are stored as columns: all first parts of the
pairs, then all second parts. Almost all of the work then is done by loops written in C, and no type is named twice.
What comes back is equal in value and in type. What is bytes was data when it was written: reading it imports the
modules of the user's classes, but runs no code that the bytes hold, unless pickle is allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from streamcore.engine.state.column_format import FORMAT_VERSION, Column
from streamcore.engine.state.decoder import Decoder
from streamcore.engine.state.encoder import Encoder
from streamcore.errors import StateDecodingError

_writer = msgspec.msgpack.Encoder()
_reader = msgspec.msgpack.Decoder(Column)


def encode(values: Sequence[Any], *, pickle: bool = False) -> bytes:
    """State values as bytes.

    Stored are numbers, text, bytes, the containers of Python and of `collections`, dates and times, `Decimal`,
    `Fraction`, `UUID`, enums, named tuples, dataclasses, `msgspec.Struct`, and streamcore's timestamps, windows and
    panes. An object that is in two places comes back as two.

    Args:
        values: What to store; some hundreds at a time, as the call is not divided.
        pickle: Whether to pickle values of all other types.

    Raises:
        StateEncodingError: If a value cannot be stored, or contains itself.

    >>> decode(encode([("a", 1), ("b", 2.0)]))
    [('a', 1), ('b', 2.0)]
    """
    column = Encoder(pickle).column(list(values))
    return bytes([FORMAT_VERSION]) + _writer.encode(column)


def decode(data: bytes, *, pickle: bool = False) -> list[Any]:
    """The values that `encode` made the bytes of.

    Args:
        data: What `encode` gave.
        pickle: Whether to load pickled values. Who can write such bytes can have any code run.

    Raises:
        StateDecodingError: If the bytes are damaged, come from a newer version of streamcore, or name a class that is
            not there or has other attributes now; or if some are pickled and that is not allowed.
    """
    if data[:1] != bytes([FORMAT_VERSION]):
        version = data[0] if data else "none"
        msg = (
            f"stored state has the format version {version}, this streamcore reads {FORMAT_VERSION}; upgrade streamcore"
        )
        raise StateDecodingError(msg)
    try:
        return Decoder(pickle).values(_reader.decode(memoryview(data)[1:]))
    except StateDecodingError:
        raise
    except Exception as error:  # there is no end of ways in which bytes can be wrong
        msg = f"stored state cannot be read: {type(error).__name__}: {error}; it is damaged, or a class has changed"
        raise StateDecodingError(msg) from error
