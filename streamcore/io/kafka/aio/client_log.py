"""What aiokafka writes to the log, without secrets and repetitions, and what it does not: that brokers are back."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any, Final

from streamcore.io.kafka.settings import ClientSettings

LOG: Final = logging.getLogger("streamcore.io.kafka")
# How long a line is not repeated, in seconds.
QUIET: Final = 60.0
# How long after a failure brokers are asked again, in seconds, if aiokafka does not do so by itself.
PAUSE: Final = 1.0
# Those that tell of every try, or of every partition that is added.
REPETITIVE: Final = (
    "aiokafka",
    "aiokafka.cluster",
    "aiokafka.conn",
    "aiokafka.consumer.fetcher",
    "aiokafka.consumer.group_coordinator",
    "aiokafka.consumer.subscription_state",
    "aiokafka.producer.sender",
)
WORD: Final = re.compile(r"\w+")


class OncePerMinute(logging.Filter):
    """Lets a line pass that has not passed in the last minute.

    aiokafka asks ten times a second for a topic that is absent or may not be used, and tells of each answer; while a
    broker is down, it tells of each of some fifty tries a second. It names brokers and topics in any order, so the same
    words in another order are the same line. A line with a traceback, or at level DEBUG, passes always.
    """

    def __init__(self) -> None:
        super().__init__()
        self._passed: dict[tuple[str, ...], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line passes."""
        if record.levelno < logging.INFO or record.exc_info:
            return True
        now, line = record.created, tuple(sorted(WORD.findall(record.getMessage())))
        self._passed = {known: moment for known, moment in self._passed.items() if now - moment < QUIET}
        return self._passed.setdefault(line, now) == now


def has_no_credentials(record: logging.LogRecord) -> bool:
    """Whether a line holds no request with a password: at level DEBUG aiokafka logs every request."""
    arguments = record.args if isinstance(record.args, tuple) else ()
    return not any(type(argument).__name__.startswith("SaslAuthenticate") for argument in arguments)


class ConnectionLog:
    """Tells once when no broker answers any more, and once when one does again.

    aiokafka asks the brokers for metadata when a connection breaks or cannot be made; that no broker has answered is
    all it notes of that.

    Args:
        settings: How the client is set up.
    """

    def __init__(self, settings: ClientSettings) -> None:
        self._settings = settings
        self._is_connected = True
        self._asking: asyncio.TimerHandle | None = None

    def attach(self, client: Any) -> None:
        """Begins when a broker has been found; called once.

        Args:
            client: The part of a consumer or producer that holds the connections.
        """
        pass_on = client.cluster.failed_update

        def note_failure(error: Exception | None) -> None:
            pass_on(error)
            self._note_failure(client)

        client.cluster.failed_update = note_failure
        client.cluster.add_listener(self._note_success)

    def _note_failure(self, client: Any) -> None:
        if self._asking is None:
            # Should the next try to connect succeed, aiokafka would ask for metadata only when they are minutes old.
            self._asking = asyncio.get_running_loop().call_later(PAUSE, self._ask_again, client)
        if self._is_connected:
            self._is_connected = False
            LOG.warning("connection to Kafka at %s lost: no broker answers", self._settings.bootstrap_servers)

    def _ask_again(self, client: Any) -> None:
        self._asking = None
        client.force_metadata_update()

    def _note_success(self, cluster: object) -> None:
        if not self._is_connected:
            self._is_connected = True
            LOG.info("connected to Kafka at %s again", self._settings.bootstrap_servers)


logging.getLogger("aiokafka.conn").addFilter(has_no_credentials)
for name in REPETITIVE:
    logging.getLogger(name).addFilter(OncePerMinute())
