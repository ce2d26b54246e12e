"""A pipeline that counts, under windows of several kinds."""

from __future__ import annotations

from collections.abc import Callable

from streamcore.graph.pipeline import Pipeline
from streamcore.model.options import PipelineOptions
from streamcore.model.source import Source
from streamcore.model.windowing import AccumulationMode
from streamcore.transforms.elementwise import Map
from streamcore.transforms.group import CombinePerKey
from streamcore.transforms.read import Read
from streamcore.transforms.window_into import WindowInto
from streamcore.transforms.write import Write
from streamcore.triggers import AfterCount, AfterWatermark
from streamcore.windowing import FixedWindows, Sessions, SlidingWindows
from tests.engine.ledgers import LedgerSink

WINDOWS: dict[str, Callable[[], WindowInto]] = {
    "fixed": lambda: WindowInto(FixedWindows(10)),
    "sliding": lambda: WindowInto(SlidingWindows(20, 5)),
    "sessions": lambda: WindowInto(Sessions(2)),
    "early panes": lambda: WindowInto(
        FixedWindows(10), AfterWatermark(early=AfterCount(2)), AccumulationMode.ACCUMULATING
    ),
    "early sessions": lambda: WindowInto(Sessions(2), AfterWatermark(early=AfterCount(2)), AccumulationMode.DISCARDING),
}


def counts(
    source: Source[int], sink: LedgerSink, settings: PipelineOptions | None = None, window: str = "fixed"
) -> Pipeline:
    """Counts what a source gives, by key and window."""
    p = Pipeline(options=settings)
    _ = (
        p
        | "read" >> Read(source)
        | "gaps" >> Map(lambda number: (f"key {number % 4}" if number % 20 < 14 else "rare", 1))
        | WINDOWS[window]()
        | "counts" >> CombinePerKey(sum)
        | "out" >> Write(sink)
    )
    return p
