"""Runs cases on streamcore."""

from __future__ import annotations

import json
from typing import Any

from streamcore import GroupByKey, Pipeline, WindowInto, Write, triggers
from streamcore.model.bundle import Bundle
from streamcore.model.options import PipelineOptions
from streamcore.model.sink import Sink
from streamcore.model.trigger import Trigger
from streamcore.model.windowed_value import TimestampedValue
from streamcore.model.windowing import AccumulationMode, TimestampCombiner, WindowFn
from streamcore.testing import TestStream
from streamcore.windowing import FixedWindows, GlobalWindows, Sessions, SlidingWindows
from tests.differential.cases import Case, Tree

Pane = dict[str, Any]


class Panes(Sink[Any]):
    """Keeps what comes out."""

    def __init__(self) -> None:
        self.panes: list[Pane] = []

    async def write(self, bundle: Bundle) -> None:
        for one in bundle.windowed_values():
            key, values = one.value
            (window,) = one.windows
            pane = one.pane_info
            self.panes.append(
                {
                    "key": key,
                    "window": [window.start.micros, window.end.micros],
                    "values": sorted(values),
                    "timestamp": one.timestamp.micros,
                    "timing": pane.timing.name,
                    "is_first": pane.is_first,
                    "is_last": pane.is_last,
                    "index": pane.index,
                    "nonspeculative_index": pane.nonspeculative_index,
                }
            )


def run(case: Case) -> list[Pane]:
    """The panes of a case, in the order they come out."""
    sink = Panes()
    pipeline = Pipeline(options=PipelineOptions(allow_unsafe_triggers=True))
    windows = WindowInto(
        _windows(case["window"]),
        trigger=_trigger(case["trigger"]),
        accumulation_mode=AccumulationMode[case["mode"]],
        timestamp_combiner=TimestampCombiner[case["combiner"]],
        allowed_lateness=case["lateness"],
    )
    _ = pipeline | _stream(case["events"], case["base"]) | windows | GroupByKey() | Write(sink)
    pipeline.run()
    panes: list[Pane] = json.loads(json.dumps(sink.panes))
    return panes


def _windows(spec: Case) -> WindowFn:
    if spec["kind"] == "fixed":
        return FixedWindows(spec["size"])
    if spec["kind"] == "sliding":
        return SlidingWindows(spec["size"], spec["period"])
    return Sessions(spec["gap"]) if spec["kind"] == "sessions" else GlobalWindows()


def _trigger(tree: Tree) -> Any:
    if not isinstance(tree, list):
        return tree
    name, *parts = tree
    made: Trigger = getattr(triggers, name)(*map(_trigger, parts))
    return made


def _stream(events: list[list[Any]], base: int) -> TestStream:
    stream = TestStream()
    for kind, *rest in events:
        if kind == "element":
            key, value, time = rest
            stream = stream.add_elements([TimestampedValue((key, value), base + time)])
        elif kind == "watermark":
            stream = stream.advance_watermark_to(base + rest[0])
        else:
            stream = stream.advance_processing_time(rest[0])
    return stream.advance_watermark_to_infinity()
