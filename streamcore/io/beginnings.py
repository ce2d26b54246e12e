"""How a later run tells whether a file is still the one that it has read a part of."""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple, Self

from streamcore.errors import SourceError

# What is appended to a file leaves its first bytes as they are. So many tell most files apart, and are read at once.
MOST_BYTES: Final = 1024
REMEDY: Final = "put back the file that was read, or begin with an empty state directory"


class Beginning(NamedTuple):
    """The first bytes of a file, unpacked.

    Attributes:
        length: How many; fewer than `MOST_BYTES` if the file had no more when it was first read.
        digest: Their digest.
    """

    length: int
    digest: bytes

    @classmethod
    def of(cls, data: bytes) -> Self:
        """The beginning of what a file begins with."""
        first = data[:MOST_BYTES]
        return cls(len(first), hashlib.blake2b(first, digest_size=8).digest())


def replaced(path: str) -> SourceError:
    """What to raise if a file begins otherwise than it did."""
    return SourceError(f"{path!r} does not begin as it did when a part of it was read: it is another file; {REMEDY}")


def shortened(path: str, offset: int) -> SourceError:
    """What to raise if a file ends before the place where reading goes on, or right behind it."""
    return SourceError(
        f"{path!r} is to be read on from byte {offset}, but has become shorter than what was read of it; {REMEDY}"
    )
