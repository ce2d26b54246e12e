"""Runs of a pipeline over arrivals, and all that can be seen of them from outside."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Any, NamedTuple
from unittest.mock import patch

from streamcore import Map, Pipeline, Read, WindowInto, WithTimestamps, Write
from streamcore.engine.core import pace as pacing
from streamcore.engine.core.pace import Pace
from streamcore.graph.pvalue import PCollection
from streamcore.model.bundle import Bundle
from streamcore.model.options import PipelineOptions
from streamcore.model.pane import PaneInfo
from streamcore.model.sink import Sink
from streamcore.model.watermark import WatermarkEstimator
from streamcore.model.window import BoundedWindow
from streamcore.model.windowing import Windowing
from streamcore.transforms.group import LateOutputs, Reduce
from tests.laws.arrivals import Element, Replay


@contextlib.contextmanager
def machine(sizes: Sequence[int]) -> Iterator[None]:
    """A machine of changing speed: how many elements travel together follows from these numbers, in turn."""
    turns = cycle(sizes)

    def adapt(pace: Pace, count: int, load: float) -> None:
        pace.size = min(next(turns), pace.limit)

    with patch.object(pacing, "FIRST_SIZE", sizes[0]), patch.object(Pace, "adapt", adapt):
        yield


class Row(NamedTuple):
    """An element of a PCollection, as a sink sees it."""

    value: Any
    timestamp: int
    windows: tuple[BoundedWindow, ...]
    pane: PaneInfo


class Rows(Sink[Any]):
    """Keeps what is written, by key."""

    def __init__(self) -> None:
        self.by_key: dict[Any, list[Row]] = {}

    async def write(self, bundle: Bundle) -> None:
        for one in bundle.windowed_values():
            key, value = one.value
            self.by_key.setdefault(key, []).append(Row(value, one.timestamp.micros, one.windows, one.pane_info))


class Seen(NamedTuple):
    """What a run shows: panes, late elements, and what was dropped, by output, and by step."""

    rows: dict[str, dict[Any, list[Row]]]
    drops: dict[str, tuple[int, int]]

    def panes(self, output: str = "panes") -> list[tuple[Any, Row]]:
        """The panes with their keys; in order for each key."""
        return [(key, row) for key, rows in self.rows[output].items() for row in rows]


class Build:
    """A pipeline over a replay that is being built."""

    def __init__(self, replay: Replay, bundle_size: int) -> None:
        self.replay = replay
        self.pipeline = Pipeline(options=PipelineOptions(allow_unsafe_triggers=True, bundle_size=bundle_size))
        self._sinks: dict[str, Rows] = {}

    def read(self, estimator: WatermarkEstimator | None, ports: Sequence[int], late: bool = False) -> PCollection[Any]:
        """The elements of some ports, as pairs; the watermark starts at the source, or `late` at a step of its own."""
        label = f"read {ports}"
        source = self.replay.source(*ports)
        if not late:
            elements = self.pipeline | label >> Read(source, watermark=estimator)
        else:
            read = self.pipeline | label >> Read(source)
            elements = read | f"stamp {ports}" >> WithTimestamps(_time, unit="us", watermark=estimator)
        return elements | f"pairs {ports}" >> Map(_pair)

    def group(
        self, pcoll: PCollection[Any], windowing: Windowing | None, reduce: Reduce, name: str
    ) -> PCollection[Any]:
        """An aggregation; its panes and late elements are kept under its name."""
        if windowing is not None:
            pcoll = pcoll | f"windows of {name}" >> WindowInto(windowing)
        outputs: LateOutputs = pcoll | name >> reduce.with_late_output()
        self.keep(outputs.main, name)
        self.keep(outputs.late, f"late of {name}")
        return outputs.main

    def windowed(self, pcoll: PCollection[Any], windowing: Windowing) -> PCollection[Any]:
        """The elements under another windowing."""
        return pcoll | f"windows of {pcoll}" >> WindowInto(windowing)

    def keep(self, pcoll: PCollection[Any], name: str) -> None:
        self._sinks[name] = Rows()
        _ = pcoll | f"keep {name}" >> Write(self._sinks[name])

    def run(self) -> Seen:
        metrics = self.pipeline.run().metrics
        drops = {step: (counts.dropped_late, counts.dropped_closed) for step, counts in metrics.items()}
        return Seen({name: sink.by_key for name, sink in self._sinks.items()}, drops)


def _pair(element: Element) -> tuple[str, int]:
    return element.key, element.number


def _time(element: Element) -> int:
    return element.time
