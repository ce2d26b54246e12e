"""Records that have been read, by columns."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TypeAlias

Headers: TypeAlias = Sequence[tuple[str, bytes | None]]


@dataclasses.dataclass(slots=True)
class Records:
    """Some records of one partition.

    They hold no objects of the client they come from: the garbage collector would look through each of those again and
    again while it waits, and has nothing to do with bytes.

    Attributes:
        keys: The keys.
        values: The values; None in a tombstone.
        timestamps: The timestamps in microseconds; the minimum timestamp where there is none.
        timestamp_types: 0: none; 1: set by who wrote the record; 2: set by the broker.
        offsets: The offsets.
        headers: The headers; None or empty where there are none.
        next_offset: Where to go on behind them. It may lie behind the last record's offset plus one: markers of
            transactions have offsets, too, and compaction leaves holes.
    """

    keys: list[bytes | None]
    values: list[bytes | None]
    timestamps: list[int]
    timestamp_types: Sequence[int]
    offsets: Sequence[int]
    headers: list[Headers | None]
    next_offset: int

    @classmethod
    def none(cls, next_offset: int) -> Records:
        """No records."""
        return cls([], [], [], [], [], [], next_offset)

    def __len__(self) -> int:
        return len(self.offsets)

    def slice(self, start: int, stop: int) -> Records:
        """The records from one index up to another; `next_offset` is that of the record behind them."""
        return Records(
            self.keys[start:stop],
            self.values[start:stop],
            self.timestamps[start:stop],
            self.timestamp_types[start:stop],
            self.offsets[start:stop],
            self.headers[start:stop],
            self.offsets[stop] if stop < len(self.offsets) else self.next_offset,
        )
