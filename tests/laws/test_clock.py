"""Deadlines of triggers: each is met once, in the order of time, before what arrives after it."""

from __future__ import annotations

from streamcore import GroupByKey
from streamcore.model.trigger import Trigger
from streamcore.model.windowing import Windowing
from streamcore.triggers import AfterAll, AfterAny, AfterProcessingTime, Always, DefaultTrigger
from streamcore.windowing import FixedWindows
from tests.laws.arrivals import Element, Event, Pause, Replay, cut
from tests.laws.runs import Build


def panes(trigger: Trigger, events: list[Event]) -> list[list[int]]:
    pipeline = Build(Replay(cut(events), 1), 256)
    pipeline.group(pipeline.read(None, [0]), Windowing(FixedWindows(10), trigger), GroupByKey(), "panes")
    return [row.value for _, row in pipeline.run().panes()]


def test_a_deadline_that_stays_is_met_once() -> None:
    # The clock has passed the deadline of the part that waits for the watermark, and the other part always fires.
    trigger = AfterAny(AfterAll(DefaultTrigger(), AfterProcessingTime(3)), Always())
    assert panes(trigger, [Element(0, "a", 1, 0), Pause(5)]) == [[1], []]
