"""The columns that state values are stored as: a tree, written as MessagePack.

Each class is one kind of column, and is written as an array that begins with the kind's tag. Tags and fields stand on
disk: they are added to, never changed.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import msgspec

FORMAT_VERSION: Final = 1

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]


class _Column(msgspec.Struct, array_like=True, gc=False):
    """What all kinds share: they are written as arrays."""


class Constants(_Column, tag="constant"):
    """One of `CONSTANTS`, so many times."""

    name: str
    count: Count


class Bools(_Column, tag="bool"):
    """True and False."""

    values: list[bool]


class Ints(_Column, tag="int"):
    """Integers from -2**63 to 2**64 - 1."""

    values: list[int]


class LongInts(_Column, tag="long"):
    """Integers of any size, in hexadecimal digits."""

    values: list[str]


class Floats(_Column, tag="float"):
    """Floating point numbers."""

    values: list[float]


class Strs(_Column, tag="str"):
    """Text that is valid in UTF-8."""

    values: list[str]


class BrokenStrs(_Column, tag="wtf-8"):
    """Text with lone surrogates, which are encoded as if they were characters."""

    values: list[bytes]


class ByteStrings(_Column, tag="bytes"):
    """Byte strings."""

    values: list[bytes]


class Lists(_Column, tag="list"):
    """Lists: their lengths, and the items of all of them in one column."""

    lengths: list[Count]
    items: Column


class Tuples(_Column, tag="tuple"):
    """Tuples of one length: a column for each position."""

    count: Count
    columns: list[Column]


class Dicts(_Column, tag="dict"):
    """Dicts: their lengths, and the keys and the values of all of them, in order."""

    lengths: list[Count]
    keys: Column
    values: Column


class Tables(_Column, tag="table"):
    """Dicts that all have the same text keys in the same order: a column for each key."""

    count: Count
    keys: list[str]
    columns: list[Column]


class Records(_Column, tag="record"):
    """Values of one of the types in `RECORDS`: a column for each of its parts."""

    name: str
    columns: list[Column]


class Instances(_Column, tag="instance"):
    """Instances of a user's class: a column for each attribute.

    Attributes:
        kind: What the class is: one of `KINDS`.
        class_name: `module:qualname`.
        count: How many there are.
        fields: Names of the attributes.
        columns: Their values.
    """

    kind: str
    class_name: str
    count: Count
    fields: list[str]
    columns: list[Column]


class Mixed(_Column, tag="mixed"):
    """Values of several types: which column each of them stands in, and the columns, each of one type."""

    places: list[Count]
    columns: list[Column]


class Pickles(_Column, tag="pickle"):
    """A pickled list of what only pickle can store."""

    data: bytes


Column: TypeAlias = (
    Constants
    | Bools
    | Ints
    | LongInts
    | Floats
    | Strs
    | BrokenStrs
    | ByteStrings
    | Lists
    | Tuples
    | Dicts
    | Tables
    | Records
    | Instances
    | Mixed
    | Pickles
)
