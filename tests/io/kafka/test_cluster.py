"""What is made of the answers of a cluster that is there in part."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import OFFSET_INVALID

from streamcore.io.kafka.client import TopicPartition
from streamcore.io.kafka.confluent import ConfluentConsumer
from streamcore.io.kafka.confluent.cluster import ClusterQueries
from streamcore.io.kafka.errors import KafkaConnectionError
from streamcore.io.kafka.settings import ClientSettings


class OneLeaderIsSilent:
    """An admin client that gets no answer for partitions with an odd number, as librdkafka tells it."""

    def __init__(self) -> None:
        self.refreshed = 0

    def list_offsets(self, asked: dict[Any, Any], **options: Any) -> dict[Any, Future[Any]]:
        answers: dict[Any, Future[Any]] = {partition: Future() for partition in asked}
        for partition, answer in answers.items():
            answer.set_result(SimpleNamespace(offset=OFFSET_INVALID if partition.partition % 2 else 5))
        return answers

    def list_topics(self, timeout: float) -> None:
        self.refreshed += 1


@pytest.fixture
def queries() -> ClusterQueries:
    made = ClusterQueries(ClientSettings("127.0.0.1:1"))
    made._admin = OneLeaderIsSilent()
    return made


async def test_an_offset_that_no_broker_has_told_is_an_error(queries: ClusterQueries) -> None:
    with pytest.raises(KafkaConnectionError) as caught:
        await queries.end_offsets([TopicPartition("t", 0), TopicPartition("t", 1)])
    assert str(caught.value) == (
        "cannot look up offsets of partition 1 of topic 't' at 127.0.0.1:1: its broker gave no answer within 30 s"
    )


async def test_the_ends_that_are_told_in_a_moment(queries: ClusterQueries) -> None:
    found = await queries.ends_that_are_told([TopicPartition("t", 0), TopicPartition("t", 1)])
    assert found == {TopicPartition("t", 0): 5}
    assert queries._admin.refreshed == 1


async def test_a_client_that_was_closed_ends_without_the_garbage_collector() -> None:
    gc.disable()
    try:
        consumer = ConfluentConsumer(ClientSettings("127.0.0.1:1"))
        admin = weakref.ref(consumer._admin)
        await consumer.close()
        assert admin() is None
    finally:
        gc.enable()
