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

    def parse(self, block: bytes, on_bad_line: OnBadLine) -> list[Any]:
        """The elements of a block that ends with a line.

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

    def __init__(self, coder: LineDecoder, strip: bool) -> None:
        self._coder = coder
        self._strip = strip
        plain = {StrUtf8Coder: self._text, BytesCoder: self._bytes}
        self._whole = plain.get(type(coder)) if strip else None

    def parse(self, block: bytes, on_bad_line: OnBadLine) -> list[Any]:
        """Decodes the block as a whole where that gives the same, else line by line."""
        if self._whole is not None:
            try:
                return self._whole(block)
            except UnicodeDecodeError:
                pass  # one line is not UTF-8: find it
        lines = _bytes_of(block) if self._strip else io.BytesIO(block).readlines()
        return _decode_each(lines, self._coder.decode, on_bad_line)

    def _text(self, block: bytes) -> list[Any]:
        text = block.decode()
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        # Not splitlines(): that would take form feeds and the like for ends of lines.
        lines = text.split("\n")
        if not lines[-1]:
            lines.pop()
        return lines

    def _bytes(self, block: bytes) -> list[Any]:
        return _bytes_of(block)


class JsonLines:
    """One JSON document a line; blank lines are left out.

    Args:
        type: What msgspec shall decode each document to; None for dicts, lists and so on.
    """

    def __init__(self, type: Any = None) -> None:
        decoder = msgspec.json.Decoder(Any if type is None else type)
        self._decode = decoder.decode
        self._decode_lines = decoder.decode_lines

    def parse(self, block: bytes, on_bad_line: OnBadLine) -> list[Any]:
        """Decodes the block by one call; line by line where there are not as many documents as lines."""
        try:
            values: list[Any] = self._decode_lines(block)
        except (msgspec.MsgspecError, ValueError):
            pass
        else:
            if len(values) == block.count(b"\n") + (not block.endswith(b"\n")):
                return values
        return _decode_each(_bytes_of(block), self._decode, on_bad_line, skip_blank=True)


def _bytes_of(block: bytes) -> list[bytes]:
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    lines = block.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


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
