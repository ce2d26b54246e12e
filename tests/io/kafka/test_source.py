"""What the source behind ReadFromKafka does beside reading; without a broker."""

from __future__ import annotations

from typing import Any

import pytest

from streamcore.io.kafka import KafkaError, ReadFromKafka
from streamcore.io.kafka.serde import refuse_record


class Group:
    """The part of a consumer that commits offsets; fails with one reason after the other, empty for none."""

    def __init__(self, reasons: list[str]) -> None:
        self._reasons = reasons

    async def commit(self, offsets: Any) -> None:
        reason = self._reasons.pop(0)
        if reason:
            raise KafkaError(reason)


async def test_offsets_that_cannot_be_committed_are_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    source: Any = ReadFromKafka("clicks", "localhost:9092", group_id="g")._source(refuse_record)
    source._consumer = Group(["members", "members", "gone", "gone", "", "gone", ""])
    told = []
    for _ in range(7):
        await source.checkpointed({"clicks/0": (5, "", None)})
        told.append([message.partition(": ")[2] for message in caplog.messages])
        caplog.clear()
    assert told == [["members"], [], ["gone"], [], [], ["gone"], []]
