"""Committing for a group while no broker answers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from streamcore.io.kafka.client import CommittedOffset, TopicPartition
from streamcore.io.kafka.confluent import bounded_call, connecting
from streamcore.io.kafka.confluent.client_log import ClientLog
from streamcore.io.kafka.confluent.group_offsets import GroupOffsets
from streamcore.io.kafka.errors import KafkaConnectionError
from streamcore.io.kafka.settings import ClientSettings

OFFSETS = {TopicPartition("t", 0): CommittedOffset(1)}


class Silent:
    """A client that waits for its broker, as librdkafka does."""

    def __init__(self) -> None:
        self.is_back = threading.Event()
        self.commits = 0
        self.has_ended = threading.Event()

    def commit(self, offsets: Any, asynchronous: bool) -> list[Any]:
        self.commits += 1
        self.is_back.wait()
        return []

    def close(self) -> None:
        self.is_back.wait()
        self.has_ended.set()


@pytest.fixture
def client() -> Iterator[Silent]:
    made = Silent()
    yield made
    made.is_back.set()


@pytest.fixture
def group(client: Silent, monkeypatch: pytest.MonkeyPatch) -> GroupOffsets:
    monkeypatch.setattr(connecting, "GRACE", 0)
    settings = ClientSettings("b:1", group_id="g", timeout=0.01)
    made = GroupOffsets(settings, ClientLog(settings))
    made._client = client
    return made


async def test_a_commit_that_gets_no_answer(group: GroupOffsets, client: Silent) -> None:
    with pytest.raises(KafkaConnectionError) as caught:
        await group.commit(OFFSETS)
    assert str(caught.value) == "cannot commit offsets of group 'g' at b:1: the client gave no answer within 0.01 s"
    with pytest.raises(KafkaConnectionError) as again:
        await group.commit(OFFSETS)
    assert str(again.value) == "cannot commit offsets of group 'g' at b:1: an earlier commit has got no answer yet"
    assert client.commits == 1
    client.is_back.set()
    async with asyncio.timeout(30):
        while client.commits == 1:
            try:
                await group.commit(OFFSETS)
            except KafkaConnectionError:
                await asyncio.sleep(0)


async def test_a_client_that_does_not_end(group: GroupOffsets, client: Silent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_call, "ENDING", 0.01)
    await group.close()
    assert not client.has_ended.is_set()
    client.is_back.set()
    assert client.has_ended.wait(30)
