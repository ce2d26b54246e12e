"""What the clients report on the side, and what is made of it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from aiokafka.cluster import ClusterMetadata
from aiokafka.protocol.metadata import MetadataResponse_v0
from confluent_kafka import KafkaError as ClientError

from streamcore.io.kafka.aio import client_log
from streamcore.io.kafka.aio.client_log import ConnectionLog, OncePerMinute
from streamcore.io.kafka.confluent.client_log import ClientLog
from streamcore.io.kafka.errors import KafkaAuthenticationError
from streamcore.io.kafka.settings import ClientSettings


def log_of(code: int, said: str) -> ClientLog:
    log = ClientLog(ClientSettings("localhost:9092"))
    log.report(ClientError(code, said))
    return log


def test_credentials_that_are_refused_end_it() -> None:
    refusal = log_of(ClientError._AUTHENTICATION, "SASL authentication error: Invalid username or password").refusal()
    assert isinstance(refusal, KafkaAuthenticationError)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (ClientError._TRANSPORT, "Connection refused"),
        (
            ClientError._AUTHENTICATION,
            "GroupCoordinator: SASL PLAIN mechanism handshake failed: Local: Broker transport failure: broker's "
            "supported mechanisms: (n/a) (after 0ms in state DOWN)",
        ),
    ],
)
def test_a_broker_that_is_gone_may_come_back(code: int, said: str) -> None:
    log = log_of(code, said)
    assert log.refusal() is None
    assert not log.is_connected
    assert log.last_failure() == said


def test_a_topic_that_is_gone_is_no_lost_connection(caplog: pytest.LogCaptureFixture) -> None:
    log = log_of(ClientError.UNKNOWN_TOPIC_OR_PART, "clicks [0]: topic does not exist")
    assert log.is_connected
    assert not caplog.records


def test_all_brokers_are_gone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "streamcore.io.kafka")
    log = log_of(ClientError._ALL_BROKERS_DOWN, "0/2 brokers are down")
    assert not log.has_brokers
    assert not caplog.messages  # librdkafka says so, too, when an idle connection is closed
    for _ in range(2):
        log.note_failure()
        log.report(ClientError(ClientError._ALL_BROKERS_DOWN, "2/2 brokers are down"))
    assert caplog.messages == ["connection to Kafka at localhost:9092 lost: no broker answers"]
    log.note_success()
    assert log.has_brokers
    log.note_success()
    assert caplog.messages[1:] == ["connected to Kafka at localhost:9092 again"]
    log.report(ClientError(ClientError._TRANSPORT, "Connection refused"))
    log.note_failure()
    assert caplog.messages[2:] == ["connection to Kafka at localhost:9092 lost: Connection refused"]


def test_a_connection_that_was_idle_is_lost_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "streamcore.io.kafka")
    log = log_of(ClientError._ALL_BROKERS_DOWN, "1/1 brokers are down")
    log.note_success()
    assert log.is_connected
    assert not caplog.messages


def test_no_answer_without_a_report_is_only_slow(caplog: pytest.LogCaptureFixture) -> None:
    log = ClientLog(ClientSettings("localhost:9092"))
    log.note_failure()
    assert not caplog.messages
    log.report(ClientError(ClientError._TRANSPORT, "Connection refused"))
    log.note_failure()
    assert caplog.messages == ["connection to Kafka at localhost:9092 lost: Connection refused"]


def test_one_broker_of_several_that_is_gone(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    caplog.set_level(logging.INFO, "streamcore.io.kafka")
    log = log_of(ClientError._TRANSPORT, "b2:9092/2: Connection refused")
    assert log.has_brokers
    told = ["Kafka at localhost:9092 answers, but a connection is lost: b2:9092/2: Connection refused"]
    for _ in range(3):  # others answer
        log.note_success()
        assert log.is_connected
        assert caplog.messages == told
        log.report(ClientError(ClientError._TRANSPORT, "b2:9092/2: Connection refused"))
    monkeypatch.setattr(log, "_quiet_until", 0.0)
    log.note_success()
    assert caplog.messages == told * 2


def test_what_librdkafka_calls_an_emergency_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "streamcore.io.kafka")
    log = ClientLog(ClientSettings("b:1", {"sasl.password": "s3cret"}))
    log.log(logging.CRITICAL, "%s [%s] %s", "FATAL", "rdkafka#producer-1", "[thrd:main]: fenced, s3cret")
    log.log(logging.INFO, "%s [%s] %s", "INIT", "rdkafka#producer-1", "[thrd:main]: hello")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "librdkafka: FATAL [rdkafka#producer-1] [thrd:main]: fenced, ***"),
        ("INFO", "librdkafka: INIT [rdkafka#producer-1] [thrd:main]: hello"),
    ]


def line(said: str, *arguments: Any, level: int = logging.ERROR, moment: float = 0.0) -> logging.LogRecord:
    record = logging.getLogger("aiokafka").makeRecord("aiokafka", level, "", 0, said, arguments, None)
    record.created = moment
    return record


def test_aiokafka_does_not_say_the_same_again_and_again() -> None:
    once = OncePerMinute()

    def passes(topic: str, moment: float) -> bool:
        return once.filter(line("Topic %s not found in cluster metadata", topic, moment=moment))

    assert [passes("a", 0.0), passes("b", 0.1), passes("a", 0.2), passes("a", 59.9), passes("b", 60.0)] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert passes("a", 60.0)
    assert passes("b", 60.2)


def test_the_order_of_brokers_makes_no_new_line() -> None:
    once = OncePerMinute()
    assert [
        once.filter(line("Unable to update metadata from %s", brokers, moment=moment))
        for moment, brokers in enumerate([[1, 2, 3], [3, 1, 2], [1, 2]])
    ] == [True, False, True]


def test_tracebacks_and_what_was_asked_for_pass_always() -> None:
    once = OncePerMinute()
    failure = line("Unexpected error in fetcher routine")
    failure.exc_info = (ValueError, ValueError("x"), None)
    request = line("Request 1", level=logging.DEBUG)
    assert [once.filter(record) for record in (failure, failure, request, request)] == [True] * 4


@pytest.mark.parametrize(
    "name",
    [
        "aiokafka",
        "aiokafka.cluster",
        "aiokafka.conn",
        "aiokafka.consumer.fetcher",
        "aiokafka.consumer.group_coordinator",
        "aiokafka.consumer.subscription_state",
        "aiokafka.producer.sender",
    ],
)
def test_loggers_of_aiokafka_that_repeat_themselves(name: str) -> None:
    assert [type(known) for known in logging.getLogger(name).filters if isinstance(known, logging.Filter)] == [
        OncePerMinute
    ]


class Connections:
    """The part of a client of aiokafka that holds the connections."""

    def __init__(self) -> None:
        self.cluster = ClusterMetadata()
        self.asked = asyncio.Event()

    def force_metadata_update(self) -> None:
        self.asked.set()

    def fail(self) -> None:
        self.cluster.failed_update(None)

    def answer(self) -> None:
        self.cluster.update_metadata(MetadataResponse_v0([(1, "localhost", 9092)], []))


async def test_a_connection_of_aiokafka_that_is_lost_and_found(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, "streamcore.io.kafka")
    monkeypatch.setattr(client_log, "PAUSE", 0)
    connections = Connections()
    ConnectionLog(ClientSettings("b:1")).attach(connections)
    connections.answer()
    assert not caplog.messages
    for _ in range(2):
        connections.fail()
        connections.fail()
        await connections.asked.wait()  # brokers are asked again, whatever aiokafka does
        connections.asked.clear()
        connections.fail()
        await connections.asked.wait()
        connections.answer()
        connections.answer()
        assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
            ("WARNING", "connection to Kafka at b:1 lost: no broker answers"),
            ("INFO", "connected to Kafka at b:1 again"),
        ]
        caplog.clear()
        connections.asked.clear()
