"""Deadlines of triggers: each is met once, in the order of time, before what arrives after it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from streamcore import GroupByKey, Map, Pipeline, Read, WindowInto, Write
from streamcore.model.source import Batch, Reader, Source
from streamcore.model.trigger import Trigger
from streamcore.model.windowing import Windowing
from streamcore.testing import VirtualClock
from streamcore.transforms.flatten import Flatten
from streamcore.triggers import AfterAll, AfterAny, AfterProcessingTime, Always, DefaultTrigger, Repeatedly
from streamcore.windowing import FixedWindows
from tests.laws.arrivals import Element, Event, Pause, Replay, cut
from tests.laws.runs import Build, Rows


def panes(trigger: Trigger, events: list[Event]) -> list[list[int]]:
    pipeline = Build(Replay(cut(events), 1), 256)
    pipeline.group(pipeline.read(None, [0]), Windowing(FixedWindows(10), trigger), GroupByKey(), "panes")
    return [row.value for _, row in pipeline.run().panes()]


def test_a_deadline_that_stays_is_met_once() -> None:
    # The clock has passed the deadline of the part that waits for the watermark, and the other part always fires.
    trigger = AfterAny(AfterAll(DefaultTrigger(), AfterProcessingTime(3)), Always())
    assert panes(trigger, [Element(0, "a", 1, 0), Pause(5)]) == [[1], []]


class Slow(Source[Element]):
    """Gives its elements after so many turns of the event loop, during which the clock moves on."""

    bounded = True
    clock: VirtualClock

    def __init__(self, clock: VirtualClock, turns: int, seconds: int, elements: list[Element]) -> None:
        self.clock = clock
        self.turns = turns
        self.seconds = seconds
        self.elements = elements

    def open(self, split: str, position: Any) -> Reader[Element]:
        return SlowReader(self)


class SlowReader(Reader[Element]):
    def __init__(self, source: Slow) -> None:
        self._source: Slow | None = source

    async def poll(self, limit: int) -> Batch[Element] | None:
        source, self._source = self._source, None
        if source is None:
            return None
        for _ in range(source.turns):
            await asyncio.sleep(0)
        source.clock.advance(source.seconds)
        return Batch(source.elements, [element.time for element in source.elements])


@pytest.mark.parametrize("turns", range(12))
def test_a_deadline_comes_before_the_elements_that_arrive_after_it(turns: int) -> None:
    clock = VirtualClock()
    rows = Rows()
    with Pipeline() as pipeline:
        first = pipeline | "first" >> Read(Slow(clock, 0, 0, [Element(0, "a", 1, 0)]))
        second = pipeline | "second" >> Read(Slow(clock, turns + 4, 5, [Element(1, "a", 2, 0), Element(1, "a", 3, 0)]))
        windows = WindowInto(Windowing(FixedWindows(10), Repeatedly(AfterProcessingTime(3))))
        pairs = (first, second) | Flatten() | Map(lambda element: (element.key, element.number))
        _ = pairs | windows | GroupByKey() | Write(rows)
    assert [row.value for row in rows.by_key["a"]] == [[1], [2, 3]]
