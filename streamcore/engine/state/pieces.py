"""Pieces: what a checkpoint consists of."""

from __future__ import annotations

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
