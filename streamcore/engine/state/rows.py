"""The rows of the database, and the checksums that tell whether they are what was written."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator

from streamcore.engine.state.pieces import Piece


def insert_pieces(database: sqlite3.Connection, number: int, pieces: Iterable[Piece]) -> None:
    """Writes pieces of a checkpoint behind all that are there."""
    (last,) = database.execute("SELECT coalesce(max(id), 0) FROM pieces").fetchone()
    query = "INSERT INTO pieces (id, born, step, scope, checksum, data) VALUES (?, ?, ?, ?, ?, ?)"
    database.executemany(query, _piece_rows(last + 1, number, pieces))


def insert_checkpoint(database: sqlite3.Connection, number: int, manifest: bytes, *, applied: bool) -> None:
    """Writes down a checkpoint, which consists of all pieces that have not died."""
    count, size = database.execute(
        "SELECT count(*), coalesce(sum(length(data)), 0) FROM pieces WHERE died IS NULL"
    ).fetchone()
    (state_id,) = database.execute("SELECT state_id FROM state").fetchone()
    checksum = checkpoint_checksum(state_id, number, count, size, manifest)
    row = (number, applied, count, size, checksum, manifest)
    database.execute("INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?, ?)", row)


def checkpoint_checksum(state_id: str, number: int, count: int, size: int, manifest: bytes) -> int:
    """A CRC-32 of a checkpoint without its pieces."""
    return zlib.crc32(manifest, zlib.crc32(f"{state_id}\0{number}\0{count}\0{size}\0".encode()))


def piece_checksum(identifier: int, born: int, piece: Piece) -> int:
    """A CRC-32 of a piece, of where it belongs, and of its place in the order of writing."""
    return zlib.crc32(piece.data, zlib.crc32(f"{identifier}\0{born}\0{piece.step}\0{piece.scope}\0".encode()))


def _piece_rows(first: int, number: int, pieces: Iterable[Piece]) -> Iterator[tuple[int, int, str, str, int, bytes]]:
    for identifier, piece in enumerate(pieces, first):
        checksum = piece_checksum(identifier, number, piece)
        yield identifier, number, piece.step, piece.scope, checksum, piece.data
