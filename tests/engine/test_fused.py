"""Chains of light steps in one loop: nothing but speed may show that they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from streamcore.engine import planning
from streamcore.engine.planning import Plan
from streamcore.errors import UserCodeError
from streamcore.graph.pipeline import Pipeline
from streamcore.model.options import PipelineOptions
from streamcore.model.watermark import BoundedOutOfOrderness, Punctuated
from streamcore.model.windowed_value import TaggedOutput, TimestampedValue
from streamcore.timestamp import Timestamp
from streamcore.transforms.dofn import DoFn
from streamcore.transforms.elementwise import Filter, Map
from streamcore.transforms.group import GroupByKey
from streamcore.transforms.read import Create, Read
from streamcore.transforms.window_into import WindowInto
from streamcore.transforms.with_timestamps import WithTimestamps
from streamcore.transforms.write import Write
from streamcore.windowing import FixedWindows
from tests.engine.sources import FedSource
from tests.engine.test_runtime import Collected, start

BOUND = BoundedOutOfOrderness(5)


def chain(
    p: Pipeline,
    numbers: list[int],
    odd: Callable[[int], Any] = lambda n: n,
    estimator: Any = BOUND,
    pair: Callable[[int], Any] = lambda n: (n % 3, n),
) -> Collected:
    """Parse, keep, stamp, window, pair, group; `odd` and `pair` are what two steps make of a number."""
    sink = Collected()
    _ = (
        p
        | Create([str(number) for number in numbers])
        | "parse" >> Map(int)
        | "keep" >> Filter(lambda n: n % 5 != 0)
        | "odd" >> Map(odd)
        | WithTimestamps(lambda n: n, watermark=estimator)
        | WindowInto(FixedWindows(10))
        | "pair" >> Map(pair)
        | GroupByKey()
        | "show" >> Map(lambda kv, w=DoFn.WindowParam, t=DoFn.TimestampParam: (kv, repr(w), t))
        | Write(sink)
    )
    return sink


def run(fuse: bool, size: int, *args: Any, **kwargs: Any) -> tuple[list[Any], dict[str, Any]]:
    """What comes out, and what has been counted, with chains in one loop or step by step."""
    with pytest.MonkeyPatch.context() as patch:
        if not fuse:
            patch.setattr(planning, "fuse_behind", lambda source: None)
        p = Pipeline(options=PipelineOptions(bundle_size=size))
        sink = chain(p, *args, **kwargs)
        handle = p.run()
    return sink.values, dict(handle.metrics)


def test_a_chain_behind_a_source_is_fused() -> None:
    p = Pipeline()
    chain(p, [1])
    assert len(Plan(p).fused) == 1


numbers = st.lists(st.integers(0, 60), max_size=30)
sizes = st.sampled_from([1, 4, 256])


@given(numbers, sizes)
def test_results_drops_and_counters_are_those_of_the_steps(given_numbers: list[int], size: int) -> None:
    assert run(True, size, given_numbers) == run(False, size, given_numbers)


@given(numbers, sizes)
def test_an_output_with_a_timestamp_of_its_own_is_unwrapped(given_numbers: list[int], size: int) -> None:
    def odd(n: int) -> Any:
        return TimestampedValue(n, n) if n % 7 == 0 else n

    assert run(True, size, given_numbers, odd) == run(False, size, given_numbers, odd)


@given(numbers, sizes)
def test_an_output_with_a_timestamp_behind_the_estimator_is_unwrapped(given_numbers: list[int], size: int) -> None:
    def later(n: int) -> Any:
        return TimestampedValue((n % 3, n), n + 20) if n % 7 == 0 else (n % 3, n)

    assert run(True, size, given_numbers, pair=later) == run(False, size, given_numbers, pair=later)


@given(numbers, sizes)
def test_an_estimator_that_looks_at_elements_sees_them(given_numbers: list[int], size: int) -> None:
    estimator = Punctuated(lambda n, stamp: Timestamp(n - 5) if n % 2 else None)
    assert run(True, size, given_numbers, estimator=estimator) == run(False, size, given_numbers, estimator=estimator)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["1", "x"], "step 'parse' failed on element 'x' in window GlobalWindow: ValueError: invalid literal for"),
        (["1", "7"], "step 'odd' failed on element 7 in window GlobalWindow: ZeroDivisionError: "),
        (["1", "13"], "step 'pair' failed on element 13 in window [10.0, 20.0): ZeroDivisionError: "),
        (["1", "8"], "step 'stop' failed on element 8 in window GlobalWindow: the function raised StopIteration"),
    ],
)
def test_a_failing_step_is_named_with_the_element_it_got(values: list[str], message: str) -> None:
    def stop(n: int) -> int:
        if n == 8:
            raise StopIteration
        return n

    p = Pipeline()
    _ = (
        p
        | Create(values)
        | "parse" >> Map(int)
        | "odd" >> Map(lambda n: n // abs(n - 7) * abs(n - 7) + n % abs(n - 7))
        | "stop" >> Map(stop)
        | WithTimestamps(lambda n: n, watermark=BOUND)
        | WindowInto(FixedWindows(10))
        | "pair" >> Map(lambda n: (1 / (n - 13), n))
        | GroupByKey()
    )
    with pytest.raises(UserCodeError) as error:
        p.run()
    assert str(error.value).startswith(message)


def test_a_tagged_output_nobody_named_is_refused_as_by_the_step() -> None:
    with pytest.raises(Exception, match="step 'odd' put out a value tagged 'x', an output it does not have"):
        run(True, 4, [1, 2, 3], lambda n: TaggedOutput("x", n))


async def test_what_is_between_two_steps_can_be_watched() -> None:
    p = Pipeline()
    source = FedSource("a")
    halves = p | Read(source) | "half" >> Map(lambda n: n / 2)
    _ = halves | "text" >> Map(str) | Write(Collected())
    handle = await start(p)
    source.feed("a", 2)
    stream = handle.stream(halves)
    source.feed("a", 8)
    assert (await anext(stream)).value in (1.0, 4.0)
    source.end()
    assert await handle.wait() == "DONE"
