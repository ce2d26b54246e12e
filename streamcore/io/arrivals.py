"""Elements that arrive as the program hands them out: plain, or with a timestamp."""

from __future__ import annotations

from typing import Any

from streamcore.model.source import Batch
from streamcore.model.windowed_value import TimestampedValue
from streamcore.timestamp import MIN_MICROS


def batch_of(elements: list[Any]) -> Batch[Any]:
    """A batch in which the timestamps of `TimestampedValue`s are timestamps; plain elements have the minimum."""
    if not any(isinstance(element, TimestampedValue) for element in elements):
        return Batch(elements)
    values: list[Any] = []
    stamps: list[int] = []
    for element in elements:
        timed = isinstance(element, TimestampedValue)
        values.append(element.value if timed else element)
        stamps.append(element.timestamp.micros if timed else MIN_MICROS)
    return Batch(values, stamps)
