"""Waiting for a broker, and calls that are made again while there is none."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol, TypeVar

from aiokafka import errors as theirs
from aiokafka.conn import collect_hosts, create_conn
from aiokafka.protocol.admin import SaslAuthenticateRequest

from streamcore.errors import PipelineError
from streamcore.io.kafka.aio.failures import AUTHENTICATION, REFUSED, failure_of
from streamcore.io.kafka.aio.properties import with_ssl_context
from streamcore.io.kafka.errors import KafkaAuthenticationError, KafkaConnectionError
from streamcore.io.kafka.settings import ClientSettings

R = TypeVar("R")
PAUSE: Final = 0.2


class Startable(Protocol):
    """Any client of aiokafka."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


C = TypeVar("C", bound=Startable)


async def start_client(make: Callable[[], C], settings: ClientSettings) -> C:
    """A client that has found a broker."""
    deadline = time.monotonic() + settings.timeout
    while True:
        client = _make(make, settings)
        try:
            if _uses_token(settings):
                await _refuse_bad_token(settings, deadline)
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + max(deadline - time.monotonic(), PAUSE)):
                await client.start()
        except (theirs.KafkaError, OSError, TimeoutError) as error:
            await client.stop()
            if isinstance(error, REFUSED):
                raise failure_of(error, "connect", settings) from None
            reason = await _try_addresses(settings, deadline)
            if time.monotonic() >= deadline:
                raise _unreachable(settings, reason) from None
            await asyncio.sleep(PAUSE)
        except BaseException:
            await client.stop()
            raise
        else:
            return client


async def call(doing: str, settings: ClientSettings, make_call: Callable[[], Awaitable[R]]) -> R:
    """The result of a call, which is made again while it fails for a reason that may pass."""
    deadline = time.monotonic() + settings.timeout
    while True:
        try:
            async with asyncio.timeout(max(deadline - time.monotonic(), PAUSE)):
                return await make_call()
        except (theirs.KafkaError, TimeoutError) as error:
            if not getattr(error, "retriable", False) or time.monotonic() >= deadline:
                raise failure_of(error, doing, settings) from None
            await asyncio.sleep(PAUSE)


def _make(make: Callable[[], C], settings: ClientSettings) -> C:
    try:
        return make()
    except (TypeError, ValueError, AssertionError, RuntimeError) as error:
        msg = f"aiokafka refuses the properties: {settings.hide(str(error))}"
    raise PipelineError(msg)


async def _try_addresses(settings: ClientSettings, deadline: float) -> str:
    """What is wrong with each address: aiokafka itself only logs that.

    Raises:
        KafkaAuthenticationError: If one does not accept the credentials.
    """
    reasons = []
    for host, port, _ in collect_hosts(settings.bootstrap_servers):
        timeout = max(int((deadline - time.monotonic()) * 1000), 1)
        try:
            connection = await create_conn(host, port, request_timeout_ms=timeout, **_connection_properties(settings))
            connection.close()
        except AUTHENTICATION as error:
            raise failure_of(error, "connect", settings) from None
        except (theirs.KafkaError, OSError, TimeoutError) as error:
            if _is_refused_certificate(error):
                msg = f"cannot connect at {host}:{port}: {settings.hide(str(error))}; check the certificates"
                raise KafkaAuthenticationError(msg) from None
            reasons.append(f"{host}:{port}: {settings.hide(str(error)) or type(error).__name__}")
    return "; ".join(reasons)


async def _refuse_bad_token(settings: ClientSettings, deadline: float) -> None:
    """Raises if a broker does not take the token.

    It says so in a message (RFC 7628, 3.2.3) that aiokafka takes for consent, and ends the exchange when that has been
    answered.
    """
    hosts = collect_hosts(settings.bootstrap_servers)
    timeout = max(int((deadline - time.monotonic()) * 1000) // (len(hosts) + 1), 1)
    for host, port, _ in hosts:
        try:
            connection = await create_conn(host, port, request_timeout_ms=timeout, **_connection_properties(settings))
            try:
                answer: Any = await connection.send(SaslAuthenticateRequest(b"\x01"))
            finally:
                connection.close()
        except (theirs.KafkaError, OSError, TimeoutError):
            continue  # the client itself will try, and tell
        if answer.error_code == theirs.SaslAuthenticationFailed.errno:
            raise failure_of(theirs.SaslAuthenticationFailed(answer.error_message), "connect", settings)
        return


def _uses_token(settings: ClientSettings) -> bool:
    return settings.properties.get("sasl_mechanism") == "OAUTHBEARER"


def _is_refused_certificate(error: BaseException) -> bool:
    return "CERTIFICATE_VERIFY_FAILED" in f"{error} {error.__cause__}"


def _connection_properties(settings: ClientSettings) -> Mapping[str, Any]:
    return {
        name: value
        for name, value in with_ssl_context(settings.properties).items()
        if name.startswith("sasl_") or name in ("security_protocol", "ssl_context", "client_id")
    }


def _unreachable(settings: ClientSettings, reason: str) -> KafkaConnectionError:
    said = f": {reason}" if reason else ""
    return KafkaConnectionError(
        f"no Kafka broker answered at {settings.bootstrap_servers} within {settings.timeout:g} s{said}; "
        "check the address and security_protocol"
    )
