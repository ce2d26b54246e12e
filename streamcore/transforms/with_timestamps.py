"""WithTimestamps: event time, and the watermark, out of the elements themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from streamcore.errors import PipelineError
from streamcore.graph.pipeline import require_pcollection
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import T
from streamcore.model.functions import require_plain
from streamcore.model.watermark import WatermarkEstimator, require_estimator
from streamcore.timestamp import MICROS_PER_SECOND, TimestampTypes

UNITS = {"s": MICROS_PER_SECOND, "ms": 1000, "us": 1}


class WithTimestamps(PTransform[Any, Any]):
    """Gives each element the event time that a function finds in it.

    Args:
        fn: Takes an element, returns its time: a number in `unit`s since the epoch, a `Timestamp`, or a `datetime` with
            a time zone.
        watermark: An estimator that starts a new watermark from these timestamps, one per source split, in place of the
            upstream one. Without it the upstream watermark goes on, and a bounded source fires nothing until its end.
        unit: What numbers returned by `fn` count: `"s"`, `"ms"` or `"us"`.

    >>> with Pipeline() as p:
    ...     _ = (
    ...         p
    ...         | Create([{"user": "ann", "at": 12}, {"user": "ann", "at": 70}])
    ...         | WithTimestamps(lambda e: e["at"], watermark=BoundedOutOfOrderness(10))
    ...         | WindowInto(FixedWindows(60))
    ...         | Map(lambda e: (e["user"], 1))
    ...         | CombinePerKey(sum)
    ...         | Map(print)
    ...     )
    ('ann', 1)
    ('ann', 1)
    """

    def __init__(
        self,
        fn: Callable[[Any], TimestampTypes | datetime],
        *,
        watermark: WatermarkEstimator | None = None,
        unit: Literal["s", "ms", "us"] = "s",
    ) -> None:
        super().__init__()
        if not callable(fn):
            msg = f"WithTimestamps takes a function of one element, got {fn!r}"
            raise PipelineError(msg)
        require_plain("WithTimestamps", fn)
        require_estimator(watermark)
        if unit not in UNITS:
            msg = f"`unit` must be one of 's', 'ms', 'us', got {unit!r}"
            raise PipelineError(msg)
        self.fn = fn
        self.watermark = watermark
        self.micros_per_unit = UNITS[unit]

    def expand(self, pvalue: PCollection[T]) -> PCollection[T]:
        """The same elements at other times."""
        return PCollection.like(require_pcollection(self, pvalue))
