"""Nothing is kept of windows that have expired."""

from __future__ import annotations

import gc
import weakref

import pytest

from streamcore.engine.runtime import Job
from streamcore.graph.pipeline import Pipeline
from streamcore.model.watermark import BoundedOutOfOrderness
from streamcore.model.windowing import AccumulationMode, WindowFn
from streamcore.transforms.elementwise import Map
from streamcore.transforms.group import GroupByKey
from streamcore.transforms.read import Create
from streamcore.transforms.window_into import WindowInto
from streamcore.transforms.with_timestamps import WithTimestamps
from streamcore.triggers import AfterProcessingTime, AfterWatermark
from streamcore.windowing import FixedWindows, Sessions


class Value:
    """Something whose life can be watched."""


@pytest.mark.parametrize("windowfn", [FixedWindows(10), Sessions(10)])
async def test_a_deadline_to_come_keeps_no_elements(windowfn: WindowFn) -> None:
    made: list[weakref.ref[Value]] = []

    def make(time: int) -> tuple[str, Value]:
        value = Value()
        made.append(weakref.ref(value))
        return "k", value

    p = Pipeline()
    _ = (
        p
        | Create([0, 5, 12, 40, 70])
        | WithTimestamps(lambda time: time, watermark=BoundedOutOfOrderness(0))
        | Map(make)
        | WindowInto(windowfn, AfterWatermark(early=AfterProcessingTime(3600)), AccumulationMode.ACCUMULATING)
        | GroupByKey()
    )
    job = Job(p)
    await job.wait()
    gc.collect()
    assert [value() for value in made] == [None] * 5
