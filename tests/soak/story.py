"""What goes in: numbered events of a few keys, out of order, some of them very late; the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final, NamedTuple

import orjson

PARTITIONS: Final = 4
KEYS: Final = 24
ACTIVE: Final = 8
BEGIN: Final = 1_700_000_000


class Event(NamedTuple):
    """One event.

    Attributes:
        number: Its number, which no other has.
        key: Its key.
        time: Event time in seconds.
    """

    number: int
    key: str
    time: float

    def value(self) -> bytes:
        """The event as the value of a record."""
        return orjson.dumps({"n": self.number, "key": self.key, "t": self.time})

    def partition(self) -> int:
        """The partition it goes to: that of its key."""
        return int(self.key[1:]) % PARTITIONS


def events(seed: int) -> Iterator[Event]:
    """Events without end, 200 of them for a second of event time.

    At any time a few keys are active, others silent, so that sessions begin and end. Of the events 70% are in order,
    27% up to 4 s late, which the watermark waits for, and 3% up to two minutes.
    """
    chance = random.Random(seed)
    number = 0
    while True:
        now = BEGIN + number / 200
        first = int(now / 7) * 3
        key = (first + chance.randrange(ACTIVE)) % KEYS
        drawn = chance.random()
        delay = 0.0 if drawn < 0.7 else chance.uniform(0, 4) if drawn < 0.97 else chance.uniform(0, 120)
        yield Event(number, f"k{key}", round(now - delay, 3))
        number += 1
