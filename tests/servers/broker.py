"""What tests may ask of a Kafka broker, whichever it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

USER, PASSWORD = "alice", "alice-s3cret-word"
# Has no rights but those that a test gives it.
GUEST, GUEST_PASSWORD = "bob", "bob-s3cret-word"
POLL_SECONDS = 0.02


class Broker(Protocol):
    """A broker of one node.

    Attributes:
        name: What it is, for the summary of the test run.
        bootstrap: Its address without encryption or passwords.
        sasl: The address that asks for the password of `USER` or `GUEST`; None if it has none.
        tls: The address with encryption; None if it has none.
        ca_file: The certificate that clients of `tls` trust.
        is_real: Whether it is Apache Kafka, and can be killed and paused.
    """

    name: str
    bootstrap: str
    sasl: str | None
    tls: str | None
    ca_file: str | None
    is_real: bool

    def start(self) -> None:
        """Starts it, on the data it had before; does nothing while it runs."""
        ...

    def kill(self) -> None:
        """Ends it as a crash does."""
        ...

    def pause(self) -> None:
        """Holds it: connections stay open and nothing answers."""
        ...

    def resume(self) -> None:
        """Ends `pause`."""
        ...

    def stop(self) -> None:
        """Ends it and removes its data."""
        ...


def wait_until(done: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Asks again and again, to a bound."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} took more than {seconds} s")
        time.sleep(POLL_SECONDS)  # noqa: TID251  # a real server is waited for


def is_ready(bootstrap: str) -> bool:
    """Whether a broker answers and is part of a cluster."""
    try:
        admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
        return bool(admin.list_topics(timeout=1).brokers)
    except KafkaException:
        return False
