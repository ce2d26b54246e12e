"""From elements to lines, a whole column by one call where possible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Any, Final, Protocol

import orjson

from streamcore.errors import SinkError, shorten
from streamcore.io.json_text import plain
from streamcore.io.line_coders import LineEncoder, ToBytesCoder

LINE: Final = orjson.OPT_APPEND_NEWLINE
LINE_WITH_ANY_KEYS: Final = orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


class ColumnEncoder(Protocol):
    """What elements are made into for a file."""

    def encode(self, values: Sequence[Any]) -> bytes:
        """The lines of some elements, one behind the other.

        Raises:
            SinkError: If an element cannot be encoded; it names the element.
        """
        ...


class TextEncoder:
    """Lines as a coder makes them.

    Args:
        coder: Encodes each element.
        append_newlines: Whether each gets a newline.
    """

    def __init__(self, coder: LineEncoder, append_newlines: bool) -> None:
        self._coder = coder
        self._end = "\n" if append_newlines else ""
        self._whole = type(coder) is ToBytesCoder

    def encode(self, values: Sequence[Any]) -> bytes:
        """Encodes the column as a whole where all are `str`."""
        if self._whole:
            try:
                return (self._end.join(values) + self._end).encode()
            except (TypeError, UnicodeEncodeError):
                pass  # not all are str, or text that UTF-8 can show
        end = self._end.encode()
        return end.join(_encode_each(values, self._coder.encode)) + end


class JsonEncoder:
    """One JSON document a line; takes what orjson takes, named tuples, msgspec structs, sets and timestamps."""

    def encode(self, values: Sequence[Any]) -> bytes:
        """Encodes the column by one chain of calls; elements that are out of the ordinary one by one."""
        try:
            return b"".join(map(orjson.dumps, values, repeat(plain), repeat(LINE)))
        except TypeError:
            return b"".join(_encode_each(values, _dumps_anything))


def _encode_each(values: Sequence[Any], encode: Callable[[Any], bytes]) -> list[bytes]:
    lines = []
    for value in values:
        try:
            lines.append(encode(value))
        except Exception as error:
            reason = error.__cause__ or error
            msg = f"element {shorten(value)} cannot be written: {reason}; change it with a Map before the sink"
            raise SinkError(msg) from error
    return lines


def _dumps_anything(value: Any) -> bytes:
    return orjson.dumps(value, plain, LINE_WITH_ANY_KEYS)
