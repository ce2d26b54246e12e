"""Flatten: several PCollections in one."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from typing import Any, Final, Generic

from streamcore.errors import PipelineError, shorten
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import T, U
from streamcore.model.windowing import Windowing
from streamcore.timestamp import Duration
from streamcore.transforms.read import Create


class Flatten(PTransform[Iterable[PCollection[T]], PCollection[T]], Generic[T]):
    """The elements of several PCollections of the same windowing: window function, trigger, lateness and all the rest.

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
        require_one_windowing(self.default_label(), "unites", pcolls)
        if not pcolls:
            empty: PCollection[T] = self.pipeline | "Nothing" >> Create([])
            return empty
        bounded = all(pcoll.is_bounded for pcoll in pcolls)
        return PCollection(pcolls[0].pipeline, windowing=pcolls[0].windowing, is_bounded=bounded)

    def __ror__(self, left: Iterable[PCollection[U]]) -> PCollection[U]:
        """Takes any iterable of PCollections."""
        pcolls = left if isinstance(left, tuple | list) else tuple(left)
        if not pcolls and self.pipeline is None:
            msg = f"{self.default_label()!r} has nothing to unite; where there may be none, write Flatten(pipeline=p)"
            raise PipelineError(msg)
        union: PCollection[Any] = super().__ror__(pcolls)
        return union


def require_one_windowing(label: str, verb: str, pcolls: Sequence[PCollection[Any]]) -> None:
    """Refuses inputs of different windowing: what comes out could have that of one of them only.

    Args:
        label: What the step is called.
        verb: What it does to its inputs.
        pcolls: Its inputs.

    Raises:
        PipelineError: With all that differs between two of them.
    """
    for other in pcolls[1:]:
        first, second = pcolls[0].windowing, other.windowing
        fields = [name for name in _FIELDS if getattr(first, name) != getattr(second, name)]
        if fields:
            msg = (
                f"{label!r} {verb} PCollections of different windowing: {pcolls[0]} has {_described(first, fields)}, "
                f"{other} has {_described(second, fields)}; apply the same WindowInto(...) to all of them before it"
            )
            raise PipelineError(msg)


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
