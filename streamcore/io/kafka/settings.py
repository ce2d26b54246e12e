"""How a Kafka client is set up, and what must not be shown of it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, Final

from streamcore.errors import PipelineError

HIDDEN: Final = "***"
SECRET_NAME: Final = re.compile(r"password|secret|token|credential|\bkey\.pem$|jaas|assertion|oauthbearer\.config")
DEFAULT_TIMEOUT: Final = 30.0


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class ClientSettings:
    """What a client is made from.

    Attributes:
        bootstrap_servers: Addresses `host:port`, with commas between them.
        properties: The client's own properties, under its own names.
        group_id: The consumer group whose offsets are read and committed; None for no group.
        timeout: How long a cluster may be unreachable before that is an error, in seconds.
    """

    bootstrap_servers: str
    properties: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    group_id: str | None = None
    timeout: float = DEFAULT_TIMEOUT

    def __repr__(self) -> str:
        """Names properties without their values: some are secret."""
        names = sorted(self.properties)
        return f"ClientSettings({self.bootstrap_servers!r}, properties={names}, group_id={self.group_id!r})"

    def hide(self, text: str) -> str:
        """A message of the client without the secrets of the settings."""
        for name, value in self.properties.items():
            if isinstance(value, str) and value and SECRET_NAME.search(name):
                text = text.replace(value, HIDDEN)
        return text


def refuse_owned(owned: Mapping[str, str], properties: Mapping[str, Any], option: str) -> None:
    """Lets only properties pass that streamcore does not set itself.

    Args:
        owned: Properties, each with what is to be done in its place.
        properties: What the user gave.
        option: The name of the parameter they were given by.

    Raises:
        PipelineError: For the first one that streamcore sets.
    """
    for name in properties:
        if name in owned:
            msg = f"`{option}` cannot set {name!r}: {owned[name]}"
            raise PipelineError(msg)
