"""Pieces: what a checkpoint consists of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

Scope: TypeAlias = tuple[str, str]


class Piece(NamedTuple):
    """A change of a step's state since the last checkpoint, as bytes.

    Some hundreds of cells make a good piece. A thread that writes very many small ones keeps the event loop from the
    interpreter.

    Attributes:
        step: Full label of the step.
        scope: The part of the step's state that it belongs to, such as a window. A scope is dropped as a whole.
        data: The change.
    """

    step: str
    scope: str
    data: bytes


class ScopeSize(NamedTuple):
    """What is stored of one scope of one step."""

    pieces: int
    bytes: int


def sizes_after(
    sizes: Mapping[Scope, ScopeSize], pieces: Iterable[Piece], dropped: Iterable[Scope]
) -> dict[Scope, ScopeSize]:
    """The sizes of all scopes after some were dropped and pieces were written then."""
    after = dict(sizes)
    for gone in dropped:
        after.pop(gone, None)
    for step, scope, data in pieces:
        count, size = after.get((step, scope), (0, 0))
        after[step, scope] = ScopeSize(count + 1, size + len(data))
    return after
