"""Arguments of transforms that are refused where they are given, and not when the pipeline runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from streamcore import (
    BoundedOutOfOrderness,
    Create,
    Monotonous,
    Pipeline,
    PipelineError,
    Punctuated,
    Read,
    Sample,
    Top,
    WithTimestamps,
)
from streamcore.io import ReadFromAsyncIterable, ReadFromIterable, ReadFromJsonLines, ReadFromQueue, ReadFromText
from streamcore.testing import TestStream, VirtualClock
from streamcore.transforms.combiners.sample import SampleCombineFn
from streamcore.transforms.combiners.top import Largest, TopCombineFn
from tests.engine.test_source_results import Returning


async def nothing() -> Any:
    for number in ():
        yield number


READS: list[Callable[[Any], Any]] = [
    lambda watermark: Read(Returning(), watermark=watermark),
    lambda watermark: ReadFromIterable([1], watermark=watermark),
    lambda watermark: ReadFromAsyncIterable(nothing, watermark=watermark),
    lambda watermark: ReadFromQueue(asyncio.Queue(), watermark=watermark),
    lambda watermark: ReadFromText("*.txt", validate=False, watermark=watermark),
    lambda watermark: ReadFromJsonLines("*.jsonl", validate=False, watermark=watermark),
    lambda watermark: Create([1]) | WithTimestamps(float, watermark=watermark),
]


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize(
    ("given", "told"),
    [(3, "3"), (BoundedOutOfOrderness, "the class BoundedOutOfOrderness"), ([Monotonous()], "[Monotonous()]")],
)
def test_what_is_no_estimator_is_refused(read: Callable[[Any], Any], given: Any, told: str) -> None:
    with pytest.raises(PipelineError) as error:
        _ = Pipeline() | read(given)
    assert str(error.value).startswith(f"`watermark` must be an estimator, got {told}")
    assert str(error.value).endswith("; write watermark=BoundedOutOfOrderness(10)")


KEEPING: list[Callable[[Any], Any]] = [
    *(Top.Of, Top.PerKey, Top.Largest, Top.SmallestPerKey, TopCombineFn, Largest),
    *(Sample.FixedSizeGlobally, Sample.FixedSizePerKey, Sample.Any, SampleCombineFn),
]


@pytest.mark.parametrize("make", KEEPING)
@pytest.mark.parametrize(
    ("n", "told"), [("2", "'2'"), (2.5, "2.5"), (-1, "-1"), (True, "True"), (int, "the class int")]
)
def test_how_many_to_keep_is_a_whole_number(make: Callable[[Any], Any], n: Any, told: str) -> None:
    with pytest.raises(PipelineError) as error:
        make(n)
    assert str(error.value) == (
        f"`n` must be a whole number from 0 on, got {told}; give how many elements to keep at most"
    )
    make(0)


def test_a_marking_function_is_one() -> None:
    with pytest.raises(PipelineError) as error:
        Punctuated(3)  # type: ignore[arg-type]
    assert str(error.value) == (
        "Punctuated takes a function of an element and its time, got 3; "
        "write Punctuated(lambda element, timestamp: ...)"
    )


@pytest.mark.parametrize(("clock", "told"), [(3, "3"), (VirtualClock, "the class VirtualClock")])
def test_the_clock_of_a_test_stream_is_one_that_it_can_move(clock: Any, told: str) -> None:
    with pytest.raises(PipelineError) as error:
        TestStream(clock=clock)
    assert str(error.value) == (f"`clock` must be a VirtualClock, got {told}; leave it out for one that starts at 0")
