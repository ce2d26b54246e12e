"""CombineGlobally, CombineValues and arguments for aggregations."""

import re
from collections.abc import Callable
from typing import Any

import pytest

import streamcore as sc
from streamcore.errors import PipelineError, UserCodeError
from streamcore.testing import TestPipeline, assert_that, equal_to
from streamcore.transforms.combine_fn import CombineFn
from streamcore.transforms.curried import make_combine_fn


class Above(CombineFn[int, int, int]):
    """Counts the elements above a bound that every method is given."""

    def create_accumulator(self, bound: int) -> int:
        return 0

    def add_input(self, mutable_accumulator: int, element: int, bound: int) -> int:
        return mutable_accumulator + (element > bound)

    def merge_accumulators(self, accumulators: Any, bound: int) -> int:
        return sum(accumulators)

    def extract_output(self, accumulator: int, bound: int) -> int:
        return accumulator


DEFAULTS = [
    (sum, 0),
    (len, 0),
    (any, False),
    (all, True),
    (sc.combiners.CountCombineFn(), 0),
    (sc.combiners.LatestCombineFn(), None),
    (sc.combiners.TopCombineFn(2), []),
    (sc.combiners.ToListCombineFn(), []),
    (sc.combiners.ToDictCombineFn(), {}),
    (sc.combiners.ToSetCombineFn(), set()),
    (sc.combiners.TupleCombineFn(sum, len), (0, 0)),
    (lambda values: sorted(values), []),
]


@pytest.mark.parametrize(("fn", "default"), DEFAULTS)
def test_an_empty_input_gives_the_result_of_no_elements(fn: Any, default: Any) -> None:
    with TestPipeline() as p:
        assert_that(p | sc.Create([]) | sc.CombineGlobally(fn), equal_to([default]))


def test_without_defaults_an_empty_input_gives_nothing() -> None:
    with TestPipeline() as p:
        assert_that(p | sc.Create([]) | sc.CombineGlobally(sum).without_defaults(), equal_to([]))


def test_defaults_can_be_had_back() -> None:
    combine: sc.CombineGlobally[int, int] = sc.CombineGlobally(sum)
    again = combine.without_defaults().with_defaults()
    assert (combine.has_defaults, again.has_defaults) == (True, True)


@pytest.mark.parametrize("elements", [[3], [3, 1, 2]])
def test_a_default_is_not_given_where_there_are_elements(elements: list[int]) -> None:
    with TestPipeline() as p:
        assert_that(p | sc.Create(elements) | sc.CombineGlobally(max), equal_to([3]))


def test_the_minimum_of_nothing_is_an_error_that_names_the_step() -> None:
    message = (
        "step 'least' failed in window GlobalWindow: there were no elements, and no result can be made of none "
        "(ValueError: min and max need at least one element, got none); "
        "write .without_defaults() to get nothing, or let extract_output take an accumulator without elements"
    )
    p = TestPipeline()
    p | sc.Create([]) | "least" >> sc.CombineGlobally(min)
    with pytest.raises(UserCodeError, match=f"^{re.escape(message)}$"):
        p.run()


def test_windows_other_than_the_global_one_have_no_default() -> None:
    message = (
        "'CombineGlobally(sum)' cannot give a default for windows without elements under FixedWindows(10.0); "
        "add .without_defaults() to get a result only where there are elements"
    )
    p = TestPipeline()
    windowed = p | sc.Create([1]) | sc.WindowInto(sc.FixedWindows(10))
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        windowed | sc.CombineGlobally(sum)


def test_each_window_has_a_result_of_its_own() -> None:
    with TestPipeline() as p:
        windowed = p | sc.Create([1, 2, 11]) | sc.WithTimestamps(lambda e: e) | sc.WindowInto(sc.FixedWindows(10))
        assert_that(windowed | sc.CombineGlobally(sum).without_defaults(), equal_to([3, 11]))


def test_a_fanout_changes_nothing() -> None:
    with TestPipeline() as p:
        numbers = p | sc.Create([1, 2, 3])
        assert_that(numbers | sc.CombineGlobally(sum).with_fanout(2), equal_to([6]), label="globally")
        keyed = numbers | sc.WithKeys("k") | sc.CombinePerKey(sum).with_hot_key_fanout(lambda key: 2)
        assert_that(keyed, equal_to([("k", 6)]), label="per key")


@pytest.mark.parametrize("fn", [lambda values, least: max([least, *values]), Above()])
def test_arguments_are_passed_on(fn: Any) -> None:
    expected = 4 if isinstance(fn, Above) else 5
    with TestPipeline() as p:
        numbers = p | sc.Create([6, 7, 8, 9] if isinstance(fn, Above) else [1, 2])
        assert_that(numbers | sc.CombineGlobally(fn, 5).without_defaults(), equal_to([expected]), label="globally")
        keyed = numbers | sc.WithKeys("k")
        assert_that(keyed | sc.CombinePerKey(fn, 5), equal_to([("k", expected)]), label="per key")
        grouped = keyed | sc.GroupByKey()
        assert_that(grouped | sc.CombineValues(fn, 5), equal_to([("k", expected)]), label="values")


