"""What brokers tell of the ends of partitions, and what is made of it when one does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

import pytest

from streamcore.io.kafka import ends
from streamcore.io.kafka.client import TopicPartition
from streamcore.io.kafka.ends import PARTITIONS_AT_ONCE, TRUSTED, Ends
from streamcore.io.kafka.errors import KafkaConnectionError

ONE, OTHER = TopicPartition("t", 0), TopicPartition("t", 1)


class Brokers:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[Collection[TopicPartition]] = asyncio.Queue()
        self._answers: asyncio.Queue[Mapping[TopicPartition, int] | KafkaConnectionError] = asyncio.Queue()

    async def ask(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        self.asked.put_nowait(partitions)
        answer = await self._answers.get()
        if isinstance(answer, KafkaConnectionError):
            raise answer
        return answer

    async def answer(self, *answers: Mapping[TopicPartition, int] | KafkaConnectionError) -> None:
        """Gives answers one after another, until the next question is asked."""
        for answer in answers:
            await self.asked.get()
            self._answers.put_nowait(answer)
        self.asked.put_nowait(await self.asked.get())


@pytest.fixture(autouse=True)
def no_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ends, "INTERVAL", 0)


async def test_a_partition_whose_broker_does_not_answer_while_another_does() -> None:
    brokers = Brokers()
    told = Ends(brokers.ask)
    told.begin(ONE)
    told.begin(OTHER)
    assert not told.has_nothing_behind(ONE, 5)
    await brokers.answer({ONE: 5, OTHER: 7})
    assert told.has_nothing_behind(ONE, 5)
    assert told.has_nothing_behind(OTHER, 7)
    await brokers.answer({ONE: 5})
    assert told.has_nothing_behind(ONE, 5)
    assert not told.has_nothing_behind(OTHER, 7)
    await brokers.answer(KafkaConnectionError("nobody is there"))
    assert not told.has_nothing_behind(ONE, 5)
    told.note_answer(ONE)
    assert told.has_nothing_behind(ONE, 5)
    await told.stop()


async def test_after_a_standstill_a_broker_must_be_heard_again() -> None:
    brokers, now = Brokers(), 1000.0
    told = Ends(brokers.ask, lambda: now)
    told.begin(ONE)
    await brokers.answer({ONE: 5})
    now += TRUSTED / 2
    assert told.has_nothing_behind(ONE, 5)
    now += TRUSTED  # the process was stopped
    assert not told.has_nothing_behind(ONE, 5)
    await brokers.answer({ONE: 6})
    assert not told.has_nothing_behind(ONE, 5)
    assert told.has_nothing_behind(ONE, 6)
    await told.stop()


async def test_a_partition_that_has_more_than_was_read() -> None:
    brokers = Brokers()
    told = Ends(brokers.ask)
    told.begin(ONE)
    await brokers.answer({ONE: 5})
    assert not told.has_nothing_behind(ONE, 4)
    assert (told.lag(ONE, 4), told.lag(ONE, 6), told.lag(OTHER, 0)) == (1, 0, None)
    told.end(ONE)
    assert told.lag(ONE, 4) is None
    await told.stop()


async def test_what_was_read_tells_an_end_until_a_broker_does() -> None:
    brokers = Brokers()
    told = Ends(brokers.ask)
    told.begin(ONE)
    assert set(told.unknown()) == {ONE}
    told.note_first(ONE, 3)
    assert told.lag(ONE, 0) == 3
    await brokers.answer({ONE: 9})
    told.note_first(ONE, 3)
    assert told.lag(ONE, 0) == 9
    assert not told.unknown()
    await told.stop()


async def test_many_partitions_are_asked_for_in_parts() -> None:
    brokers = Brokers()
    told = Ends(brokers.ask)
    partitions = [TopicPartition("t", number) for number in range(PARTITIONS_AT_ONCE + 1)]
    for partition in partitions:
        told.begin(partition)
    assert [len(await brokers.asked.get()) for _ in range(2)] == [PARTITIONS_AT_ONCE, 1]
    await told.stop()
