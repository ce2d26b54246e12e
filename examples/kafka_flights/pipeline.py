"""The pipeline: `python -m examples.kafka_flights.pipeline BOOTSTRAP STATE_DIR`; killed at any moment, it goes on."""

from __future__ import annotations

import sys
from typing import Any, Final

from examples.flights.pipeline import EARLY_EVERY, HOUR, OUT_OF_ORDER
from streamcore import (
    AccumulationMode,
    AfterCount,
    AfterWatermark,
    BoundedOutOfOrderness,
    CombinePerKey,
    DoFn,
    FixedWindows,
    Map,
    Pipeline,
    PipelineOptions,
    WindowInto,
    WithTimestamps,
    combiners,
)
from streamcore.io.kafka import JsonSerde, ReadFromKafka, WriteToKafka

FLIGHTS: Final = "flights"
TOTALS: Final = "totals"
GROUP: Final = "kafka-flights"
CHECKPOINT_SECONDS: Final = 0.5
# Flights leave up to 22 hours late. Nothing is dropped, so that every total can be checked.
LATENESS: Final = 24 * HOUR

Row = dict[str, Any]


def add_steps(p: Pipeline, bootstrap: str) -> None:
    """Departures and minutes of delay for every airport and hour, from topic to topic."""
    _ = (
        p
        | ReadFromKafka(
            FLIGHTS,
            bootstrap,
            start="earliest",
            until="latest",
            group_id=GROUP,
            value_deserializer=JsonSerde(),
        )
        | "flight" >> Map(lambda record: record[1])
        | WithTimestamps(lambda flight: flight["scheduled"], unit="ms", watermark=BoundedOutOfOrderness(OUT_OF_ORDER))
        | WindowInto(
            FixedWindows(HOUR),
            trigger=AfterWatermark(early=AfterCount(EARLY_EVERY), late=AfterCount(1)),
            accumulation_mode=AccumulationMode.ACCUMULATING,
            allowed_lateness=LATENESS,
        )
        | "pair" >> Map(lambda flight: (flight["origin"], flight["delay_min"]))
        | CombinePerKey(combiners.TupleCombineFn(len, sum).with_common_input())
        | "row" >> Map(row)
        | WriteToKafka(
            TOTALS,
            bootstrap,
            key=lambda row: row["origin"].encode(),
            value_serializer=JsonSerde(),
            delivery="exactly_once",
        )
    )


def row(total: tuple[str, tuple[int, int]], window: Any = DoFn.WindowParam, pane: Any = DoFn.PaneInfoParam) -> Row:
    """What is written for a pane."""
    origin, (flights, delay) = total
    hour = window.start.micros // 1_000_000
    return {"origin": origin, "hour": hour, "pane": pane.index, "flights": flights, "delay_min": delay}


def main() -> None:
    bootstrap, state_dir = sys.argv[1:]
    options = PipelineOptions(state_dir=state_dir, checkpoint_interval=CHECKPOINT_SECONDS)
    with Pipeline(options=options) as p:
        add_steps(p, bootstrap)


if __name__ == "__main__":
    main()
