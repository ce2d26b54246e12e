"""Steps that show nothing before their input ends, because nobody has told the watermark that they wait for."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

from streamcore.graph.applied import AppliedTransform
from streamcore.graph.pipeline import Pipeline
from streamcore.graph.pvalue import PCollection
from streamcore.model.trigger import fires_at_end_only
from streamcore.transforms.group import Reduce, WithLateOutput
from streamcore.transforms.read import Read
from streamcore.transforms.with_timestamps import WithTimestamps
from streamcore.windowing import GlobalWindows


def warn_of_silent_steps(pipeline: Pipeline) -> None:
    """Warns of each aggregation of a source without end that waits for a watermark which comes from nowhere.

    No error, as all windows come out when the input ends or is drained. Called when a run begins.
    """
    for label in _silent_steps(pipeline):
        msg = (
            f"{label!r} shows nothing before its input ends: no step gives a watermark; give "
            "WithTimestamps(fn, watermark=BoundedOutOfOrderness(10)) or the source a `watermark`"
        )
        warnings.warn(msg, stacklevel=4)  # the caller of `Pipeline.run`


def _silent_steps(pipeline: Pipeline) -> Iterator[str]:
    """The labels of the first such aggregations; those behind them speak when these do."""
    without_watermark: set[PCollection[Any]] = set()
    for applied in pipeline.primitives():
        if not _lacks_watermark(applied, without_watermark):
            continue
        if _waits_for_end(applied):
            yield applied.full_label
        else:
            without_watermark.update(applied.outputs.values())


def _lacks_watermark(applied: AppliedTransform, without_watermark: set[PCollection[Any]]) -> bool:
    """Whether the watermark behind a transform is known to stay at the beginning of time until the input ends."""
    transform = applied.transform
    if isinstance(transform, Read):
        return transform.watermark is None and not (transform.source.bounded or transform.source.tells_watermark)
    if isinstance(transform, WithTimestamps) and transform.watermark is not None:
        return False
    return not without_watermark.isdisjoint(applied.inputs)


def _waits_for_end(applied: AppliedTransform) -> bool:
    """Whether a transform is an aggregation of which only the end of a window lets a pane come out."""
    if not isinstance(applied.transform, Reduce | WithLateOutput):
        return False
    windowing = applied.inputs[0].windowing
    return windowing.windowfn != GlobalWindows() and fires_at_end_only(windowing.triggerfn)
