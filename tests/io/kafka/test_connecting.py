"""When a connection is told to be lost, and when to be there again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from confluent_kafka import KafkaError as ClientError, KafkaException

from streamcore.io.kafka.client import Outgoing, TopicPartition
from streamcore.io.kafka.confluent import ConfluentConsumer, ConfluentProducer
from streamcore.io.kafka.confluent.client_log import ClientLog
from streamcore.io.kafka.confluent.connecting import Calls
from streamcore.io.kafka.errors import KafkaConnectionError
from streamcore.io.kafka.settings import ClientSettings

SETTINGS = ClientSettings("b:1", timeout=0.0)
LOST = "connection to Kafka at b:1 lost: b:1/bootstrap: Connection refused"
AGAIN = "connected to Kafka at b:1 again"


class Late:
    """A client of confluent-kafka that tells of a failed try only when it is polled, after the answer to a later one.

    Args:
        report: What it reports to.
        answers: Whether each try is answered, in their order.
    """

    def __init__(self, report: Callable[[ClientError], None], answers: Sequence[bool]) -> None:
        self._report = report
        self._answers = iter(answers)
        self._failures = 0
        self.tries = 0

    def fail(self) -> None:
        """A try that the client makes by itself fails."""
        self._failures += 1

    def list_topics(self, topic: str | None = None, timeout: float = -1) -> None:
        self._failures += 1
        self.tries += 1
        if not next(self._answers):
            raise KafkaException(ClientError(ClientError._TRANSPORT))

    def poll(self, timeout: float, /) -> None:
        for _ in range(self._failures):
            self._report(ClientError(ClientError._TRANSPORT, "b:1/bootstrap: Connection refused"))
        self._failures = 0

    def consume(self, count: int, timeout: float) -> list[Any]:
        self.poll(timeout)
        return []

    def produce(self, *row: Any) -> None:
        """Takes any record."""

    def flush(self, timeout: float) -> int:
        self.poll(timeout)
        return 0


@pytest.fixture(autouse=True)
def told(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Takes what was logged since the last call."""
    caplog.set_level(logging.INFO, "streamcore.io.kafka")

    def take() -> list[str]:
        messages = caplog.messages[:]
        caplog.clear()
        return messages

    return take


async def test_a_broker_that_is_late_is_told_once(told: Callable[[], list[str]]) -> None:
    log = ClientLog(SETTINGS)
    first, second = Late(log.report, [False, True]), Late(log.report, [False, True])
    await Calls(ClientSettings("b:1"), log).connect(first, second)
    assert told() == [LOST, AGAIN]
    first.poll(0)
    second.poll(0)
    assert told() == []
    assert log.is_connected


async def test_a_cluster_that_answers_one_client_only(told: Callable[[], list[str]]) -> None:
    log = ClientLog(SETTINGS)
    with pytest.raises(KafkaConnectionError):
        await Calls(SETTINGS, log).connect(Late(log.report, [True]), Late(log.report, [False, False]))
    assert told() == [LOST]


async def test_a_consumer_does_not_take_old_reports_for_new_ones(told: Callable[[], list[str]]) -> None:
    consumer = ConfluentConsumer(SETTINGS)
    consumer._backlog.begin(TopicPartition("t", 0), 0, 0)
    client: Any = Late(consumer._log.report, [False, True])
    polling, consumer._polling._client = consumer._polling._client, client
    consumer._client, real = client, consumer._client
    try:
        client.fail()
        said = []
        for _ in range(5):
            consumer._polling._wait()
            said.append(told())
        assert said == [[LOST], [], [AGAIN], [], []]
        assert client.tries == 2
        assert consumer._log.is_connected
    finally:
        consumer._polling._client, consumer._client = polling, real
        await consumer.close()


@pytest.mark.parametrize("writes", [False, True])
async def test_a_producer_tells_that_brokers_are_back(
    told: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch, writes: bool
) -> None:
    monkeypatch.setattr("streamcore.io.kafka.confluent.producer.SERVE", 0)
    producer = ConfluentProducer(SETTINGS)
    client: Any = Late(producer._log.report, [False, False, True])
    producer._client = client
    client.fail()

    async def go_on() -> None:
        if writes:
            await producer.send(Outgoing("t", [b"value"], [None]))
        else:
            await producer.flush()

    said = []
    for _ in range(4):
        await go_on()
        said.append(told())
    assert said == [[LOST], [], [AGAIN], []]
