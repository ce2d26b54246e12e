"""The combiners as transforms: empty inputs, windows, keys."""

import math
import re
from typing import Any

import pytest

import streamcore as sc
from streamcore.errors import PipelineError
from streamcore.testing import TestPipeline, assert_that, equal_to, is_empty

GLOBALLY = [
    (sc.Count.Globally, [3, 1, 2], 3),
    (sc.Mean.Globally, [3, 1, 2], 2.0),
    (sc.ToList, [3, 1, 2], [3, 1, 2]),
    (sc.ToSet, [3, 1, 3], {1, 3}),
    (sc.ToDict, [("a", 1), ("a", 2)], {"a": 2}),
    (lambda **options: sc.Top.Largest(2, **options), [3, 1, 2], [3, 2]),
    (lambda **options: sc.Top.Smallest(2, **options), [3, 1, 2], [1, 2]),
    (lambda **options: sc.Top.Of(2, key=lambda x: -x, **options), [3, 1, 2], [1, 2]),
    (lambda **options: sc.Sample.FixedSizeGlobally(3, **options), [1, 1, 1], [1, 1, 1]),
    (sc.Latest.Globally, [1, 2, 3], 3),
]


@pytest.mark.parametrize(("make", "elements", "expected"), GLOBALLY)
def test_globally(make: Any, elements: list[Any], expected: Any) -> None:
    with TestPipeline() as p:
        assert_that(p | sc.Create(elements) | make(), equal_to([expected]))


@pytest.mark.parametrize(("make", "elements", "expected"), GLOBALLY)
def test_globally_in_windows(make: Any, elements: list[Any], expected: Any) -> None:
    with TestPipeline() as p:
        windowed = p | sc.Create(elements) | sc.WindowInto(sc.FixedWindows(10))
        assert_that(windowed | make(has_defaults=False), equal_to([expected]))


@pytest.mark.parametrize(("make", "elements", "expected"), GLOBALLY)
def test_globally_without_defaults(make: Any, elements: list[Any], expected: Any) -> None:
    with TestPipeline() as p:
        assert_that(p | sc.Create([]) | make().without_defaults(), is_empty())


def test_the_mean_of_nothing_is_not_a_number() -> None:
    with TestPipeline() as p:
        assert_that(p | sc.Create([]) | sc.Mean.Globally() | sc.Map(math.isnan), equal_to([True]))


PER_KEY = [
    (sc.Count.PerKey, 3),
    (sc.Mean.PerKey, 2.0),
    (sc.Latest.PerKey, 2),
    (lambda: sc.Top.PerKey(2), [3, 2]),
    (lambda: sc.Top.LargestPerKey(1, key=lambda x: -x), [1]),
    (lambda: sc.Top.SmallestPerKey(2), [1, 2]),
    (lambda: sc.CombinePerKey(sc.combiners.Smallest(1)), [1]),
]


@pytest.mark.parametrize(("make", "expected"), PER_KEY)
def test_per_key(make: Any, expected: Any) -> None:
    with TestPipeline() as p:
        pairs = p | sc.Create([("a", 3), ("a", 1), ("a", 2)])
        assert_that(pairs | make(), equal_to([("a", expected)]))


@pytest.mark.parametrize(("make", "expected"), PER_KEY)
def test_per_key_of_nothing(make: Any, expected: Any) -> None:
    with TestPipeline() as p:
        assert_that(p | sc.Create([]) | make(), is_empty())


def test_count_per_element() -> None:
    with TestPipeline() as p:
        assert_that(p | sc.Create(["a", "b", "a"]) | sc.Count.PerElement(), equal_to([("a", 2), ("b", 1)]))


def test_the_latest_element_is_that_with_the_latest_timestamp() -> None:
    with TestPipeline() as p:
        events = p | sc.Create([("a", 10), ("a", 30), ("a", 20)]) | sc.WithTimestamps(lambda e: e[1])
        assert_that(events | sc.Latest.PerKey(), equal_to([("a", 30)]), label="per key")
        assert_that(events | sc.Latest.Globally(), equal_to([("a", 30)]), label="globally")


def test_samples_of_each_key() -> None:
    with TestPipeline() as p:
        pairs = p | sc.Create([("a", 1), ("a", 2), ("b", 3)])
        sizes = pairs | sc.Sample.FixedSizePerKey(1) | sc.MapTuple(lambda key, sample: (key, len(sample)))
        assert_that(sizes, equal_to([("a", 1), ("b", 1)]))


@pytest.mark.parametrize(("n", "expected"), [(0, 0), (2, 2), (9, 3)])
def test_any_elements(n: int, expected: int) -> None:
    with TestPipeline() as p:
        chosen = p | sc.Create([1, 2, 3]) | sc.Sample.Any(n)
        assert_that(chosen | sc.Count.Globally(), equal_to([expected]))


def test_any_needs_a_number_that_is_not_negative() -> None:
    message = "`n` must be a whole number from 0 on, got -1; give how many elements to keep at most"
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        sc.Sample.Any(-1)
