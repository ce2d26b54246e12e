"""The count of what waits, which decides whether a consumer is polled, is right whatever happens."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, strategies as st

from streamcore.io.kafka.client import TopicPartition
from streamcore.io.kafka.confluent.backlog import MOST_BYTES, MOST_RECORDS, Backlog, PartitionBacklog
from streamcore.io.kafka.records import Records

PARTITIONS = [TopicPartition("t", number) for number in range(2)]
Waits = dict[PartitionBacklog, asyncio.Task[None]]


def records(count: int, size: int) -> Records:
    return Records([None] * count, [b"x" * size] * count, [0] * count, [1] * count, range(count), [None] * count, count)


def do_nothing() -> None: ...


def change(backlog: Backlog, waits: Waits, partition: TopicPartition, what: str, size: int) -> None:
    """Makes one of the calls that a consumer makes."""
    one = backlog.partitions.get(partition)
    if one is None:
        backlog.begin(partition, 0, 0)
    elif what == "end":
        backlog.end(partition)
    elif what == "cancel" and one in waits:
        waits.pop(one).cancel()
    elif what == "put":
        one.put(records(1 + size % 5, size))
    elif what == "take" and one.has_something:
        one.take(1 + size % 3)
    elif what == "pause" and one.count and not one.is_paused:
        one.pause()
    elif what == "resume" and one.is_paused:
        one.resume()
    elif what == "wait" and not one.has_something and one not in waits:
        waits[one] = asyncio.create_task(one.wait(do_nothing))


def expected(backlog: Backlog, waits: Waits) -> tuple[bool, bool]:
    active = [one for one in backlog.partitions.values() if not one.is_paused]
    full = sum(one.count for one in active) >= MOST_RECORDS or sum(one.size for one in active) >= MOST_BYTES
    return full, bool(waits) and not full


calls = st.tuples(
    st.sampled_from(PARTITIONS),
    st.sampled_from(["put", "put", "take", "wait", "pause", "resume", "end", "cancel"]),
    st.sampled_from([0, 7, MOST_BYTES // 6]),
)


@given(st.lists(calls, min_size=20, max_size=60))
def test_it_is_known_whether_to_poll(steps: list[Any]) -> None:
    async def run() -> None:
        backlog, waits = Backlog(), Waits()
        for partition, what, size in steps:
            change(backlog, waits, partition, what, size)
            await asyncio.sleep(0)
            await asyncio.sleep(0)  # whoever was woken or cancelled has noticed
            for one in [one for one, wait in waits.items() if wait.done()]:
                del waits[one]
            assert (backlog.is_full(), backlog.is_wanted()) == expected(backlog, waits)
        for wait in waits.values():
            wait.cancel()

    asyncio.run(run())


def test_partitions_that_keep_others_waiting_are_told() -> None:
    async def run() -> None:
        backlog = Backlog()
        for partition in PARTITIONS:
            backlog.begin(partition, 0, 0)
        first, second = backlog.partitions.values()
        first.put(records(3, 1))
        assert backlog.stalled() == [], "nobody waits"
        waiting = asyncio.create_task(second.wait(do_nothing))
        await asyncio.sleep(0)
        assert backlog.stalled() == [PARTITIONS[0]]
        first.pause()
        assert backlog.stalled() == []
        waiting.cancel()

    asyncio.run(run())
