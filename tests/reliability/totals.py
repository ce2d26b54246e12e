"""The pipeline of these tests: numbers of a topic, and running totals of them in another one, exactly once."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path
from typing import Any

from streamcore import AccumulationMode, AfterCount, CombinePerKey, GlobalWindows, Map, Pipeline, Repeatedly, WindowInto
from streamcore.io.kafka import JsonSerde, ReadFromKafka, WriteToKafka
from streamcore.model.options import PipelineOptions

KEYS = 997
GROUP = "reliability"


def running_totals(
    bootstrap: str, source: str, target: str, state_dir: Path | str, *, to_end: bool = False, **options: Any
) -> Pipeline:
    """Makes the pipeline; it ends where the topic ends now if `to_end`, and takes checkpoints on request."""
    p = Pipeline(options=PipelineOptions(state_dir=str(state_dir), **({"checkpoint_interval": None} | options)))
    _ = (
        p
        | "read"
        >> ReadFromKafka(
            source,
            bootstrap,
            start="earliest",
            until="latest" if to_end else None,
            value_deserializer=int,
            group_id=f"{GROUP}-{source}",
        )
        | "keys" >> Map(lambda record: (f"key {record[1] % KEYS}", record[1]))
        | WindowInto(GlobalWindows(), Repeatedly(AfterCount(1)), AccumulationMode.ACCUMULATING)
        | "totals" >> CombinePerKey(sum)
        | "write"
        >> WriteToKafka(
            target, bootstrap, key=lambda row: row[0].encode(), value_serializer=JsonSerde(), delivery="exactly_once"
        )
    )
    return p


def expected_rows(numbers: range) -> list[list[Any]]:
    """The rows of the output."""
    totals: Counter[str] = Counter()
    rows = []
    for number in numbers:
        key = f"key {number % KEYS}"
        totals[key] += number
        rows.append([key, totals[key]])
    return rows


def as_values(numbers: range) -> list[bytes]:
    """The values of the input."""
    return list(itertools.starmap(str.encode, ((str(number),) for number in numbers)))
