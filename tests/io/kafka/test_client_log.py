"""What the clients report on the side, and what is made of it."""

from __future__ import annotations

import logging

import pytest
from confluent_kafka import KafkaError as ClientError

from streamcore.io.kafka.aio.client_log import OncePerMinute
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


def test_one_broker_of_several_that_is_gone() -> None:
    log = log_of(ClientError._TRANSPORT, "Connection refused")
    assert log.has_brokers
    log.report(ClientError(ClientError._ALL_BROKERS_DOWN, "2/2 brokers are down"))
    assert not log.has_brokers
    log.note_success()
    assert log.has_brokers


def test_aiokafka_does_not_say_the_same_again_and_again() -> None:
    log = logging.getLogger("aiokafka.cluster")
    (once,) = (known for known in log.filters if isinstance(known, OncePerMinute))
    once = type(once)()

    def passes(topic: str, moment: float) -> bool:
        record = log.makeRecord(
            log.name, logging.ERROR, "", 0, "Topic %s not found in cluster metadata", (topic,), None
        )
        record.created = moment
        return once.filter(record)

    assert [passes("a", 0.0), passes("b", 0.1), passes("a", 0.2), passes("a", 59.9), passes("b", 60.0)] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert passes("a", 60.0)
    assert passes("b", 60.2)
