from __future__ import annotations

import asyncio
import threading

import pytest

from streamcore.errors import PipelineError
from streamcore.testing import VirtualClock
from streamcore.timestamp import Duration, Timestamp

SECOND = 1_000_000


def test_starts_at_the_given_time_and_stands_still():
    clock = VirtualClock(start=5)
    assert clock.now() == 5 * SECOND
    assert clock.time() == Timestamp(5)


def test_starts_at_the_epoch_by_default():
    assert VirtualClock().now() == 0


def test_advances_by_seconds_and_to_a_moment():
    clock = VirtualClock()
    clock.advance(1.5)
    assert clock.now() == 1_500_000
    clock.advance(Duration(2))
    assert clock.time() == Timestamp(3.5)
    clock.advance_to(Timestamp(10))
    clock.advance_to(10)
    assert clock.time() == Timestamp(10)


def test_cannot_be_advanced_by_a_negative_time():
    with pytest.raises(PipelineError) as caught:
        VirtualClock().advance(-1)
    assert str(caught.value) == "a clock cannot go back: `seconds` must not be negative, got -1"


def test_cannot_be_advanced_to_the_past():
    with pytest.raises(PipelineError) as caught:
        VirtualClock(start=10).advance_to(9)
    assert str(caught.value) == (
        "a clock cannot go back: it is at Timestamp(10), got 9; use a clock with an earlier `start`"
    )


async def test_wakes_sleepers_in_the_order_of_their_moments():
    clock = VirtualClock()
    woken = []

    async def sleeper(name: str, moment: int) -> None:
        await clock.sleep_until(moment * SECOND)
        woken.append(name)

    tasks = [asyncio.create_task(sleeper(name, at)) for name, at in (("c", 9), ("a", 3), ("b", 3), ("d", 10))]
    await asyncio.sleep(0)
    assert clock.next_sleeper() == Timestamp(3)
    clock.advance(9)
    await asyncio.gather(*tasks[:3])
    assert woken == ["a", "b", "c"]
    assert clock.next_sleeper() == Timestamp(10)
    tasks[3].cancel()
    await asyncio.gather(tasks[3], return_exceptions=True)
    assert clock.next_sleeper() is None
    clock.advance(5)


async def test_a_moment_that_has_come_is_not_waited_for():
    clock = VirtualClock(start=5)
    await clock.sleep_until(5 * SECOND)
    await clock.sleep(0)
    assert clock.now() == 5 * SECOND


async def test_auto_jump_goes_from_sleeper_to_sleeper():
    clock = VirtualClock(auto_jump=True)
    log = []

    async def tick(name: str, seconds: float, times: int) -> None:
        for _ in range(times):
            await clock.sleep(seconds)
            log.append((name, clock.now() // SECOND))

    await asyncio.gather(tick("slow", 3600, 2), tick("fast", 1000, 4))
    assert log == [
        ("fast", 1000),
        ("fast", 2000),
        ("fast", 3000),
        ("slow", 3600),
        ("fast", 4000),
        ("slow", 7200),
    ]


async def test_auto_jump_waits_for_tasks_that_have_something_to_do():
    clock = VirtualClock(auto_jump=True)
    sleeper = asyncio.create_task(clock.sleep(1))
    for _ in range(200):  # this task gives way again and again, but never waits
        await asyncio.sleep(0)
        assert clock.now() == 0
    await sleeper
    assert clock.now() == SECOND


async def test_auto_jump_sees_a_long_chain_of_events():
    clock = VirtualClock(auto_jump=True)
    sleeper = asyncio.create_task(clock.sleep(1))
    events = [asyncio.Event() for _ in range(50)]

    async def relay(number: int) -> None:
        await events[number].wait()
        assert clock.now() == 0
        events[number + 1].set()

    relays = [asyncio.create_task(relay(number)) for number in range(49)]
    events[0].set()
    await events[49].wait()
    assert clock.now() == 0
    await asyncio.gather(sleeper, *relays)


async def test_auto_jump_sees_callbacks_on_their_way():
    clock = VirtualClock(auto_jump=True)
    sleeper = asyncio.create_task(clock.sleep(1))
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def call(times: int) -> None:
        if times:
            loop.call_soon(call, times - 1)
        else:
            done.set_result(clock.now())

    call(10)
    assert await done == 0
    await sleeper


async def test_auto_jump_is_held_while_a_thread_works():
    clock = VirtualClock(auto_jump=True)
    sleeper = asyncio.create_task(clock.sleep(1))
    await asyncio.sleep(0)
    go_on = threading.Event()
    asyncio.get_running_loop().call_later(0.01, go_on.set)
    with clock.hold():
        await asyncio.to_thread(go_on.wait)
        assert clock.now() == 0
    await sleeper
    assert clock.now() == SECOND


async def test_auto_jump_forgets_sleepers_that_were_cancelled():
    clock = VirtualClock(auto_jump=True)
    sleeper = asyncio.create_task(clock.sleep(1))
    await asyncio.sleep(0)
    sleeper.cancel()
    await asyncio.gather(sleeper, return_exceptions=True)
    await clock.sleep(5)
    assert clock.now() == 5 * SECOND


def test_a_clock_may_be_used_from_one_loop_after_another():
    clock = VirtualClock(auto_jump=True)
    asyncio.run(clock.sleep(1))
    asyncio.run(clock.sleep(1))
    assert clock.now() == 2 * SECOND


def test_without_auto_jump_nobody_moves_it():
    clock = VirtualClock()

    async def main() -> bool:
        sleeper = asyncio.create_task(clock.sleep(1))
        for _ in range(200):
            await asyncio.sleep(0)
        sleeper.cancel()
        return clock.now() == 0

    assert asyncio.run(main())
