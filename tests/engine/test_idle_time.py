"""For how long a split has had nothing: not by a clock that is set, nor while the process was held up."""

from __future__ import annotations

from typing import Any

import pytest

from streamcore import BoundedOutOfOrderness, CombineGlobally, FixedWindows, Pipeline, Read, WindowInto
from streamcore.io import WriteToCallable
from streamcore.model.clock import Clock
from tests.engine.clocks import HOUR, MachineClock, SetClock
from tests.engine.sources import FedSource, calm


class Sums:
    """A run that sums the elements of two splits in windows of 10 s, and takes one for idle after 30 s."""

    def __init__(self, clock: Clock) -> None:
        self.source = FedSource("a", "b", clock=clock)
        self.panes: list[int] = []

    async def __aenter__(self) -> Sums:
        p = Pipeline()
        numbers = (
            p | Read(self.source, watermark=BoundedOutOfOrderness(0, idle_timeout=30)) | WindowInto(FixedWindows(10))
        )
        _ = numbers | CombineGlobally(sum).without_defaults() | WriteToCallable(self.panes.append)
        self._handle = await p.run_async()
        self.source.feed("a", 1, 12)
        self.source.feed("b", 3)
        await calm()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._handle.cancel()

    async def feed(self, split: str, value: int) -> None:
        self.source.feed(split, value)
        await calm()


@pytest.mark.parametrize("shift", [-HOUR, HOUR])
async def test_a_clock_that_is_set_changes_nothing(shift: int) -> None:
    clock = SetClock()
    async with Sums(clock) as sums:
        clock.shift = shift
        clock.advance(20)
        await sums.feed("a", 13)
        assert sums.panes == []
        clock.advance(15)
        await calm()
        assert sums.panes == [4]


async def test_what_came_while_the_process_was_held_up_is_not_late() -> None:
    clock = MachineClock()
    async with Sums(clock) as sums:
        clock.hands.advance(3600)
        await calm()
        await sums.feed("b", 5)
        await sums.feed("b", 12)
        assert sums.panes == [9]


async def test_a_split_with_nothing_is_idle_soon_after_the_process_was_held_up() -> None:
    clock = MachineClock()
    async with Sums(clock) as sums:
        clock.hands.advance(3600)
        await calm()
        assert sums.panes == []
        clock.hands.advance(1)
        await calm()
        assert sums.panes == [4]


async def test_a_process_that_is_held_up_all_the_time_still_takes_splits_for_idle() -> None:
    clock = MachineClock()
    async with Sums(clock) as sums:
        for moment in (3600, 7200):
            clock.hands.advance_to(moment)
            await calm()
        assert sums.panes == [4]


async def test_a_look_in_time_needs_no_second_one() -> None:
    clock: Any = MachineClock()
    async with Sums(clock) as sums:
        clock.hands.advance(30)
        await calm()
        assert sums.panes == [4]
