"""What librdkafka reports on the side: lost connections, refused credentials."""

from __future__ import annotations

import logging
import threading
from typing import Final

from confluent_kafka import KafkaError as ClientError

from streamcore.io.kafka.confluent.failures import AUTHENTICATION, TOPIC, failure_of
from streamcore.io.kafka.errors import KafkaError
from streamcore.io.kafka.settings import ClientSettings

# A broker that goes away in the middle of a handshake is reported as one that has refused it.
CUT_OFF: Final = "Broker transport failure"
LOG: Final = logging.getLogger("streamcore.io.kafka")


class ClientLog:
    """Takes the reports of a client's `error_cb` and `logger`, from any thread.

    librdkafka connects again and again and tells of every try; here the first failure after a success is logged.

    Attributes:
        is_connected: False from the report of a lost connection until `note_success`.
        has_brokers: False from the report that no broker can be reached until `note_success`.
    """

    def __init__(self, settings: ClientSettings) -> None:
        self.is_connected = True
        self.has_brokers = True
        self._settings = settings
        self._lock = threading.Lock()
        self._refusal: KafkaError | None = None
        self._last = ""

    def report(self, error: ClientError, cause: Exception | None = None) -> None:
        """What librdkafka calls; it tells no cause."""
        if error.code() in TOPIC:
            return  # whether topics are still there is looked for elsewhere
        with self._lock:
            was_connected, self.is_connected = self.is_connected, False
            said = self._settings.hide(error.str())
            if (error.code() in AUTHENTICATION and CUT_OFF not in said) or error.fatal():
                if self._refusal is None:
                    self._refusal = failure_of(error, "connect", self._settings)
                    self._refusal.__cause__ = cause
            elif error.code() == ClientError._ALL_BROKERS_DOWN:
                self.has_brokers = False
                said = "no broker answers"  # librdkafka may say that 0 of 2 are down
            else:
                self._last = said
        if was_connected:
            LOG.warning("connection to Kafka at %s lost: %s", self._settings.bootstrap_servers, said)

    def log(self, level: int, form: str, *said: object) -> None:
        """What librdkafka calls as its `logger`, when it is polled, in place of writing to stderr.

        What it calls an emergency is the end of one client: the run warns of it, too, and takes another one.
        """
        LOG.log(min(level, logging.WARNING), "librdkafka: %s", self._settings.hide(form % said))

    def note_success(self) -> None:
        """A broker has answered."""
        if not self.is_connected:
            with self._lock:
                self.is_connected = self.has_brokers = True
                self._refusal = None
            LOG.info("connected to Kafka at %s again", self._settings.bootstrap_servers)

    def refusal(self) -> KafkaError | None:
        """Why there is no use in trying again, if that has been reported since the last success."""
        return self._refusal

    def last_failure(self) -> str:
        """What the last try has failed with; empty if nothing is known."""
        return self._last
