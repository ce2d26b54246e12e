"""Which kind of aggregation node a windowing asks for."""

from __future__ import annotations

from typing import Any

from streamcore.engine.copies import own_copy
from streamcore.engine.core.merging import MergingReduce
from streamcore.engine.core.node import Scheduler
from streamcore.engine.core.reduce import Aggregation, ReduceNode
from streamcore.engine.core.sessions import SessionReduce
from streamcore.engine.core.spans import SpanReduce
from streamcore.engine.core.triggered import TriggeredReduce
from streamcore.graph.hints import UNKNOWN
from streamcore.graph.pvalue import PCollection
from streamcore.model.trigger import fires_at_end_only
from streamcore.model.windowing import TimestampCombiner, TimeWindowFn, Windowing
from streamcore.transforms.group import Reduce
from streamcore.transforms.window_into import WindowInto
from streamcore.windowing import Sessions


def hinted_type(reduce: Reduce, pcoll: PCollection[Any]) -> Any:
    """The type of what an aggregation takes, as type hints tell it; Any if none does."""
    if reduce.type_hints.input is not UNKNOWN:
        return reduce.type_hints.input
    while pcoll.element_type is Any and pcoll.producer is not None and isinstance(pcoll.producer.transform, WindowInto):
        (pcoll,) = pcoll.producer.inputs
    return pcoll.element_type


def make_reduce(label: str, scheduler: Scheduler, windowing: Windowing, reduce: Reduce) -> ReduceNode:
    """The cheapest node that does what the windowing asks for."""
    aggregation = Aggregation(own_copy(label, reduce.combine_fn), reduce.keyed, reduce.has_defaults)
    if fires_once(windowing) and windowing.windowfn.follows_timestamp:
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
        and fires_at_end_only(windowing.triggerfn)
    )
