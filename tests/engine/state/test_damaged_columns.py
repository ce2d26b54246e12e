"""Bytes that are not what was written, or whose classes have changed since."""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import re
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, strategies as st

from streamcore.engine.state.columns import decode, encode
from streamcore.errors import StateDecodingError
from tests.engine.state import kinds

MODULE = "tests.engine.state.kinds"
SAMPLE = [
    ("key", (1, 2.5), [None, True, b"x"], {"a": 1}, kinds.Plain(1), kinds.Total(2), kinds.Colour.RED, 2**80, {1, 2}),
    ("other", (2, 0.5), [None, "y"], {"a": 2}, kinds.Plain(2), kinds.Total(3), kinds.Colour.GREEN, 3, {3}),
]


class Renamed(NamedTuple):
    x: Any
    z: Any


@dataclasses.dataclass
class Grown:
    a: Any
    b: Any
    c: Any


class Shrunk(msgspec.Struct):
    count: Any


class Recoloured(enum.Enum):
    BLUE = "r"


ATTRIBUTES = "give it those it had, or start without the state"


@pytest.mark.parametrize(
    ("value", "name", "now", "message"),
    [
        (
            kinds.Point(1),
            "Point",
            Renamed,
            "stored state has values of type Renamed with the attributes x, y, but the class now has x, z; "
            + ATTRIBUTES,
        ),
        (
            kinds.Plain(1),
            "Plain",
            Grown,
            "stored state has values of type Grown with the attributes a, b, but the class now has a, b, c; "
            + ATTRIBUTES,
        ),
        (
            kinds.Total(1),
            "Total",
            Shrunk,
            "stored state has values of type Shrunk with the attributes count, total, but the class now has count; "
            + ATTRIBUTES,
        ),
        (
            kinds.Empty(),
            "Empty",
            Grown,
            "stored state has values of type Grown with the attributes none, but the class now has a, b, c; "
            + ATTRIBUTES,
        ),
        (
            kinds.Colour.RED,
            "Colour",
            Recoloured,
            "stored state has members of the enum Recoloured that it does not have now: RED; put them back, "
            "or start without the state",
        ),
        (
            kinds.Colour.RED,
            "Colour",
            kinds.Plain,
            f"stored state has values of type {MODULE}:Colour, but there is no enum of that name; "
            "put the class back where it was, or start without the state",
        ),
        (
            kinds.Plain(1),
            "Plain",
            kinds.Ordinary,
            f"stored state has values of type {MODULE}:Plain, but there is no dataclass of that name; "
            "put the class back where it was, or start without the state",
        ),
        (
            kinds.Point(1),
            "Point",
            print,
            f"stored state has values of type {MODULE}:Point, but there is no named tuple of that name; "
            "put the class back where it was, or start without the state",
        ),
    ],
)
def test_a_class_that_has_changed_is_named(
    value: Any, name: str, now: Any, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = encode([value])
    monkeypatch.setattr(kinds, name, now)
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        decode(data)


def test_attributes_may_change_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    class Turned(NamedTuple):
        y: Any
        x: Any

    data = encode([kinds.Point(1, 2)])
    monkeypatch.setattr(kinds, "Point", Turned)
    assert decode(data) == [Turned(y=2, x=1)]


def with_text(data: bytes, old: bytes, new: bytes) -> bytes:
    assert len(old) == len(new)
    assert old in data
    return data.replace(old, new)


def test_a_module_that_is_gone_is_named() -> None:
    data = with_text(encode([kinds.Point(1)]), b"tests.engine.state.kinds", b"tests.engine.state.kindz")
    message = (
        "stored state has values of type tests.engine.state.kindz:Point, but its module cannot be imported: "
        "No module named 'tests.engine.state.kindz'; put the class back where it was, or start without the state"
    )
    with pytest.raises(ValueError, match=f"^{message}$"):
        decode(data)


@pytest.mark.parametrize("name", ["os:system", "builtins:eval", "subprocess:Popen", "collections:deque", "os"])
def test_only_classes_of_a_kind_are_made(name: str) -> None:
    data = encode([kinds.Point("id")])
    column = msgspec.msgpack.decode(data[1:])
    assert column[2] == f"{MODULE}:Point"
    column[2] = name
    forged = data[:1] + msgspec.msgpack.encode(column)
    message = (
        f"stored state has values of type {name}, but there is no named tuple of that name; "
        "put the class back where it was, or start without the state"
    )
    with pytest.raises(ValueError, match=f"^{message}$"):
        decode(forged)


def test_a_type_that_only_a_newer_version_knows() -> None:
    data = with_text(encode([{1}]), b"record\xa3set", b"record\xa3new")
    message = "stored state has values of the unknown type new; upgrade streamcore"
    with pytest.raises(ValueError, match=f"^{message}$"):
        decode(data)


@pytest.mark.parametrize(("data", "version"), [(b"", "none"), (b"\x02abc", "2"), (b"\x00", "0")])
def test_a_format_that_is_not_known(data: bytes, version: str) -> None:
    message = f"stored state has the format version {version}, this streamcore reads 1; upgrade streamcore"
    with pytest.raises(ValueError, match=f"^{message}$"):
        decode(data)


def test_lists_that_do_not_fit_their_items() -> None:
    data = with_text(encode([[1, 2]]), b"list\x91\x02", b"list\x91\x03")
    message = "stored lists have 3 items in all, but 2 were found; the state is damaged"
    with pytest.raises(ValueError, match=f"^{message}$"):
        decode(data)


def test_bytes_that_make_no_sense() -> None:
    message = (
        "stored state cannot be read: DecodeError: Input data was truncated; it is damaged, or a class has changed"
    )
    with pytest.raises(ValueError, match=f"^{message}$"):
        decode(encode(SAMPLE)[:-1])


@given(st.data())
def test_whatever_is_damaged_there_is_one_kind_of_error(data: st.DataObject) -> None:
    stored = bytearray(encode(SAMPLE))
    for _ in range(data.draw(st.integers(1, 3))):
        stored[data.draw(st.integers(0, len(stored) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(StateDecodingError):
        decode(bytes(stored))
