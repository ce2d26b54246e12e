"""What is computed: departures and mean delay per airport and hour."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from examples.flights.replay import Flight
from streamcore import (
    AccumulationMode,
    AfterCount,
    AfterWatermark,
    BoundedOutOfOrderness,
    CombineFn,
    CombinePerKey,
    FixedWindows,
    Map,
    PCollection,
    Pipeline,
    Read,
    Source,
    WindowInto,
    WithTimestamps,
)

HOUR: Final = 3600
OUT_OF_ORDER: Final = HOUR // 2
LATENESS: Final = 4 * HOUR
EARLY_EVERY: Final = 10
READ: Final = "read"
STAMP: Final = "scheduled"


class Departures(NamedTuple):
    """What is known of one airport and hour.

    Attributes:
        flights: Departures that were scheduled in the hour and have left.
        mean_delay: Their mean delay, in minutes.
    """

    flights: int
    mean_delay: float


class Delays(CombineFn[Flight, tuple[int, int], Departures]):
    """Counts flights and averages their delays."""

    def create_accumulator(self) -> tuple[int, int]:
        return 0, 0

    def add_input(self, mutable_accumulator: tuple[int, int], element: Flight) -> tuple[int, int]:
        count, minutes = mutable_accumulator
        return count + 1, minutes + element.delay_min

    def merge_accumulators(self, accumulators: Iterable[tuple[int, int]]) -> tuple[int, int]:
        counts, minutes = zip(*accumulators)
        return sum(counts), sum(minutes)

    def extract_output(self, accumulator: tuple[int, int]) -> Departures:
        count, minutes = accumulator
        return Departures(count, minutes / count)


class Results(NamedTuple):
    """The outputs of the pipeline.

    Attributes:
        hours: A pane for an airport and hour whenever there is news.
        too_late: Flights that left so late that their hour had been closed.
    """

    hours: PCollection[tuple[str, Departures]]
    too_late: PCollection[tuple[str, Flight]]


def scheduled(flight: Flight) -> int:
    """The event time of a flight, in milliseconds."""
    return flight.scheduled


def build(pipeline: Pipeline, source: Source[Flight]) -> Results:
    """Adds the steps to a pipeline.

    Event time is the scheduled departure. Most flights leave within half an hour of it, so an hour is taken for
    complete half an hour after its end; flights that leave up to four hours after that correct it. At night nobody
    leaves for hours: then the watermark goes on with the clock, so that the evening's last hours need not wait for the
    morning.
    """
    watermark = BoundedOutOfOrderness(OUT_OF_ORDER, follow_clock=OUT_OF_ORDER)
    hours, too_late = (
        pipeline
        | READ >> Read(source)
        | STAMP >> WithTimestamps(scheduled, unit="ms", watermark=watermark)
        | WindowInto(
            FixedWindows(HOUR),
            trigger=AfterWatermark(early=AfterCount(EARLY_EVERY), late=AfterCount(1)),
            accumulation_mode=AccumulationMode.ACCUMULATING,
            allowed_lateness=LATENESS,
        )
        | Map(lambda flight: (flight.origin, flight))
        | CombinePerKey(Delays()).with_late_output()
    )
    return Results(hours, too_late)
