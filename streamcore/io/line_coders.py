"""Coders of text lines: what a line of a file is to the pipeline, and back."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar, runtime_checkable

T_co = TypeVar("T_co", covariant=True)


@runtime_checkable
class LineDecoder(Protocol[T_co]):
    """What `ReadFromText` asks of its coder."""

    def decode(self, encoded: bytes) -> T_co:
        """The element that a line stands for."""
        ...


@runtime_checkable
class LineEncoder(Protocol):
    """What `WriteToText` asks of its coder."""

    def encode(self, value: Any) -> bytes:
        """The line that stands for an element."""
        ...


class StrUtf8Coder:
    """Lines as `str`.

    >>> StrUtf8Coder().decode("Grüße".encode())
    'Grüße'
    """

    def encode(self, value: str) -> bytes:
        """The text in UTF-8."""
        return value.encode()

    def decode(self, encoded: bytes) -> str:
        """The text of UTF-8 bytes."""
        return encoded.decode()


class BytesCoder:
    """Lines as `bytes`, untouched."""

    def encode(self, value: bytes) -> bytes:
        """The same bytes."""
        return value

    def decode(self, encoded: bytes) -> bytes:
        """The same bytes."""
        return encoded


class ToBytesCoder:
    """What `WriteToText` uses by default: bytes as they are, everything else as `str` shows it; it cannot decode.

    >>> ToBytesCoder().encode(("ann", 3))
    b"('ann', 3)"
    """

    def encode(self, value: object) -> bytes:
        """The bytes themselves, or the value's `str` in UTF-8."""
        return value if isinstance(value, bytes) else str(value).encode()
