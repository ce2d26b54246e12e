"""Estimates of what bundles take in memory."""

from __future__ import annotations

import collections
import dataclasses
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import pytest

from streamcore.engine.core.egress import SinkNode
from streamcore.engine.core.footprint import Scales
from streamcore.engine.core.node import Scheduler
from streamcore.model.bundle import Bundle

BLOB = b"x" * 1_000_000


class Plain:
    def __init__(self, blob: bytes) -> None:
        self.number = 1
        self.blob = blob


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    number: int
    blob: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Derived(Slotted):
    more: str = ""


class Struct(msgspec.Struct):
    number: int
    blob: bytes


class Untracked(msgspec.Struct, gc=False):
    number: int
    blob: bytes


class Pair(NamedTuple):
    number: int
    blob: bytes


def footprint(one: Bundle) -> int:
    return Scales().weigh(one)


def bundle(values: list[Any]) -> Bundle:
    return Bundle(values, 0, ())


@pytest.mark.parametrize("count", [1, 2, 3, 256])
@pytest.mark.parametrize(
    "make",
    [
        lambda: BLOB,
        lambda: bytearray(BLOB),
        lambda: BLOB.decode(),
        lambda: ("key", BLOB),
        lambda: [1, BLOB],
        lambda: {BLOB},
        lambda: collections.deque([BLOB]),
        lambda: {"id": 1, "blob": BLOB},
        lambda: ("key", {"event": {"blob": BLOB}}),
        lambda: ("key", [Plain(BLOB)]),
        lambda: Plain(BLOB),
        lambda: Slotted(1, BLOB),
        lambda: Derived(1, BLOB),
        lambda: Struct(1, BLOB),
        lambda: Untracked(1, BLOB),
        lambda: Pair(1, BLOB),
        lambda: ["x" * 1000] * 1000,
        lambda: dict.fromkeys(range(1000), "x" * 1000),
    ],
)
def test_what_is_large_is_found(make: Callable[[], object], count: int) -> None:
    size = footprint(bundle([make() for _ in range(count)]))
    assert 0.9 < size / (len(BLOB) * count) < 1.1


def test_small_elements_are_small() -> None:
    assert footprint(bundle([])) == 0
    assert footprint(bundle([1] * 1000)) == 1000 * sys.getsizeof(1)
    assert footprint(bundle([("key", 1, None)] * 1000)) < 300_000


@pytest.mark.parametrize("every", [2, 3, 10, 16])
def test_what_is_large_now_and_then_is_found(every: int) -> None:
    values = [BLOB if number % every == 1 else b"" for number in range(48 * 5 * 256)]
    scales = Scales()
    weighed = sum(scales.weigh(bundle(values[start : start + 256])) for start in range(0, len(values), 256))
    assert 0.9 < weighed * every / (len(BLOB) * len(values)) < 1.1


def test_a_broken_size_does_no_harm() -> None:
    class Broken:
        def __sizeof__(self) -> int:
            raise OSError("nobody knows")

    assert footprint(bundle([Broken()] * 10)) == 640


def test_elements_that_refer_to_themselves_have_an_end() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert footprint(bundle([loop])) < 1000


def sink_node() -> SinkNode:
    return SinkNode("sink", Scheduler(), 100, 3_500_000)


def test_a_queue_is_full_by_number_or_by_size() -> None:
    node = sink_node()
    for _ in range(99):
        node.push(bundle([1]))
        node.advance(5)
    assert not node.is_full()
    node.push(bundle([1]))
    assert node.is_full()

    node = sink_node()
    for _ in range(3):
        node.push(bundle([BLOB]))
        assert not node.is_full()
    node.push(bundle([BLOB]))
    assert node.is_full()


def test_what_is_taken_makes_room() -> None:
    node = sink_node()
    for _ in range(3):
        node.push(bundle([BLOB]))
    node.take()  # before anybody has asked
    for _ in range(2):
        node.push(bundle([BLOB]))
    assert node.is_full()
    for _ in range(50):
        node.take()
        assert not node.is_full()
        node.push(bundle([BLOB]))
        assert node.is_full()
    node.discard()
    assert not node.is_full()
