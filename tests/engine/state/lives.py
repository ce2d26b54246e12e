"""A process that writes one checkpoint after another until it is killed, and says what it has done.

What a checkpoint holds follows from its number alone, so that anybody can tell whether it is right.
"""

from __future__ import annotations

import hashlib
import sys

from streamcore.engine.state.directory import StateDirectory
from streamcore.engine.state.pieces import Piece, Scope

SEED = b"streamcore"
LONGEST_LIFE = 100


def manifest(number: int) -> bytes:
    return hashlib.sha256(SEED + bytes([number % 256])).digest()


def written(number: int) -> list[Piece]:
    sizes = [(number * 7919 + place * 104729) % 30_000 for place in range(number % 4)]
    return [
        Piece("step", f"w{(number + place) % 5}", manifest(number) * (size // 32)) for place, size in enumerate(sizes)
    ]


def dropped(number: int) -> list[Scope]:
    return [("step", f"w{number % 5}")] if number % 3 == 0 else []


def contents(number: int) -> list[Piece]:
    pieces: list[Piece] = []
    for earlier in range(number + 1):
        gone = dropped(earlier)
        pieces = [piece for piece in pieces if (piece.step, piece.scope) not in gone] + written(earlier)
    return pieces


def main(path: str) -> None:
    with StateDirectory.open(path) as state:
        undecided = state.prepared()
        if undecided is not None:
            # As with a commit that is found to have been made, or not.
            (state.apply if undecided % 2 else state.roll_back)(undecided)
        applied = state.applied()
        print("applied", -1 if applied is None else applied, flush=True)
        first = 0 if applied is None else applied + 1
        for number in range(first, first + LONGEST_LIFE):
            state.prepare(number, manifest(number), written(number), dropped(number))
            print("prepared", number, flush=True)
            state.apply(number)
            print("applied", number, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
