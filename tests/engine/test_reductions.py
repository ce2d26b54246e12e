"""Which kind of aggregation node a windowing asks for."""

from __future__ import annotations

import pytest

from streamcore import (
    AfterAll,
    AfterCount,
    AfterEach,
    AfterWatermark,
    CombinePerKey,
    DefaultTrigger,
    FixedWindows,
    Repeatedly,
    Sessions,
    Trigger,
)
from streamcore.engine.core.cell_reduce import CellReduce
from streamcore.engine.core.node import Scheduler
from streamcore.engine.core.reduce import ReduceNode
from streamcore.engine.core.sessions import SessionReduce
from streamcore.engine.core.spans import SpanReduce
from streamcore.engine.reductions import make_reduce
from streamcore.model.windowing import TimestampCombiner, Windowing
from tests.triggers.driver import AtEnd

ONCE: list[Trigger] = [
    DefaultTrigger(),
    AfterWatermark(),
    Repeatedly(AfterWatermark()),
    AfterWatermark(late=AfterCount(1)),
    AfterEach(AfterWatermark(), AfterCount(5)),
    AfterAll(AfterCount(1), AfterWatermark()),
    AtEnd(),
    Repeatedly(AtEnd()),
]


def made(windowing: Windowing) -> ReduceNode:
    return make_reduce("sum", Scheduler(), windowing, CombinePerKey(sum))


@pytest.mark.parametrize("trigger", ONCE, ids=repr)
def test_where_only_the_end_makes_a_trigger_fire_it_is_not_asked(trigger: Trigger) -> None:
    assert isinstance(made(Windowing(FixedWindows(10), trigger)), SpanReduce)
    assert isinstance(made(Windowing(Sessions(10), trigger)), SessionReduce)


@pytest.mark.parametrize(
    "windowing",
    [
        Windowing(FixedWindows(10), AfterWatermark(early=AfterCount(5))),
        Windowing(FixedWindows(10), AtEnd(), allowed_lateness=1),
        Windowing(Sessions(10), AtEnd(), timestamp_combiner=TimestampCombiner.OUTPUT_AT_LATEST),
    ],
    ids=["early panes", "late panes", "timestamps of elements"],
)
def test_where_more_than_the_end_counts_there_are_cells(windowing: Windowing) -> None:
    assert isinstance(made(windowing), CellReduce)
