"""What readers and writers of Kafka have in common: addresses, properties, serdes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias, cast

from streamcore.errors import PipelineError
from streamcore.io.kafka.addresses import join_servers
from streamcore.io.kafka.serde import Deserializer, Serde
from streamcore.io.kafka.settings import ClientSettings
from streamcore.model.functions import is_async
from streamcore.model.labels import label_of
from streamcore.model.spans import span_argument
from streamcore.timestamp import DurationTypes

Deserialize: TypeAlias = Serde[Any] | Callable[[bytes], Any] | None
Serialize: TypeAlias = Serde[Any] | Callable[[Any], bytes] | None

# What Beam programs put among the properties, and is a parameter here.
SERVERS: Final = ("bootstrap.servers", "bootstrap_servers")
GROUP: Final = ("group.id", "group_id")


def make_settings(
    bootstrap_servers: str | Iterable[str] | None,
    config: Mapping[str, Any] | None,
    option: str,
    group_id: str | None,
    timeout: DurationTypes,
) -> ClientSettings:
    """The settings of a client.

    Args:
        bootstrap_servers: Addresses; None if they are among the properties.
        config: Properties of the client.
        option: The parameter that the properties were given by.
        group_id: The group; None if it is among the properties, or if there is none.
        timeout: How long a cluster may be unreachable, in seconds.

    Raises:
        PipelineError: If something is missing, given twice, or not what it should be.
    """
    if config is not None and (not isinstance(config, Mapping) or not all(isinstance(name, str) for name in config)):
        msg = f"`{option}` must be a dict of properties, got {type(config).__name__}"
        raise PipelineError(msg)
    properties = dict(config or {})
    servers = _either("bootstrap_servers", bootstrap_servers, properties, SERVERS, option)
    group = _either("group_id", group_id, properties, GROUP, option)
    limit = span_argument("connect_timeout", timeout)
    if limit <= 0:
        msg = f"`connect_timeout` must be positive, got {timeout!r}"
        raise PipelineError(msg)
    return ClientSettings(join_servers(servers), properties, group, limit / 1_000_000)


def deserializer_of(given: Deserialize, option: str) -> Deserializer[Any] | None:
    """What deserializes, of a serde or a function; None if the bytes are wanted as they are.

    Raises:
        PipelineError: If it is neither, or an async function.
    """
    if given is None:
        return None
    if isinstance(given, Serde) or (callable(given) and not _is_serde_class(given)):
        made = given.deserializer() if isinstance(given, Serde) else Deserializer(given)
        if is_async(made.deserialize):
            msg = (
                f"`{option}` must be a plain function of bytes, got the async function {label_of(made.deserialize)}, "
                "which would put out coroutines; give a serde whose Deserializer fetches in `prepare` what it needs"
            )
            raise PipelineError(msg)
        return made
    msg = f"`{option}` must be a serde or a function of bytes, got {given!r}; write JsonSerde()"
    raise PipelineError(msg)


def check_serializer(given: Any, option: str) -> Serialize:
    """Finds what cannot serialize.

    Raises:
        PipelineError: If it is neither a serde nor a function, or an async function.
    """
    if callable(given) and is_async(given):
        msg = (
            f"`{option}` must be a plain function that returns bytes, got the async function {label_of(given)}, which "
            "would return coroutines; give a serde that fetches in `serializer` what it needs"
        )
        raise PipelineError(msg)
    if given is None or isinstance(given, Serde) or (callable(given) and not _is_serde_class(given)):
        return cast(Serialize, given)
    msg = f"`{option}` must be a serde or a function that returns bytes, got {given!r}; write JsonSerde()"
    raise PipelineError(msg)


def _is_serde_class(given: object) -> bool:
    """Whether somebody has forgotten the parentheses; other classes, such as `int`, are functions."""
    return isinstance(given, type) and issubclass(given, Serde)


def _either(name: str, given: Any, properties: dict[str, Any], names: Iterable[str], option: str) -> Any:
    """A parameter, or the property of that meaning, which is taken out of the properties."""
    for known in names:
        if known in properties:
            value = properties.pop(known)
            if given is not None:
                msg = f"give either `{name}` or {known!r} in `{option}`, not both"
                raise PipelineError(msg)
            return value
    return given
