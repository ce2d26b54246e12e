"""From blocks of whole lines to elements, as many as possible by one call."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import msgspec

from streamcore.io.line_coders import BytesCoder, LineDecoder, StrUtf8Coder

OnBadLine: TypeAlias = Callable[[int, bytes, Exception], Any]


class LineFormat(Protocol):
    """What lines are made into."""

    def parse(self, block: bytes, on_bad_line: OnBadLine) -> tuple[list[Any], int]:
        """The elements of a block, and how many lines it has.

        Args:
            block: Whole lines; only the last of a file may lack its newline.
            on_bad_line: Called with the number of a line in the block (from 0), the line and the error; what it returns
                takes the element's place.
        """
        ...


class TextLines:
    """Lines as they are.

    Args:
        coder: Decodes each line.
        strip: Whether the newline (or carriage return and newline) is left out.
    """

    def __init__(self, coder: LineDecoder[Any], strip: bool) -> None:
        self._coder = coder
        self._split_bytes = _split_bytes if strip else _bytes_with_ends
        plain = {
            StrUtf8Coder: _split_text if strip else _text_with_ends,
            BytesCoder: self._split_bytes,
        }
        self._split = plain.get(type(coder))

    def parse(self, block: bytes, on_bad_line: OnBadLine) -> tuple[list[Any], int]:
        """Decodes the block as a whole where that gives the same, else line by line."""
        if self._split is not None:
            try:
                values = self._split(block)
            except UnicodeDecodeError:
                pass  # one line is not UTF-8: find it
            else:
                return values, len(values)
        lines = self._split_bytes(block)
        return _decode_each(lines, self._coder.decode, on_bad_line), len(lines)


class JsonLines:
    """One JSON document a line; blank lines are left out.

    Decoded by msgspec, which is faster than orjson at this. Its `decode_lines` is not for us: it takes documents of
    several lines, and several documents on a line, so that what is wrong would depend on where blocks end.

    Args:
        type: What msgspec shall decode each document to; None for dicts, lists and so on.
    """

    def __init__(self, type: Any = None) -> None:
        self._decode = msgspec.json.Decoder(Any if type is None else type).decode

    def parse(self, block: bytes, on_bad_line: OnBadLine) -> tuple[list[Any], int]:
        """Decodes all lines by one chain of calls; one by one if there is a blank or a bad one."""
        values: list[Any] = []
        try:
            values.extend(map(self._decode, io.BytesIO(block)))
        except (msgspec.MsgspecError, ValueError):
            lines = _split_bytes(block)
            return _decode_each(lines, self._decode, on_bad_line, skip_blank=True), len(lines)
        return values, len(values)


def _split_text(block: bytes) -> list[Any]:
    text = block.decode()
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    lines = text.split("\n")  # splitlines() would take form feeds and the like for ends of lines
    if not lines[-1]:
        lines.pop()
    return lines


def _split_bytes(block: bytes) -> list[Any]:
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    lines = block.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _text_with_ends(block: bytes) -> list[Any]:
    return io.StringIO(block.decode()).readlines()


def _bytes_with_ends(block: bytes) -> list[Any]:
    return io.BytesIO(block).readlines()


def _decode_each(
    lines: list[bytes], decode: Callable[[bytes], Any], on_bad_line: OnBadLine, skip_blank: bool = False
) -> list[Any]:
    values = []
    for index, line in enumerate(lines):
        if skip_blank and not line.strip():
            continue
        try:
            value = decode(line)
        except Exception as error:
            value = on_bad_line(index, line, error)
        values.append(value)
    return values
