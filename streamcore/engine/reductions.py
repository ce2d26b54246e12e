"""Which kind of aggregation node a windowing asks for."""

from __future__ import annotations

from streamcore.engine.copies import own_copy
from streamcore.engine.core.assign import follows_timestamp
from streamcore.engine.core.merging import MergingReduce
from streamcore.engine.core.node import Scheduler
from streamcore.engine.core.reduce import Aggregation, ReduceNode
from streamcore.engine.core.sessions import SessionReduce
from streamcore.engine.core.spans import SpanReduce
from streamcore.engine.core.triggered import TriggeredReduce
from streamcore.model.windowing import TimestampCombiner, TimeWindowFn, Windowing
from streamcore.transforms.group import Reduce
from streamcore.triggers import AfterWatermark, DefaultTrigger, Repeatedly
from streamcore.windowing import Sessions


def make_reduce(label: str, scheduler: Scheduler, windowing: Windowing, reduce: Reduce) -> ReduceNode:
    """The cheapest node that does what the windowing asks for."""
    aggregation = Aggregation(own_copy(label, reduce.combine_fn), reduce.keyed, reduce.has_defaults)
    if fires_once(windowing) and follows_timestamp(windowing.windowfn):
        if isinstance(windowing.windowfn, TimeWindowFn):
            return SpanReduce(label, scheduler, windowing, aggregation)
        if isinstance(windowing.windowfn, Sessions) and type(windowing.windowfn).merge is Sessions.merge:
            return SessionReduce(label, scheduler, windowing, aggregation)
    if windowing.windowfn.is_merging():
        return MergingReduce(label, scheduler, windowing, aggregation)
    return TriggeredReduce(label, scheduler, windowing, aggregation)


def fires_once(windowing: Windowing) -> bool:
    """Whether every window has one pane, put out when the watermark passes its end, and none after that."""
    return (
        windowing.allowed_lateness == 0
        and windowing.timestamp_combiner == TimestampCombiner.OUTPUT_AT_EOW
        and windowing.triggerfn in (DefaultTrigger(), AfterWatermark(), Repeatedly(AfterWatermark()))
    )
