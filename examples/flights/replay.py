"""The recorded flights as a source: in the order of their departures, with the airports' clock."""

from __future__ import annotations

import gzip
from collections.abc import Generator
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from streamcore import Batch, Reader, Source, Timestamp
from streamcore.testing import VirtualClock

FLIGHTS: Final = Path(__file__).parent / "flights-2013.jsonl.gz"
STEP_MS: Final = 30 * 60 * 1000


class Flight(msgspec.Struct, frozen=True, gc=False):
    """One departure.

    Attributes:
        scheduled: When it should have left, in milliseconds since the epoch: the event time.
        departed: When it left, and so became known: the processing time.
        origin: The airport: EWR, JFK or LGA.
        delay_min: Minutes late; negative if it left early.
        carrier: Airline code.
        flight: Flight number.
    """

    scheduled: int
    departed: int
    origin: str
    delay_min: int
    carrier: str
    flight: int


class FlightReplay(Source[Flight]):
    """Replays recorded flights, half an hour of their clock a step; where nobody leaves for a step, it reports idle.

    Args:
        path: Gzipped JSON lines in the order of `departed`.
        limit: How many flights to replay; None for all.

    Attributes:
        clock: The replay's processing time: the beginning of the present step.
    """

    bounded = True

    def __init__(self, path: Path = FLIGHTS, limit: int | None = None) -> None:
        self.path = path
        self.limit = limit
        self._virtual = VirtualClock()
        self.clock = self._virtual

    def open(self, split: str, position: int | None) -> Reader[Flight]:
        """A reader of all flights but the first `position`."""
        return FlightReader(read_flights(self.path, self.limit), self._virtual, position or 0)


class FlightReader(Reader[Flight]):
    """Hands out one step of the clock at a time."""

    def __init__(self, flights: Generator[Flight, None, None], clock: VirtualClock, start: int) -> None:
        self._recording = flights
        self._flights = islice(flights, start, None)
        self._clock = clock
        self._taken = start
        self._next = next(self._flights, None)
        self._step = 0 if self._next is None else self._next.departed // STEP_MS

    async def poll(self, limit: int) -> Batch[Flight] | None:
        """The departures of the next half hour."""
        if self._next is None:
            return None
        self._clock.advance_to(Timestamp.of_micros(self._step * STEP_MS * 1000))
        end = (self._step + 1) * STEP_MS
        departures: list[Flight] = []
        while self._next is not None and self._next.departed < end and len(departures) < limit:
            departures.append(self._next)
            self._next = next(self._flights, None)
        if self._next is None or self._next.departed >= end:
            self._step += 1
        self._taken += len(departures)
        return Batch(departures, idle=not departures)

    def position(self) -> int:
        """How many flights have been handed out."""
        return self._taken

    async def close(self) -> None:
        """Closes the file."""
        self._recording.close()


def read_flights(path: Path = FLIGHTS, limit: int | None = None) -> Generator[Flight, None, None]:
    """The recorded flights, in the order of their departures."""
    decoder = msgspec.json.Decoder(Flight)
    with gzip.open(path) as lines:
        for line in islice(lines, limit):
            yield decoder.decode(line)
