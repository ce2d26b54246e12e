"""What a DoFn or CombineFn sets in itself is of one step and one run."""

import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from streamcore import (
    CombineFn,
    CombinePerKey,
    CombineValues,
    Create,
    DoFn,
    GroupByKey,
    Map,
    ParDo,
    Pipeline,
    PipelineError,
)
from streamcore.transforms.combiners import SingleInputTupleCombineFn


class Numbering(DoFn):
    """Numbers its elements, and collects them."""

    def __init__(self) -> None:
        self.seen = 0
        self.collected: list[Any] = []

    def setup(self) -> None:
        assert not hasattr(self, "opened")
        self.opened = True

    def process(self, element: Any, *args: Any, **kwargs: Any) -> Iterable[Any]:
        assert self.opened
        self.seen += 1
        self.collected.append(element)
        return [(element, self.seen)]

    def teardown(self) -> None:
        del self.opened


def test_one_dofn_in_two_steps_counts_in_each() -> None:
    dofn = Numbering()
    found: list[Any] = []
    with Pipeline() as p:
        elements = p | Create(["a", "b"])
        for step in "xy":
            _ = elements | f"number {step}" >> ParDo(dofn) | f"keep {step}" >> Map(found.append)
    assert sorted(found) == [("a", 1), ("a", 1), ("b", 2), ("b", 2)]


def test_a_second_run_begins_anew() -> None:
    dofn = Numbering()
    found: list[Any] = []
    p = Pipeline()
    _ = p | Create(["a", "b"]) | ParDo(dofn) | Map(found.append)
    p.run()
    p.run()
    assert found == [("a", 1), ("b", 2)] * 2


def test_what_a_dofn_was_given_is_there_after_the_run() -> None:
    dofn = Numbering()
    with Pipeline() as p:
        _ = p | Create(["a", "b"]) | ParDo(dofn)
    assert dofn.collected == ["a", "b"]
    assert dofn.seen == 0


class Uncopied(Numbering):
    """Says that it cannot be copied."""

    def __copy__(self) -> Any:
        msg = "a connection is open"
        raise TypeError(msg)


def test_a_dofn_that_cannot_be_copied_is_refused() -> None:
    p = Pipeline()
    _ = p | Create(["a"]) | "number" >> ParDo(Uncopied())
    message = (
        "step 'number' works with a copy of its Uncopied, which cannot be made: TypeError: a connection is open; "
        "let Uncopied define `__copy__`"
    )
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        p.run()


class Opened(CombineFn[int, int, int]):
    """Adds up, between setup and teardown."""

    def setup(self, *args: Any) -> None:
        assert not hasattr(self, "opened")
        self.opened = True

    def create_accumulator(self, *args: Any) -> int:
        assert self.opened
        return 0

    def add_input(self, mutable_accumulator: int, element: int, *args: Any) -> int:
        return mutable_accumulator + element

    def merge_accumulators(self, accumulators: Iterable[int], *args: Any) -> int:
        return sum(accumulators)

    def extract_output(self, accumulator: int, *args: Any) -> int:
        assert self.opened
        return accumulator

    def teardown(self, *args: Any) -> None:
        del self.opened


@pytest.mark.parametrize(
    "make",
    [
        lambda fn: CombinePerKey(fn),
        lambda fn: CombinePerKey(fn, "an argument"),
        lambda fn: CombinePerKey(SingleInputTupleCombineFn(fn, sum)),
        lambda fn: GroupByKey() | CombineValues(fn),
    ],
    ids=["alone", "with arguments", "in a tuple", "after grouping"],
)
def test_one_combine_fn_in_two_steps_is_set_up_in_each(make: Callable[[Any], Any]) -> None:
    transform = make(Opened())
    found: list[Any] = []
    p = Pipeline()
    pairs = p | Create([("a", 1), ("a", 2)])
    for step in "xy":
        _ = pairs | f"total {step}" >> transform | f"keep {step}" >> Map(found.append)
    p.run()
    p.run()
    assert len(found) == 4
    assert all(one == found[0] for one in found)
