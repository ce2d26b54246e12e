"""Scenarios as data: what happens to a windowed aggregation, step by step, and the panes that must come out at each.

A script has a step a line, `events -> panes # why`. The events of a line, separated by spaces:

    a@5      an element `a` with timestamp 5; `x:a@5` under the key `x`
    w60      the watermark moves to 60
    p10      processing time moves on by 10
    end      the input ends

The panes, separated by semicolons, as `[start,end) values timing index/nonspeculative flags @timestamp`: the values
joined by `+`, or `-` for an empty pane; the flags `first` and `last`; the timestamp left out where it is the end of the
window.
Nothing else may come out at that step, nor at the end of the input where no step says `end`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from streamcore import CombinePerKey, DoFn, GroupByKey, Map, WindowInto
from streamcore.model.options import PipelineOptions
from streamcore.model.pane import PaneInfo, PaneInfoTiming
from streamcore.model.trigger import Trigger
from streamcore.model.window import BoundedWindow, GlobalWindow
from streamcore.model.windowed_value import TimestampedValue
from streamcore.model.windowing import (
    AccumulationMode,
    ClosingBehavior,
    OnTimeBehavior,
    TimestampCombiner,
    WindowFn,
)
from streamcore.testing import TestPipeline, TestStream
from streamcore.timestamp import Timestamp
from streamcore.transforms.combine_fn import CombineFn
from streamcore.transforms.elementwise import MapTuple
from streamcore.triggers import DefaultTrigger

ACCUMULATING = AccumulationMode.ACCUMULATING
DISCARDING = AccumulationMode.DISCARDING
DEFAULT_KEY = "k"
DEFAULT_TRIGGER = DefaultTrigger()


@dataclasses.dataclass(frozen=True)
class Scenario:
    """A windowing, and what must come out of it."""

    name: str
    windowfn: WindowFn
    script: str
    trigger: Trigger = DEFAULT_TRIGGER
    mode: AccumulationMode = DISCARDING
    lateness: float = 0
    combiner: TimestampCombiner = TimestampCombiner.OUTPUT_AT_EOW
    closing: ClosingBehavior = ClosingBehavior.FIRE_IF_NON_EMPTY
    on_time: OnTimeBehavior = OnTimeBehavior.FIRE_ALWAYS


@dataclasses.dataclass(frozen=True)
class Step:
    """One line of a script."""

    text: str
    events: tuple[str, ...]
    panes: list[str]


class Concat(CombineFn[Any, list[Any], list[Any]]):
    """All values in a list, as an aggregation that merges accumulators."""

    def create_accumulator(self) -> list[Any]:
        return []

    def add_input(self, mutable_accumulator: list[Any], element: Any) -> list[Any]:
        return [*mutable_accumulator, element]

    def merge_accumulators(self, accumulators: Any) -> list[Any]:
        return [value for accumulator in accumulators for value in accumulator]

    def extract_output(self, accumulator: list[Any]) -> list[Any]:
        return accumulator


AGGREGATIONS: dict[str, Any] = {"group": GroupByKey, "combine": lambda: CombinePerKey(Concat())}


def steps(script: str) -> list[Step]:
    """The steps of a script; the end of the input is one of its own."""
    found = []
    for line in script.strip().splitlines():
        text = line.split("#")[0].strip()
        events, _, panes = text.partition("->")
        expected = sorted(" ".join(pane.split()) for pane in panes.split(";") if pane.strip())
        found.append(Step(text, tuple(events.split()), expected))
    if found[-1].events != ("end",):
        found.append(Step("end", ("end",), []))
    return found


def play(scenario: Scenario, aggregation: str, together: bool) -> list[tuple[str, list[str]]]:
    """What comes out at each step, in the notation of the script.

    Args:
        scenario: What happens.
        aggregation: A key of `AGGREGATIONS`.
        together: Elements that follow each other in a step come as one event, and so in one bundle.
    """
    stream = TestStream(output_tags=[None, "steps"])
    script = steps(scenario.script)
    for number, step in enumerate(script[:-1]):
        _act(stream, step, together)
        stream.add_elements([number], tag="steps")
    since: list[str] = []
    seen: list[list[str]] = []

    def see_pane(
        key: str,
        values: Any,
        window: Any = DoFn.WindowParam,
        at: Any = DoFn.TimestampParam,
        pane: Any = DoFn.PaneInfoParam,
    ) -> None:
        since.append(show(key, values, window, at, pane))

    def see_step(_: int) -> None:
        seen.append(sorted(since))
        since.clear()

    with TestPipeline(options=PipelineOptions(allow_unsafe_triggers=True)) as p:
        outputs = p | stream
        windowed = outputs[None] | WindowInto(
            scenario.windowfn,
            trigger=scenario.trigger,
            accumulation_mode=scenario.mode,
            timestamp_combiner=scenario.combiner,
            allowed_lateness=scenario.lateness,
            closing_behavior=scenario.closing,
            on_time_behavior=scenario.on_time,
        )
        _ = windowed | AGGREGATIONS[aggregation]() | "see panes" >> MapTuple(see_pane)
        _ = outputs["steps"] | "see steps" >> Map(see_step)
    seen.append(sorted(since))
    return [(step.text, panes) for step, panes in zip(script, seen, strict=True)]


def expected(scenario: Scenario) -> list[tuple[str, list[str]]]:
    """What must come out at each step."""
    return [(step.text, step.panes) for step in steps(scenario.script)]


def show(key: str, values: list[str], window: BoundedWindow, at: Timestamp, pane: PaneInfo) -> str:
    """A pane in the notation of the script."""
    span = "global" if isinstance(window, GlobalWindow) else f"[{_number(window.start)},{_number(window.end)})"
    parts = [
        span if key == DEFAULT_KEY else f"{key}:{span}",
        "+".join(sorted(values)) or "-",
        PaneInfoTiming(pane.timing).name.lower(),
        f"{pane.index}/{pane.nonspeculative_index}",
    ]
    parts += ["first"] * pane.is_first + ["last"] * pane.is_last
    parts += [f"@{_number(at)}"] * (at != window.max_timestamp())
    return " ".join(parts)


def _number(moment: Timestamp) -> str:
    return f"{float(moment):.12g}"


def _act(stream: TestStream, step: Step, together: bool) -> None:
    for run in _runs(step.events, together):
        if "@" in run[0]:
            stream.add_elements([_element(event) for event in run])
        elif run[0].startswith("w"):
            stream.advance_watermark_to(float(run[0][1:]))
        else:
            stream.advance_processing_time(float(run[0][1:]))


def _runs(events: tuple[str, ...], together: bool) -> Iterator[list[str]]:
    """Elements that follow each other, if they come together; else each event for itself."""
    run: list[str] = []
    for event in events:
        if run and not (together and "@" in event and "@" in run[-1]):
            yield run
            run = []
        run.append(event)
    if run:
        yield run


def _element(text: str) -> TimestampedValue[tuple[str, str]]:
    name, at = text.split("@")
    key, _, value = name.rpartition(":")
    return TimestampedValue((key or DEFAULT_KEY, value), float(at))
