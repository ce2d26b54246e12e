"""Addresses of brokers, as both clients take them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Any, Final

from streamcore.errors import PipelineError, shorten
from streamcore.io.kafka.settings import HIDDEN

ADDRESS: Final = re.compile(r"(?P<host>\[(?P<inside>[^\[\]]*)\]|[^\s:/\[\]]+)(:(?P<port>[^:]*))?")
PORT: Final = re.compile("[0-9]{1,5}")
LAST_PORT: Final = 65535


def join_servers(servers: str | Iterable[str] | None) -> str:
    """Addresses with commas between them.

    Clients take more than this, each in its own way: librdkafka connects to port 34463 for 99999, and aiokafka looks
    for a host whose name is `kafka://localhost`.

    Raises:
        PipelineError: If there is none, one is not text, or one is not a host with or without a port.
    """
    given: list[Any] = [servers] if isinstance(servers, str) or not isinstance(servers, Iterable) else list(servers)
    texts = [item for item in given if isinstance(item, str)]
    _refuse_credentials(",".join(texts))
    addresses = [address.strip() for text in texts for address in text.split(",") if address.strip()]
    if len(texts) < len(given) or not addresses:
        msg = f"`bootstrap_servers` must name a broker, got {servers!r}; give an address such as 'localhost:9092'"
        raise PipelineError(msg)
    for address in addresses:
        advice = _what_to_write(address)
        if advice:
            msg = f"`bootstrap_servers` must be addresses such as 'localhost:9092', got {shorten(address)}; {advice}"
            raise PipelineError(msg)
    return ",".join(addresses)


def _refuse_credentials(servers: str) -> None:
    """Before anything of the addresses is shown; a password may hold a comma."""
    _, found, rest = servers.rpartition("@")
    if found:
        msg = (
            f"`bootstrap_servers` must hold no user and no password, got {shorten(HIDDEN + found + rest)}; give them "
            "as properties of the client: sasl.username and sasl.password (aiokafka: sasl_plain_username and "
            "sasl_plain_password)"
        )
        raise PipelineError(msg)


def _what_to_write(address: str) -> str:
    """What is to be done about an address; nothing if it is one."""
    scheme, found, _ = address.partition("://")
    if found:
        return (
            f"leave out {shorten(scheme + found)}, and say by the client's property security.protocol (aiokafka: "
            "security_protocol) how to connect"
        )
    parts = ADDRESS.fullmatch(address)
    if parts is None or not _is_version_6(parts["inside"]):
        return "give the name of a host or its IP address, one of version 6 in brackets: '[::1]:9092'"
    if not _is_port(parts["port"]):
        return f"a port is a number from 1 to {LAST_PORT}; if it is left out, it is 9092"
    return ""


def _is_version_6(inside: str | None) -> bool:
    """Whether what stands in brackets, if there are any, may stand there."""
    try:
        return inside is None or bool(ipaddress.IPv6Address(inside))
    except ValueError:
        return False


def _is_port(port: str | None) -> bool:
    return port is None or (PORT.fullmatch(port) is not None and 1 <= int(port) <= LAST_PORT)
