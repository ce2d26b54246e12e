"""Parameters that Beam has and streamcore has not: refused by name, instead of ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streamcore.errors import PipelineError


def refuse_unsupported(transform: str, parameters: Mapping[str, Any]) -> None:
    """Lets parameters pass only if they ask for nothing.

    Raises:
        PipelineError: For the first that has another value than None or False.
    """
    for name, value in parameters.items():
        if value is not None and value is not False:
            msg = f"{transform} has no parameter `{name}`, got {name}={value!r}; leave it out"
            raise PipelineError(msg)
