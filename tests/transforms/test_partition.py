"""Partition."""

import re
from typing import Any

import pytest

import streamcore as sc
from streamcore.errors import PipelineError, UserCodeError
from streamcore.testing import TestPipeline, assert_that, equal_to


class ByLength(sc.PartitionFn):
    def partition_for(self, element: str, num_partitions: int, *args: Any, **kwargs: Any) -> int:
        return min(len(element), num_partitions) - 1


def test_elements_go_to_the_part_the_function_names() -> None:
    with TestPipeline() as p:
        parts = p | sc.Create([1, 2, 3, 4]) | sc.Partition(lambda x, n: x % n, 3)
        for number, expected in enumerate([[3], [1, 4], [2]]):
            assert_that(parts[number], equal_to(expected), label=f"part {number}")


def test_a_partition_fn_object() -> None:
    with TestPipeline() as p:
        short, long = p | sc.Create(["a", "abc", "ab"]) | sc.Partition(ByLength(), 2)
        assert_that(short, equal_to(["a"]), label="short")
        assert_that(long, equal_to(["abc", "ab"]), label="long")


def test_arguments_are_passed_on() -> None:
    with TestPipeline() as p:
        low, high = p | sc.Create([1, 5]) | sc.Partition(lambda x, n, bound, up: int(x > bound) * up, 2, 3, up=1)
        assert_that(low, equal_to([1]), label="low")
        assert_that(high, equal_to([5]), label="high")


def test_a_condition_splits_in_two() -> None:
    with TestPipeline() as p:
        low, high = p | sc.Create([1, 5, 7]) | sc.Partition(lambda x, n: x > 3, 2)
        assert_that(low, equal_to([1]), label="low")
        assert_that(high, equal_to([5, 7]), label="high")


@pytest.mark.parametrize(
    ("result", "what"),
    [
        (2, "the function returned 2, which is not one of 2 parts; return 0 to 1"),
        (-1, "the function returned -1, which is not one of 2 parts; return 0 to 1"),
        ("x", "the function returned 'x', which is not an int; return one from 0 to 1"),
        (None, "the function returned None, which is not an int; return one from 0 to 1"),
    ],
)
def test_what_is_not_a_part_is_refused(result: Any, what: str) -> None:
    p = TestPipeline()
    p | sc.Create(["e"]) | sc.Partition(lambda x, n: result, 2)
    message = f"step 'Partition/Choose' failed on element 'e' in window GlobalWindow: {what}"
    with pytest.raises(UserCodeError, match=f"^{re.escape(message)}$"):
        p.run()


@pytest.mark.parametrize("n", [0, -1, 1.5, True, None])
def test_the_number_of_parts_must_be_a_positive_int(n: Any) -> None:
    message = f"`n` of Partition must be a positive int, got {n!r}; give the number of parts"
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        sc.Partition(lambda x, n: 0, n)


def test_what_is_not_a_function_is_refused() -> None:
    bad: Any = 3
    message = "Partition takes a function of an element and the number of parts, got 3"
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        sc.Partition(bad, 2)


def test_a_partition_fn_without_its_method_says_so() -> None:
    message = "PartitionFn has no `partition_for`; define partition_for(self, element, num_partitions)"
    with pytest.raises(NotImplementedError, match=f"^{re.escape(message)}$"):
        sc.PartitionFn().partition_for("e", 2)
