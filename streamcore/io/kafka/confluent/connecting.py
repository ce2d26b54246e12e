"""Waiting for a broker, and calls that block, outside of the event loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from confluent_kafka import KafkaException

from streamcore.io.kafka.confluent.bounded_call import call_within
from streamcore.io.kafka.confluent.client_log import ClientLog
from streamcore.io.kafka.confluent.failures import failure_of
from streamcore.io.kafka.errors import KafkaConnectionError
from streamcore.io.kafka.settings import ClientSettings

R = TypeVar("R")
# How long a try to connect takes at most, in seconds: a refusal is reported to us only between two.
TRY: Final = 0.5
# How much longer than a cluster may be unreachable a call may take, in seconds: most have that timeout themselves.
GRACE: Final = 5.0


class Connectable(Protocol):
    """Any client of confluent-kafka."""

    def list_topics(self, topic: str | None = None, timeout: float = -1) -> Any: ...

    def poll(self, timeout: float, /) -> object: ...


class Calls:
    """Blocking calls of a client, made in threads, with its errors as ours.

    Nobody waits for these threads when the process ends: a broker that stands still would hold that up.

    Args:
        settings: Those of the client.
        log: Where the client reports to.
    """

    def __init__(self, settings: ClientSettings, log: ClientLog) -> None:
        self._settings = settings
        self._log = log

    async def connect(self, *clients: Connectable) -> None:
        """Waits until a broker answers each of the clients that report to the log."""
        deadline = time.monotonic() + self._settings.timeout
        for client in clients:
            while not await self._is_answered(client, deadline - time.monotonic()):
                refusal = self._log.refusal()
                if refusal is not None:
                    raise refusal from refusal.__cause__
                self._log.note_failure()
                if time.monotonic() > deadline:
                    raise self._unreachable()
        self._log.note_success()

    async def look_for_broker(self, client: Connectable) -> None:
        """Looks whether a lost connection is there again: clients tell of failures only."""
        if self._log.is_connected:
            return
        if await self._is_answered(client, TRY):
            self._log.note_success()
        else:
            self._log.note_failure()

    async def _is_answered(self, client: Connectable, seconds: float) -> bool:
        """Whether one try to connect succeeds; what was reported before is with the log then, and not told later."""
        try:
            await call_within(None, partial(client.list_topics, timeout=max(0.1, min(TRY, seconds))))
            is_answered = True
        except KafkaException:
            is_answered = False
        await self.call("connect", client.poll, 0)
        return is_answered

    async def call(self, doing: str, call: Callable[..., R], *arguments: Any, **options: Any) -> R:
        """The result of a call.

        Raises:
            KafkaError: If the client refuses it, or does not come back in time.
        """
        seconds = self._settings.timeout + GRACE
        try:
            return await call_within(seconds, partial(call, *arguments, **options))
        except KafkaException as error:
            raise failure_of(error, doing, self._settings) from None
        except TimeoutError:
            msg = (
                f"cannot {doing} at {self._settings.bootstrap_servers}: the client gave no answer within {seconds:g} s"
            )
            raise KafkaConnectionError(msg) from None

    def _unreachable(self) -> KafkaConnectionError:
        servers, timeout, last = self._settings.bootstrap_servers, self._settings.timeout, self._log.last_failure()
        said = f": {last}" if last else ""
        return KafkaConnectionError(
            f"no Kafka broker answered at {servers} within {timeout:g} s{said}; check the address and security.protocol"
        )
