"""Transforms on plain lists: who carries them out is registered from above, as the runners are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from streamcore.errors import InvariantError

if TYPE_CHECKING:
    from streamcore.graph.ptransform import PTransform

_APPLIERS: list[Callable[[PTransform[Any, Any], Any], Any]] = []


def register_at_once(apply: Callable[[PTransform[Any, Any], Any], Any]) -> None:
    """Sets what applies a transform to plain values and gives plain values back."""
    _APPLIERS[:] = [apply]


def apply_at_once(transform: PTransform[Any, Any], values: Any) -> Any:
    """What a transform makes of a list, or of a tuple or dict of lists."""
    if not _APPLIERS:
        msg = "nothing applies transforms to lists; importing streamcore registers it"
        raise InvariantError(msg)
    return _APPLIERS[0](transform, values)
