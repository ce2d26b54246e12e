"""Applies a function of one value to a column; values for which it fails are told by position."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from types import NoneType
from typing import Any, Generic, NamedTuple, TypeVar

from streamcore.errors import PipelineError

T = TypeVar("T")


class Failure(NamedTuple):
    """A value that the function could not convert.

    Attributes:
        position: Where in the column it is, from 0.
        error: What the function raised.
    """

    position: int
    error: Exception


class Converted(NamedTuple, Generic[T]):
    """A converted column.

    Attributes:
        values: As many as went in; None where None was, and at the positions of the failures.
        failures: Those that could not be converted, by rising position.
    """

    values: list[T | None]
    failures: list[Failure]


def deserialize_column(deserialize: Callable[[bytes], T], payloads: Sequence[bytes | None]) -> Converted[T]:
    """The values of a column of payloads, each deserialized exactly once.

    >>> deserialize_column(int, [b"1", None, b"x", b"4"])
    Converted(values=[1, None, None, 4], failures=[Failure(position=2, error=ValueError("...: b'x'"))])
    """
    # An empty payload is false as well, and all() takes a quarter of the time of a search for None.
    return _convert(deserialize, payloads) if all(payloads) else _convert_present(deserialize, payloads)


def serialize_column(serialize: Callable[[T], bytes], values: Sequence[T | None]) -> Converted[bytes]:
    """The payloads of a column of values, each serialized exactly once.

    >>> serialize_column(str.encode, ["a", None])
    Converted(values=[b'a', None], failures=[])
    """
    # By type: the truth of a value, and `==`, may be anything.
    has_none = NoneType in set(map(type, values))
    return _convert_present(serialize, values) if has_none else _convert(serialize, values)


def _convert_present(function: Callable[[Any], T], column: Sequence[Any]) -> Converted[T]:
    positions = [position for position, item in enumerate(column) if item is not None]
    present = _convert(function, [column[position] for position in positions])
    values: list[T | None] = [None] * len(column)
    for position, value in zip(positions, present.values):
        values[position] = value
    return Converted(values, [Failure(positions[failure.position], failure.error) for failure in present.failures])


def _convert(function: Callable[[Any], T], column: Sequence[Any]) -> Converted[T]:
    values: list[T | None] = []
    failures: list[Failure] = []
    size = len(column)
    items = iter(column)
    while True:
        try:
            values.extend(map(function, items))
        except Exception as error:
            found = error
        else:
            if len(values) == size:
                return Converted(values, failures)
            found = PipelineError("the function raised StopIteration; return a value instead")
        # The iterator stands behind the item that failed; the rest is converted by the same iterator.
        failures.append(Failure(size - operator.length_hint(items) - 1, found))
        values.append(None)
