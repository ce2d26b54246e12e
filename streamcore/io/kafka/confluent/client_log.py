"""What librdkafka reports on the side: lost connections, refused credentials."""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from confluent_kafka import KafkaError as ClientError

from streamcore.io.kafka.confluent.failures import AUTHENTICATION, TOPIC, failure_of
from streamcore.io.kafka.errors import KafkaError
from streamcore.io.kafka.settings import ClientSettings

# A broker that goes away in the middle of a handshake is reported as one that has refused it.
CUT_OFF: Final = "Broker transport failure"
LOG: Final = logging.getLogger("streamcore.io.kafka")
# How long it is not said again that some connections are lost while others hold, in seconds.
QUIET: Final = 600.0


class ClientLog:
    """Takes the reports of a client's `error_cb` and `logger`, from any thread.

    librdkafka connects again and again and tells of every try, also that all brokers are down when the only connection
    was closed because nothing went over it. So a report is only a reason to ask; what the answer shows is logged.

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
        self._is_told = False
        self._quiet_until = 0.0

    def report(self, error: ClientError, cause: Exception | None = None) -> None:
        """What librdkafka calls; it tells no cause."""
        if error.code() in TOPIC:
            return  # whether topics are still there is looked for elsewhere
        with self._lock:
            self.is_connected = False
            said = self._settings.hide(error.str())
            if (error.code() in AUTHENTICATION and CUT_OFF not in said) or error.fatal():
                if self._refusal is None:
                    self._refusal = failure_of(error, "connect", self._settings)
                    self._refusal.__cause__ = cause
            elif error.code() == ClientError._ALL_BROKERS_DOWN:
                self.has_brokers = False
            else:
                self._last = said

    def log(self, level: int, form: str, *said: object) -> None:
        """What librdkafka calls as its `logger`, when it is polled, in place of writing to stderr.

        What it calls an emergency is the end of one client: the run warns of it, too, and takes another one.
        """
        LOG.log(min(level, logging.WARNING), "librdkafka: %s", self._settings.hide(form % said))

    def note_failure(self) -> None:
        """No broker has answered."""
        with self._lock:
            is_news, self._is_told = not (self.is_connected or self._is_told), not self.is_connected
            said = self._last or "no broker answers"
        if is_news:
            LOG.warning("connection to Kafka at %s lost: %s", self._settings.bootstrap_servers, said)

    def note_success(self) -> None:
        """A broker has answered."""
        if self.is_connected:
            return
        with self._lock:
            was_told, said = self._is_told, self._last
            self.is_connected, self.has_brokers, self._is_told = True, True, False
            self._refusal, self._last = None, ""
        if was_told:
            LOG.info("connected to Kafka at %s again", self._settings.bootstrap_servers)
        elif said and time.monotonic() >= self._quiet_until:
            self._quiet_until = time.monotonic() + QUIET
            LOG.warning("Kafka at %s answers, but a connection is lost: %s", self._settings.bootstrap_servers, said)

    def refusal(self) -> KafkaError | None:
        """Why there is no use in trying again, if that has been reported since the last success."""
        return self._refusal

    def last_failure(self) -> str:
        """What the last try has failed with; empty if nothing is known."""
        return self._last
