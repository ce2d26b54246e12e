from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from streamcore import (
    AccumulationMode,
    AfterAny,
    AfterCount,
    AfterProcessingTime,
    AfterWatermark,
    BoundedOutOfOrderness,
    CoGroupByKey,
    CombinePerKey,
    Create,
    FixedWindows,
    Flatten,
    GlobalWindows,
    GroupByKey,
    Map,
    Monotonous,
    PCollection,
    Pipeline,
    Read,
    Repeatedly,
    Sessions,
    Trigger,
    WindowInto,
    WithKeys,
    WithTimestamps,
)
from streamcore.engine.silent_steps import warn_of_silent_steps
from streamcore.io import ReadFromAsyncIterable, ReadFromIterable, ReadFromQueue, WriteToCallable
from streamcore.testing import TestStream
from tests.mistakes.trying import Endless

REMEDY = "give WithTimestamps(fn, watermark=BoundedOutOfOrderness(10)) or the source a `watermark`"
Build = Callable[[Pipeline], object]


async def nothing() -> AsyncIterator[int]:
    for n in ():
        yield n


def silence(label: str) -> str:
    return f"{label!r} shows nothing before its input ends: no step gives a watermark; {REMEDY}"


def numbers(p: Pipeline, watermark: Any = None) -> PCollection[int]:
    return p | ReadFromQueue(asyncio.Queue[int]()) | WithTimestamps(lambda n: n, watermark=watermark)


def counts(windowed: PCollection[Any]) -> PCollection[tuple[int, int]]:
    return windowed | WithKeys(1) | CombinePerKey(len)


def windows(trigger: Trigger | None, lateness: int = 0) -> WindowInto:
    return WindowInto(FixedWindows(10), trigger, AccumulationMode.DISCARDING, allowed_lateness=lateness)


def two_branches(keyed: PCollection[Any]) -> None:
    _ = keyed | "a" >> GroupByKey()
    _ = keyed | "b" >> GroupByKey()


def told(build: Build) -> list[str]:
    p = Pipeline()
    build(p)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_silent_steps(p)
    return [str(one.message) for one in caught]


async def test_a_run_warns_and_shows_everything_at_its_end() -> None:
    queue: asyncio.Queue[int | None] = asyncio.Queue()
    shown: list[Any] = []
    p = Pipeline()
    read = p | ReadFromQueue(queue, end=None) | WithTimestamps(lambda n: n)
    _ = counts(read | WindowInto(FixedWindows(10))) | WriteToCallable(shown.append)
    with pytest.warns(UserWarning, match="shows nothing before its input ends") as caught:
        handle = await p.run_async()
    assert [str(one.message) for one in caught] == [silence("CombinePerKey(len)")]
    assert caught[0].filename == __file__
    for n in (1, 2, 11, None):
        queue.put_nowait(n)
    await handle.wait()
    assert shown == [(1, 2), (1, 1)]


SILENT: dict[str, tuple[Build, list[str]]] = {
    "an async iterable": (
        lambda p: p | ReadFromAsyncIterable(nothing) | WithKeys(1) | WindowInto(Sessions(5)) | GroupByKey(),
        ["GroupByKey"],
    ),
    "an iterable that does not end": (
        lambda p: counts(p | ReadFromIterable([1], bounded=False) | WindowInto(FixedWindows(10))),
        ["CombinePerKey(len)"],
    ),
    "on-time and late panes only": (
        lambda p: counts(numbers(p) | windows(AfterWatermark(late=AfterProcessingTime(1)), lateness=5)),
        ["CombinePerKey(len)"],
    ),
    "a late output": (
        lambda p: numbers(p) | windows(None) | WithKeys(1) | CombinePerKey(len).with_late_output(),
        ["CombinePerKey(len)"],
    ),
    "two inputs of which one is silent": (
        lambda p: counts((p | Create([1]), numbers(p)) | Flatten() | windows(None)),
        ["CombinePerKey(len)"],
    ),
    "a join": (
        lambda p: {"a": numbers(p) | WithKeys(1) | windows(None)} | CoGroupByKey(),
        ["CoGroupByKey/CombinePerKey"],
    ),
    "two branches": (
        lambda p: two_branches(numbers(p) | windows(None) | WithKeys(1)),
        ["a", "b"],
    ),
    "the first of two in a row": (
        lambda p: counts(numbers(p) | windows(None)) | "again" >> GroupByKey(),
        ["CombinePerKey(len)"],
    ),
    "the second of two in a row": (
        lambda p: (
            counts(numbers(p) | windows(Repeatedly(AfterCount(1)))) | "anew" >> windows(None) | "again" >> GroupByKey()
        ),
        ["again"],
    ),
}


@pytest.mark.parametrize("name", SILENT)
def test_what_waits_for_a_watermark_from_nowhere_is_named(name: str) -> None:
    build, labels = SILENT[name]
    assert told(build) == [silence(label) for label in labels]


SPEAKING: dict[str, Build] = {
    "a watermark of the source": lambda p: counts(
        p | ReadFromQueue(asyncio.Queue[int](), watermark=Monotonous()) | windows(None)
    ),
    "a watermark of a step": lambda p: counts(numbers(p, BoundedOutOfOrderness(5)) | windows(None)),
    "a watermark behind the Flatten": lambda p: counts(
        (p | Create([1]), numbers(p))
        | Flatten()
        | "mark" >> WithTimestamps(lambda n: n, watermark=Monotonous())
        | windows(None)
    ),
    "early panes": lambda p: counts(numbers(p) | windows(AfterWatermark(early=AfterCount(5)))),
    "panes by the clock": lambda p: counts(numbers(p) | windows(Repeatedly(AfterProcessingTime(5)))),
    "panes by either": lambda p: counts(
        numbers(p) | windows(Repeatedly(AfterAny(AfterWatermark(), AfterProcessingTime(5))))
    ),
    "the global window": lambda p: counts(
        numbers(p) | WindowInto(GlobalWindows(), AfterWatermark(), AccumulationMode.DISCARDING)
    ),
    "an input that ends": lambda p: counts(p | ReadFromIterable([1]) | windows(None)),
    "a source that may tell its watermark": lambda p: counts(p | Read(Endless()) | windows(None)),
    "a replay": lambda p: counts(p | TestStream().add_elements([1]) | windows(None)),
    "no aggregation": lambda p: numbers(p) | windows(None) | Map(str),
}


@pytest.mark.parametrize("name", SPEAKING)
def test_there_is_no_warning_where_something_comes_out_or_may(name: str) -> None:
    assert told(SPEAKING[name]) == []
