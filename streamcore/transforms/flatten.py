"""Flatten: several PCollections in one."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Sequence
from typing import Any, Final, Generic

from streamcore.errors import PipelineError, shorten
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import T, U
from streamcore.model.windowing import MixedWindowing, Windowing
from streamcore.timestamp import Duration
from streamcore.transforms.read import Create
from streamcore.triggers import DefaultTrigger


class Flatten(PTransform[Iterable[PCollection[T]], PCollection[T]], Generic[T]):
    """The elements of several PCollections of the same windows.

    Where an aggregation follows, their triggers, lateness and modes must be the same, too: it can have one of each.

    Args:
        pipeline: The pipeline, needed only where there may be no PCollections at all.

    >>> with Pipeline() as p:
    ...     a = p | "a" >> Create([1])
    ...     b = p | "b" >> Create([2])
    ...     _ = (a, b) | Flatten() | Map(print)
    1
    2
    """

    def __init__(self, *, pipeline: Any = None) -> None:
        super().__init__()
        self.pipeline = pipeline

    def expand(self, pvalue: Iterable[PCollection[T]]) -> PCollection[T]:
        """The union."""
        if isinstance(pvalue, PCollection) or not isinstance(pvalue, Iterable):
            msg = f"{self.default_label()!r} unites several PCollections; write (a, b) | Flatten()"
            raise PipelineError(msg)
        pcolls = list(pvalue)
        for other in pcolls:
            if not isinstance(other, PCollection):
                msg = (
                    f"{self.default_label()!r} unites PCollections, got {shorten(other)} among them; "
                    "for elements in memory write p | Create([...])"
                )
                raise PipelineError(msg)
        if not pcolls:
            empty: PCollection[T] = self.pipeline | "Nothing" >> Create([])
            return empty
        bounded = all(pcoll.is_bounded for pcoll in pcolls)
        windowing = united_windowing(self.default_label(), pcolls)
        return PCollection(pcolls[0].pipeline, windowing=windowing, is_bounded=bounded)

    def __ror__(self, left: Iterable[PCollection[U]]) -> PCollection[U]:
        """Takes any iterable of PCollections."""
        pcolls = left if isinstance(left, tuple | list) else tuple(left)
        if not pcolls and self.pipeline is None:
            msg = f"{self.default_label()!r} has nothing to unite; where there may be none, write Flatten(pipeline=p)"
            raise PipelineError(msg)
        union: PCollection[Any] = super().__ror__(pcolls)
        return union


def united_windowing(label: str, pcolls: Sequence[PCollection[Any]]) -> Windowing:
    """The windowing of a union.

    Args:
        label: The step that unites.
        pcolls: What it unites, at least one.

    Raises:
        PipelineError: If they have different windows.
    """
    first = pcolls[0].windowing
    for other in pcolls[1:]:
        conflict = find_conflict(pcolls[0], other)
        if conflict and other.windowing.windowfn != first.windowfn:
            msg = f"{label!r} unites {conflict}"
            raise PipelineError(msg)
        if conflict:
            parts = {field.name: getattr(first, field.name) for field in dataclasses.fields(Windowing)}
            return MixedWindowing(**parts, conflict=conflict)
    return first


def find_conflict(one: PCollection[Any], other: PCollection[Any]) -> str:
    """What differs in the windowing of two PCollections, and what to do about it; empty if nothing does."""
    first, second = one.windowing, other.windowing
    for windowing in (first, second):
        if isinstance(windowing, MixedWindowing):
            return windowing.conflict
    fields = [name for name in _FIELDS if getattr(first, name) != getattr(second, name)]
    if _has_one_pane(first) and _has_one_pane(second) and "accumulation_mode" in fields:
        fields.remove("accumulation_mode")
    if not fields:
        return ""
    return (
        f"PCollections of different windowing: {one} has {_described(first, fields)}, "
        f"{other} has {_described(second, fields)}; apply the same WindowInto(...) to all of them before it"
    )


def _has_one_pane(windowing: Windowing) -> bool:
    return windowing.triggerfn == DefaultTrigger() and not windowing.allowed_lateness


_FIELDS: Final = {
    "windowfn": "window function",
    "triggerfn": "trigger",
    "accumulation_mode": "accumulation mode",
    "timestamp_combiner": "timestamp combiner",
    "allowed_lateness": "allowed lateness",
    "closing_behavior": "closing behavior",
    "on_time_behavior": "on-time behavior",
}


def _described(windowing: Windowing, fields: Iterable[str]) -> str:
    return " and ".join(f"{_FIELDS[name]} {_shown(getattr(windowing, name))}" for name in fields)


def _shown(value: Any) -> str:
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, int):
        return f"{float(Duration.of_micros(value))}s"
    return shorten(value)
