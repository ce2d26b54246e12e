"""The properties of aiokafka: which streamcore sets, and what is told of a wrong one."""

from __future__ import annotations

import difflib
import inspect
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from streamcore.errors import PipelineError
from streamcore.io.kafka.settings import ClientSettings, refuse_owned

OWNED: Final = {"loop": "streamcore sets it"}
CONSUMER_OWNED: Final = {
    **OWNED,
    "enable_auto_commit": "offsets are committed with checkpoints",
    "auto_commit_interval_ms": "offsets are committed with checkpoints",
    "auto_offset_reset": "give `start`",
    "key_deserializer": "give `key_deserializer`",
    "value_deserializer": "give `value_deserializer`",
}
PRODUCER_OWNED: Final = {
    **OWNED,
    "transactional_id": "streamcore chooses it",
    "key_serializer": "give `key_serializer`",
    "value_serializer": "give `value_serializer`",
}


def check_consumer(settings: ClientSettings) -> None:
    """Finds properties that a consumer cannot have.

    Raises:
        PipelineError: For the first of them.
    """
    refuse_owned(CONSUMER_OWNED, settings.properties, "consumer_config")
    _refuse_unknown(AIOKafkaConsumer, settings.properties)


def check_producer(settings: ClientSettings) -> None:
    """Finds properties that a producer cannot have.

    Raises:
        PipelineError: For the first of them.
    """
    refuse_owned(PRODUCER_OWNED, settings.properties, "producer_config")
    _refuse_unknown(AIOKafkaProducer, settings.properties)


def consumer_properties(settings: ClientSettings) -> dict[str, Any]:
    """All properties of a consumer."""
    return {
        "isolation_level": "read_committed",
        **with_ssl_context(settings.properties),
        "bootstrap_servers": settings.bootstrap_servers,
        "group_id": settings.group_id,
        "enable_auto_commit": False,
        "auto_offset_reset": "none",
    }


def producer_properties(settings: ClientSettings) -> dict[str, Any]:
    """All properties of a producer but the transactional id."""
    return {
        "enable_idempotence": True,
        "linger_ms": 5,
        **with_ssl_context(settings.properties),
        "bootstrap_servers": settings.bootstrap_servers,
    }


def admin_properties(settings: ClientSettings) -> dict[str, Any]:
    """The properties of an admin client beside a consumer."""
    known = _names(AIOKafkaAdminClient)
    kept = {name: value for name, value in with_ssl_context(settings.properties).items() if name in known}
    return {**kept, "bootstrap_servers": settings.bootstrap_servers}


def with_ssl_context(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """With the certificates that this machine trusts, where encryption is asked for and nothing else is said."""
    if "SSL" in str(properties.get("security_protocol")) and "ssl_context" not in properties:
        return {**properties, "ssl_context": ssl.create_default_context()}
    return properties


def _refuse_unknown(kind: Callable[..., Any], properties: Mapping[str, Any]) -> None:
    known = _names(kind)
    for name in properties:
        if name not in known:
            close = difflib.get_close_matches(name.replace(".", "_"), sorted(known), 1)
            advice = f"did you mean {close[0]!r}?" if close else f"see the parameters of {kind.__name__}"
            msg = f"aiokafka has no property {name!r}; {advice}"
            raise PipelineError(msg)


def _names(kind: Callable[..., Any]) -> set[str]:
    parameters = inspect.signature(kind).parameters.values()
    return {p.name for p in parameters if p.kind is p.KEYWORD_ONLY} - {"bootstrap_servers", "group_id"}
