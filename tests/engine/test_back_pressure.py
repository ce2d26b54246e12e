"""Sinks that are slower than the sources, which have to wait for them."""

from __future__ import annotations

import asyncio
from typing import Any

from streamcore.graph.pipeline import Pipeline
from streamcore.model.bundle import Bundle
from streamcore.model.sink import Sink
from streamcore.model.watermark import BoundedOutOfOrderness
from streamcore.testing import VirtualClock
from streamcore.transforms.elementwise import Map
from streamcore.transforms.group import CombinePerKey
from streamcore.transforms.read import Read
from streamcore.transforms.window_into import WindowInto
from streamcore.transforms.write import Write
from streamcore.windowing import FixedWindows
from tests.engine.sources import FedSource, calm
from tests.engine.test_runtime import Collected, start


class Gate(Sink[Any]):
    """Takes a bundle only when the test opens the gate."""

    def __init__(self) -> None:
        self.open_gate = asyncio.Event()
        self.taken = 0

    async def write(self, bundle: Bundle) -> None:
        await self.open_gate.wait()
        self.taken += len(bundle.values)


async def test_a_slow_sink_stops_the_source() -> None:
    p = Pipeline()
    source, gate = FedSource("a"), Gate()
    _ = p | Read(source) | Write(gate)
    handle = await start(p)
    for _ in range(20):
        source.feed("a", *range(2000))
    await calm(400)
    assert source.readers["a"].polls < 6
    assert gate.taken == 0
    gate.open_gate.set()
    source.end()
    assert await handle.wait() == "DONE"
    assert gate.taken == 40_000


class Picture:
    """Tells that it takes a megabyte."""

    def __sizeof__(self) -> int:
        return 1 << 20


async def test_large_elements_stop_the_source_sooner() -> None:
    p = Pipeline()
    source, gate = FedSource("a"), Gate()
    _ = p | Read(source) | Map(lambda number: (number, {"picture": Picture()})) | Write(gate)
    handle = await start(p)
    for _ in range(20):
        source.feed("a", *range(12))
    await calm(400)
    assert source.readers["a"].polls == 4, "one that is being written, and three that wait"
    gate.open_gate.set()
    source.end()
    assert await handle.wait() == "DONE"
    assert gate.taken == 240


async def test_large_elements_that_nobody_takes_from_a_stream_stop_the_source_sooner() -> None:
    p = Pipeline()
    source = FedSource("a")
    pictures = p | Read(source) | Map(lambda number: Picture())
    handle = await start(p)
    stream = handle.stream(pictures)
    for _ in range(40):
        source.feed("a", *range(12))
    await calm(400)
    assert source.readers["a"].polls == 6, "32 in the stream, with what is being written, and three batches that wait"
    source.end()
    assert len([element async for element in stream]) == 480
    assert await handle.wait() == "DONE"


async def test_a_split_that_is_held_up_by_a_sink_is_not_idle() -> None:
    p = Pipeline()
    clock = VirtualClock()
    source, gate = FedSource("a", "b", clock=clock), Gate()
    numbers = p | Read(source, watermark=BoundedOutOfOrderness(0, idle_timeout=30))
    panes = numbers | WindowInto(FixedWindows(10)) | Map(lambda value: ("all", value)) | CombinePerKey(sum)
    sums = Collected()
    _, _ = panes | "sums" >> Write(sums), numbers | "gate" >> Write(gate)
    handle = await start(p)
    source.feed("a", 1)
    await calm()
    clock.advance(20)
    source.feed("a", *range(2, 9), *[15] * 5000)
    await calm()
    source.feed("b")
    await calm()
    clock.advance(20)  # in which b is not asked
    gate.open_gate.set()
    await calm(400)
    assert sums.values == []
    clock.advance(15)  # now it has had nothing for 35 s
    await calm()
    assert sums.values == [("all", 36)]
    await handle.cancel()
