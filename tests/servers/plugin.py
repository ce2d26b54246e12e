"""Fixtures of a Kafka broker, and what the summary of a test run says about it."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator, Mapping

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from tests.servers.broker import Broker, wait_until
from tests.servers.shared_broker import shared_broker

NEEDS_KAFKA = "needs Apache Kafka"
MakeTopic = Callable[..., str]


@pytest.fixture(scope="session")
def any_broker() -> Iterator[Broker]:
    """Apache Kafka where there is Java, else the embedded broker."""
    return shared_broker().get()


@pytest.fixture
def broker(any_broker: Broker) -> Broker:
    """The same, and it runs whatever the test before has done to it."""
    any_broker.start()
    return any_broker


@pytest.fixture
def kafka(broker: Broker) -> Iterator[Broker]:
    """Apache Kafka, which may be killed and paused; a test that needs it is left out where there is none."""
    if not broker.is_real:
        pytest.skip(f"{NEEDS_KAFKA}: {shared_broker().why_not_real}")
    yield broker
    broker.resume()
    broker.start()


@pytest.fixture
def admin(broker: Broker) -> AdminClient:
    """A client that makes and removes topics; a new one, as the broker may have been killed since the last."""
    return AdminClient({"bootstrap.servers": broker.bootstrap, "log_level": 0})


@pytest.fixture
def make_topic(broker: Broker, admin: AdminClient) -> MakeTopic:
    """Makes topics with names that no other test has."""
    run, numbers = uuid.uuid4().hex[:8], itertools.count(1)

    def make(partitions: int = 1, config: Mapping[str, str] | None = None, name: str | None = None) -> str:
        topic = name or f"topic-{run}-{next(numbers)}"
        # The embedded broker expires records by their own timestamps.
        settings = {"retention.ms": "-1", **(config or {})}
        admin.create_topics([NewTopic(topic, partitions, 1, config=settings)])[topic].result(30)
        # A broker that has much to do answers before all of it knows the topic.
        wait_until(lambda: topic in admin.list_topics(timeout=30).topics, f"the broker to know {topic}")
        return topic

    return make


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says which broker it was, and what was left out because it was not Apache Kafka."""
    name = shared_broker().describe()
    if not name:
        return
    left_out = [report for report in terminalreporter.stats.get("skipped", []) if NEEDS_KAFKA in str(report.longrepr)]
    terminalreporter.write_line(f"Kafka tests ran against {name}.")
    if left_out:
        why = shared_broker().why_not_real
        terminalreporter.write_line(f"{len(left_out)} tests need Apache Kafka and were left out: {why}.", yellow=True)


def pytest_unconfigure() -> None:
    """Ends the broker."""
    shared_broker().stop()
