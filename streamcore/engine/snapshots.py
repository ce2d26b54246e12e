"""The state of a run as pieces of bytes, taken and put back in slices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from streamcore.engine.core.changes import Change, Stateful
from streamcore.engine.slices import Slices
from streamcore.engine.state.columns import decode, encode
from streamcore.engine.state.pieces import Piece, Scope
from streamcore.errors import StateDecodingError, StateEncodingError

_framer = msgspec.msgpack.Encoder()
_unframer = msgspec.msgpack.Decoder(list[bytes])


class Snapshot(NamedTuple):
    """What has changed since the snapshot before.

    Attributes:
        pieces: The rows.
        dropped: The scopes whose earlier rows are gone.
    """

    pieces: list[Piece]
    dropped: list[Scope]


async def take_snapshot(parts: Iterable[Stateful], pickle: bool) -> Snapshot:
    """Takes what has changed; nobody may change anything meanwhile.

    Raises:
        StateEncodingError: If a value cannot be stored.
    """
    snapshot = Snapshot([], [])
    slices = Slices()
    for part in parts:
        for change in part.changes():
            if change is not None:
                if change.replaces:
                    snapshot.dropped.append((part.state_name, change.scope))
                if change.columns:
                    snapshot.pieces.append(Piece(part.state_name, change.scope, _pack(part, change, pickle)))
            await slices.give_way()
    return snapshot


async def restore_pieces(parts: Mapping[str, Stateful], pieces: Iterable[Piece], pickle: bool) -> None:
    """Puts pieces back, in the order in which they were written.

    Args:
        parts: What they belong to, by name.
        pieces: Pieces of these parts.
        pickle: Whether to load pickled values.

    Raises:
        StateDecodingError: If a piece cannot be read.
    """
    slices = Slices()
    for piece in pieces:
        part = parts[piece.step]
        part.restore(Change(piece.scope, _unpack(piece, pickle)))
        await slices.give_way()


async def resume_all(parts: Iterable[Stateful]) -> None:
    """All pieces have been put back."""
    slices = Slices()
    for part in parts:
        for _ in part.resume():
            await slices.give_way()


def _pack(part: Stateful, change: Change, pickle: bool) -> bytes:
    try:
        return _framer.encode([encode(column, pickle=pickle) for column in change.columns])
    except StateEncodingError as error:
        msg = f"the state of {part.state_name!r} cannot be stored: {error}"
        raise StateEncodingError(msg) from error


def _unpack(piece: Piece, pickle: bool) -> tuple[list[object], ...]:
    try:
        return tuple([decode(column, pickle=pickle) for column in _unframer.decode(piece.data)])
    except (StateDecodingError, msgspec.DecodeError) as error:
        msg = f"the state of {piece.step!r} cannot be read: {error}"
        raise StateDecodingError(msg) from error