def test_arguments_are_added_to_those_of_a_wrapped_function() -> None:
    wrapped = CombineFn.from_callable(lambda values, least: max([least, *values]))
    assert make_combine_fn(wrapped, (5,)).apply([1, 2]) == 5


def test_combine_values_sets_its_fn_up_and_down() -> None:
    calls = []

    class Sum(CombineFn[int, int, int]):
        def setup(self) -> None:
            calls.append("setup")

        def create_accumulator(self) -> int:
            return 0

        def add_input(self, mutable_accumulator: int, element: int) -> int:
            return mutable_accumulator + element

        def merge_accumulators(self, accumulators: Any) -> int:
            return sum(accumulators)

        def extract_output(self, accumulator: int) -> int:
            return accumulator

        def teardown(self) -> None:
            calls.append("teardown")

    with TestPipeline() as p:
        assert_that(p | sc.Create([("a", [1, 2])]) | sc.CombineValues(Sum()), equal_to([("a", 3)]))
    assert calls == ["setup", "teardown"]


@pytest.mark.parametrize("make", [sc.CombineGlobally, sc.CombinePerKey, sc.CombineValues])
def test_a_combine_fn_that_lacks_steps_is_refused(make: Callable[[Any], Any]) -> None:
    class Half(CombineFn[int, int, int]):
        def create_accumulator(self) -> int:
            return 0

        def add_input(self, mutable_accumulator: int, element: int) -> int:
            return mutable_accumulator

    message = (
        "Half has no `merge_accumulators`, `extract_output`; "
        "a CombineFn must define create_accumulator, add_input, merge_accumulators and extract_output"
    )
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        make(Half())


@pytest.mark.parametrize("step", ["create_accumulator", "add_input", "merge_accumulators", "extract_output"])
def test_a_step_that_is_lacking_says_so_when_called(step: str) -> None:
    class Nothing(CombineFn[int, int, int]):
        pass

    message = (
        f"Nothing has no `{step}`; "
        "a CombineFn must define create_accumulator, add_input, merge_accumulators and extract_output"
    )
    arguments = {"create_accumulator": (), "add_input": (0, 1), "merge_accumulators": ([],), "extract_output": (0,)}
    with pytest.raises(NotImplementedError, match=f"^{re.escape(message)}$"):
        getattr(Nothing(), step)(*arguments[step])


LABELS = [
    (sc.CombineGlobally(sum), "CombineGlobally(sum)"),
    (sc.CombineValues(sum), "CombineValues(sum)"),
    (sc.CombinePerKey(Above(), 3), "CombinePerKey(Above)"),
    (sc.CombinePerKey(sc.combiners.Largest(3)), "CombinePerKey(Largest(3))"),
    (sc.CombinePerKey(sc.combiners.Smallest(3)), "CombinePerKey(Smallest(3))"),
    (sc.CombinePerKey(sc.combiners.SampleCombineFn(3)), "CombinePerKey(Sample(3))"),
    (sc.Count.Globally(), "Count.Globally"),
    (sc.Count.PerKey(), "Count.PerKey"),
    (sc.Count.PerElement(), "Count.PerElement"),
    (sc.Mean.Globally(), "Mean.Globally"),
    (sc.Mean.PerKey(), "Mean.PerKey"),
    (sc.Latest.Globally(), "Latest.Globally"),
    (sc.Latest.PerKey(), "Latest.PerKey"),
    (sc.Top.Of(3), "Top(3)"),
    (sc.Top.PerKey(3), "TopPerKey(3)"),
    (sc.Top.Largest(3), "Largest(3)"),
    (sc.Top.Smallest(3), "Smallest(3)"),
    (sc.Top.LargestPerKey(3), "LargestPerKey(3)"),
    (sc.Top.SmallestPerKey(3), "SmallestPerKey(3)"),
    (sc.Sample.FixedSizeGlobally(3), "FixedSizeGlobally(3)"),
    (sc.Sample.FixedSizePerKey(3), "FixedSizePerKey(3)"),
    (sc.Sample.Any(3), "Any(3)"),
    (sc.ToList(), "ToList"),
    (sc.ToDict(), "ToDict"),
    (sc.ToSet(), "ToSet"),
]


@pytest.mark.parametrize(("transform", "label"), LABELS)
def test_labels(transform: sc.PTransform[Any, Any], label: str) -> None:
    assert transform.default_label() == label
    assert ("mine" >> transform).default_label() == "mine"
