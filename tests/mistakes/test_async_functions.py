"""Async functions where only plain ones can be used: all are refused while the pipeline is built."""

import re
import textwrap

import pytest

from streamcore import PipelineError
from tests.mistakes.trying import build

FUNCTIONS = """
import functools
from streamcore.io import ReadFromIterable
from streamcore.testing import *
from streamcore.transforms.combiners.tuples import TupleCombineFn

async def fetch(*args): ...

async def follow(*args):
    yield 1

class Fetch:
    async def __call__(self, *args): ...

class Follow:
    async def __call__(self, *args):
        yield 1

numbers = p | "numbers" >> Create([1])
pairs = p | "pairs" >> Create([("a", 1)])
groups = p | "groups" >> Create([("a", [1])])
"""

IN_THE_SOURCE = "write WriteToCallable(fn) where results are not needed, or await in the source"
BEFORE = "write it with `def`, and await what it needs before the pipeline runs"

TAKEN = [
    ("numbers | Map(functools.partial(fetch, 1))", "Map", "function partial(fetch, 1)"),
    ("numbers | FlatMap(fetch)", "FlatMap", "function fetch"),
    ("numbers | FlatMap(follow)", "FlatMap", "generator function follow"),
    ("numbers | FlatMap(Follow())", "FlatMap", "generator function Follow"),
    ("numbers | ParDo(follow)", "ParDo", "generator function follow"),
    ("pairs | FlatMapTuple(follow)", "FlatMapTuple", "generator function follow"),
    ("numbers | WithKeys(fetch)", "WithKeys", "function fetch"),
    ("numbers | WithKeys(Fetch(), 3)", "WithKeys", "function Fetch"),
    ("pairs | CombinePerKey(fetch)", "an aggregation", "function fetch"),
    ("pairs | CombinePerKey(fetch, 3)", "an aggregation", "function fetch"),
    ("numbers | CombineGlobally(fetch)", "an aggregation", "function fetch"),
    ("groups | CombineValues(follow)", "an aggregation", "generator function follow"),
    ("pairs | CombineGlobally(TupleCombineFn(sum, fetch))", "an aggregation", "function fetch"),
    ("numbers | WithTimestamps(fetch)", "WithTimestamps", "function fetch"),
    ("numbers | WithTimestamps(float, watermark=Punctuated(fetch))", "Punctuated", "function fetch"),
    ("numbers | Partition(fetch, 2)", "Partition", "function fetch"),
    ("numbers | Top.Of(1, key=fetch)", "Top", "function fetch"),
    ("pairs | Top.SmallestPerKey(1, key=fetch)", "Top", "function fetch"),
    ("numbers | Tee(fetch)", "Tee", "function fetch"),
    ("ptransform_fn(fetch)", "ptransform_fn", "function fetch"),
]


def told(code: str) -> str:
    with pytest.raises(PipelineError) as error:
        build(FUNCTIONS + textwrap.dedent(code))
    return str(error.value)


@pytest.mark.parametrize(("code", "taker", "got"), TAKEN)
def test_a_function(code: str, taker: str, got: str) -> None:
    results = "async generators" if got.startswith("generator") else "coroutines"
    message = f"{taker} takes a plain function, got the async {got}, whose results would be {results}; {IN_THE_SOURCE}"
    assert told(code) == message


@pytest.mark.parametrize("method", ["process", "setup", "start_bundle", "finish_bundle", "teardown"])
def test_a_method_of_a_dofn(method: str) -> None:
    code = f"""
    class Enrich(DoFn):
        def process(self, element): ...
        async def {method}(self, *args): ...
    numbers | ParDo(Enrich())
    """
    assert told(code) == (
        f"ParDo takes a plain function, got the async function Enrich.{method}, whose results would be coroutines; "
        f"{IN_THE_SOURCE}"
    )


@pytest.mark.parametrize("method", ["add_input", "extract_output", "add_inputs", "setup", "teardown"])
def test_a_method_of_an_aggregation(method: str) -> None:
    code = f"""
    class Average(combiners.MeanCombineFn):
        async def {method}(self, *args): ...
    numbers | CombineGlobally(Average())
    """
    assert told(code) == (
        f"an aggregation takes a plain function, got the async function Average.{method}, whose results would be "
        f"coroutines; {IN_THE_SOURCE}"
    )


def test_the_method_of_a_partition_function() -> None:
    code = """
    class Parity(PartitionFn):
        async def partition_for(self, element, num_partitions): ...
    numbers | Partition(Parity(), 2)
    """
    assert told(code) == (
        "Partition takes a plain function, got the async function partition_for, whose results would be coroutines; "
        f"{IN_THE_SOURCE}"
    )


@pytest.mark.parametrize(
    ("code", "taker"),
    [
        ("assert_that(numbers, fetch)", "assert_that"),
        ("has_at_least_one(numbers, fetch)", "has_at_least_one"),
        ("assert_that(numbers, equal_to([1], fetch))", "equal_to"),
        ("in_window(None, fetch)", "in_window"),
    ],
)
def test_a_check(code: str, taker: str) -> None:
    assert told(code) == (
        f"{taker} takes a plain function, got the async function fetch, whose results would be coroutines; {BEFORE}"
    )


def test_a_function_that_makes_a_plain_iterable() -> None:
    assert re.match(
        r"ReadFromIterable takes a plain function, got the async generator function follow, .*; "
        r"write ReadFromAsyncIterable\(fn\)$",
        told("p | ReadFromIterable(follow)"),
    )
