"""The expressions of every built-in aggregation give what its methods give."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from streamcore.engine.core.kernels import extractor, merger, single_functions
from streamcore.timestamp import MIN_TIMESTAMP
from streamcore.transforms.combine_fn import CombineFn, Kernel
from streamcore.transforms.combiners import (
    CountCombineFn,
    Largest,
    LatestCombineFn,
    MeanCombineFn,
    SampleCombineFn,
    SingleInputTupleCombineFn,
    Smallest,
    ToDictCombineFn,
    ToListCombineFn,
    TopCombineFn,
    ToSetCombineFn,
    TupleCombineFn,
)
from streamcore.transforms.combiners.sample import SampleAnyCombineFn
from streamcore.transforms.combiners.top import LARGEST_TUPLE
from streamcore.transforms.group import GroupedValues

numbers = st.integers(-50, 50)
pairs = st.tuples(st.sampled_from("abc"), numbers)
stamped = st.tuples(numbers, st.integers(0, 5)) | st.tuples(numbers, st.just(MIN_TIMESTAMP))
BIG = LARGEST_TUPLE + 1

AGGREGATIONS: dict[str, tuple[Callable[[], Any], st.SearchStrategy[Any]]] = {
    "sum": (lambda: CombineFn.from_callable(sum), numbers),
    "len": (lambda: CombineFn.from_callable(len), numbers),
    "any": (lambda: CombineFn.from_callable(any), numbers),
    "all": (lambda: CombineFn.from_callable(all), numbers),
    "min": (lambda: CombineFn.from_callable(min), numbers),
    "max": (lambda: CombineFn.from_callable(max), numbers),
    "count": (CountCombineFn, numbers),
    "mean": (MeanCombineFn, numbers),
    "latest": (LatestCombineFn, stamped),
    "list": (ToListCombineFn, numbers),
    "grouped": (GroupedValues, numbers),
    "dict": (ToDictCombineFn, pairs),
    "set": (ToSetCombineFn, numbers),
    "any 2": (lambda: SampleAnyCombineFn(2), numbers),
    "any 0": (lambda: SampleAnyCombineFn(0), numbers),
    "largest": (lambda: Largest(3), numbers),
    "smallest": (lambda: Smallest(3), numbers),
    "largest of many": (lambda: TopCombineFn(BIG), numbers),
    "smallest of many": (lambda: TopCombineFn(BIG, reverse=True), numbers),
    "top by key": (lambda: TopCombineFn(2, key=abs), numbers),
    "top of many by key": (lambda: TopCombineFn(BIG, key=abs, reverse=True), numbers),
    "top 0": (lambda: TopCombineFn(0), numbers),
    "no parts": (TupleCombineFn, st.just(())),
    "one part": (lambda: TupleCombineFn(sum), st.tuples(numbers)),
    "tuple": (lambda: TupleCombineFn(min, ToSetCombineFn(), MeanCombineFn()), st.tuples(numbers, numbers, numbers)),
    "common": (lambda: TupleCombineFn(CountCombineFn(), sum, Largest(2)).with_common_input(), numbers),
    "nested": (
        lambda: TupleCombineFn(
            SingleInputTupleCombineFn(max, ToListCombineFn()), TupleCombineFn(max, LatestCombineFn())
        ),
        st.tuples(numbers, st.tuples(numbers, stamped)),
    ),
    "called": (lambda: SingleInputTupleCombineFn(lambda values: sum(values), min), numbers),
}

cases = pytest.mark.parametrize("name", AGGREGATIONS)
few = settings(max_examples=20)


class Compiled:
    """A kernel as functions, compiled the way the engine does it."""

    def __init__(self, kernel: Kernel) -> None:
        self.create, self.first, self.add, _ = single_functions(kernel)
        self._merge = merger(kernel)
        self._extract = extractor(kernel, keyed=True)

    def accumulate(self, elements: list[Any]) -> Any:
        """The accumulator of some elements."""
        if not elements:
            return self.create()
        accumulator = self.first(elements[0])
        for element in elements[1:]:
            accumulator = self.add(accumulator, element)
        return accumulator

    def merge(self, accumulators: list[Any]) -> Any:
        """One accumulator for several, none of which changes."""
        totals: dict[str, Any] = {}
        self._merge(totals, [("k", accumulator) for accumulator in accumulators])
        return totals["k"]

    def extract(self, accumulator: Any) -> Any:
        """The result; an exception stands for itself."""
        return outcome(lambda: self._extract([("k", accumulator)])[0][1])


def outcome(call: Callable[[], Any]) -> Any:
    try:
        result = call()
    except ValueError as error:
        return str(error)
    return "nan" if isinstance(result, float) and math.isnan(result) else result


def by_methods(fn: CombineFn[Any, Any, Any], parts: list[list[Any]]) -> Any:
    accumulators = [fn.add_inputs(fn.create_accumulator(), part) for part in parts]
    return outcome(lambda: fn.extract_output(fn.merge_accumulators(accumulators)))


@cases
@few
@given(data=st.data())
def test_adding_one_by_one_agrees_with_the_methods(name: str, data: st.DataObject) -> None:
    make, strategy = AGGREGATIONS[name]
    elements = data.draw(st.lists(strategy))
    compiled = Compiled(make().kernel())
    expected = outcome(lambda: make().apply(elements))
    assert without_nan(compiled.extract(compiled.accumulate(elements))) == without_nan(expected)


@cases
@few
@given(data=st.data())
def test_adding_to_an_empty_accumulator_agrees_with_the_first(name: str, data: st.DataObject) -> None:
    make, strategy = AGGREGATIONS[name]
    element = data.draw(strategy)
    compiled = Compiled(make().kernel())
    assert compiled.extract(compiled.add(compiled.create(), element)) == compiled.extract(compiled.first(element))


@cases
@few
@given(data=st.data())
def test_merging_agrees_with_the_methods_and_leaves_the_parts_alone(name: str, data: st.DataObject) -> None:
    make, strategy = AGGREGATIONS[name]
    parts = data.draw(st.lists(st.lists(strategy), min_size=1, max_size=4))
    compiled = Compiled(make().kernel())
    accumulators = [compiled.accumulate(part) for part in parts]
    before = [without_nan(compiled.extract(accumulator)) for accumulator in accumulators]
    merged = compiled.merge(accumulators)
    assert without_nan(compiled.extract(merged)) == without_nan(by_methods(make(), parts))
    assert [without_nan(compiled.extract(accumulator)) for accumulator in accumulators] == before


@cases
@few
@given(data=st.data())
def test_a_result_is_not_changed_by_what_comes_after_it(name: str, data: st.DataObject) -> None:
    make, strategy = AGGREGATIONS[name]
    elements = data.draw(st.lists(strategy, min_size=2))
    compiled = Compiled(make().kernel())
    accumulator = compiled.first(elements[0])
    result = compiled.extract(accumulator)
    shown = repr(result)
    for element in elements[1:]:
        accumulator = compiled.add(accumulator, element)
    assert repr(result) == shown


def without_nan(result: Any) -> Any:
    if isinstance(result, tuple):
        return tuple(without_nan(item) for item in result)
    return "nan" if isinstance(result, float) and math.isnan(result) else result


@given(elements=st.lists(numbers, unique=True), n=st.integers(0, 5))
def test_a_sample_holds_some_of_the_elements_or_all(elements: list[int], n: int) -> None:
    compiled = Compiled(SampleCombineFn(n).kernel())
    sample = compiled.extract(compiled.accumulate(elements))
    assert len(sample) == min(n, len(elements))
    assert set(sample) <= set(elements)
    merged = compiled.extract(compiled.merge([compiled.accumulate(elements), compiled.accumulate([])]))
    assert len(merged) == min(n, len(elements))


def test_every_element_has_the_same_chance_in_a_sample() -> None:
    compiled = Compiled(SampleCombineFn(2).kernel())
    chosen = [compiled.extract(compiled.accumulate(list(range(8)))) for _ in range(4000)]
    counts = [sum(element in sample for sample in chosen) for element in range(8)]
    assert all(850 < count < 1150 for count in counts)  # 1000 expected, 27 standard deviation


def test_parts_of_a_tuple_become_one_expression() -> None:
    fn = TupleCombineFn(CountCombineFn(), sum)
    assert fn.kernel().add == "{a}.f0 = {a}.f0 + 1; {a}.f1 = {a}.f1 + {v}[1]"
    assert fn.with_common_input().kernel().add == "{a}.f0 = {a}.f0 + 1; {a}.f1 = {a}.f1 + {v}"
    assert fn.with_common_input().kernel().first == "Fields(1, 0 + {v})"


def test_names_of_equal_parts_do_not_clash() -> None:
    kernel = SingleInputTupleCombineFn(Largest(1), Smallest(2)).kernel()
    compiled = Compiled(kernel)
    assert compiled.extract(compiled.accumulate([3, 1, 2])) == ([3], [1, 2])
    assert set(kernel.names) == {"p0_fn", "p1_fn", "Fields"}


def test_a_subclass_that_changes_a_step_runs_by_its_methods() -> None:
    class Doubled(CountCombineFn):
        def add_input(self, mutable_accumulator: int, element: Any) -> int:
            return mutable_accumulator + 2

    compiled = Compiled(Doubled().kernel())
    assert compiled.extract(compiled.accumulate(["a", "b"])) == 4


def test_a_subclass_that_changes_no_step_keeps_the_expressions() -> None:
    class Named(CountCombineFn):
        def default_label(self) -> str:
            return "Named"

    assert Named().kernel() == CountCombineFn().kernel()


@pytest.mark.parametrize("fn", [min, max])
def test_min_and_max_of_nothing_are_refused(fn: Callable[..., Any]) -> None:
    message = "min and max need at least one element, got none"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        CombineFn.from_callable(fn).apply([])
