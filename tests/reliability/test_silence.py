"""A partition that is silent for an hour."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from streamcore import BoundedOutOfOrderness, CombinePerKey, FixedWindows, Map, Pipeline, Timestamp, WindowInto
from streamcore.engine.runtime import Job
from streamcore.io import WriteToCallable
from streamcore.io.kafka import ReadFromKafka
from streamcore.testing import VirtualClock
from streamcore.transforms.read import Read
from tests.engine.sources import Counting, Gate, GatedSource, calm
from tests.io.kafka.topics import fill
from tests.servers.broker import Broker
from tests.servers.plugin import MakeTopic

pytestmark = pytest.mark.integration


async def until(done: Callable[[], bool]) -> None:
    """Waits for what a real broker brings."""
    async with asyncio.timeout(30):
        while not done():
            await asyncio.sleep(0.01)


async def test_a_partition_that_is_silent_for_an_hour(kafka: Broker, make_topic: MakeTopic) -> None:
    topic, clock = make_topic(2), VirtualClock()
    silent_clock = GatedSource(Counting(None), Gate())
    silent_clock.clock = clock
    seen: list[Any] = []
    sums: list[Any] = []
    p = Pipeline()
    _ = p | "clock" >> Read(silent_clock)
    numbers = (
        p
        | ReadFromKafka(
            topic,
            kafka.bootstrap,
            start="earliest",
            value_deserializer=int,
            timestamp=lambda record: Timestamp(record[1]),
            watermark=BoundedOutOfOrderness(0, idle_timeout=3600),
        )
        | Map(lambda record: ("all", record[1]))
    )
    _ = numbers | "seen" >> WriteToCallable(seen.append)
    _ = numbers | WindowInto(FixedWindows(60)) | CombinePerKey(sum) | "sums" >> WriteToCallable(sums.append)
    job = Job(p)
    fill(kafka, topic, [b"10", b"20", b"70", b"15"], partitions=[0, 0, 0, 1])
    await until(lambda: len(seen) == 4)
    await calm()
    clock.advance(3599)
    fill(kafka, topic, [b"80"], partitions=[0])
    await until(lambda: len(seen) == 5)
    await calm()
    assert sums == [], "the silent partition may still bring elements of the first minute"
    clock.advance(1)
    await until(lambda: bool(sums))
    assert sums == [("all", 45)]
    fill(kafka, topic, [b"75", b"130"], partitions=[1, 1])
    fill(kafka, topic, [b"140"], partitions=[0])
    await until(lambda: len(sums) == 2)
    assert sums[1] == ("all", 225)
    await job.cancel()
