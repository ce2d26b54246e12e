from __future__ import annotations

from typing import Any

from streamcore import Create, Map, ParDo, Pipeline, PTransform
from streamcore.graph.hints import UNKNOWN
from streamcore.transforms.dofn import DoFn


class Parse(DoFn):
    def process(self, element: str) -> list[int]:
        return [int(element)]


def test_output_types_are_those_of_the_outputs() -> None:
    p = Pipeline()
    numbers = p | Create(["1"]) | ParDo(Parse()).with_input_types(str).with_output_types(int)
    assert numbers.element_type is int
    assert (numbers | Map(str)).element_type is Any


def test_tagged_outputs_have_types_of_their_own() -> None:
    typed = ParDo(Parse()).with_output_types(int, errors=str)
    outputs = Pipeline() | Create(["1"]) | typed.with_outputs("errors", "rest", main="numbers")
    assert [pcoll.element_type for pcoll in outputs] == [int, str, Any]


def test_a_composite_says_what_comes_out() -> None:
    class Numbers(PTransform[Any, Any]):
        def __init__(self) -> None:
            super().__init__()
            self.with_output_types(int)

        def expand(self, pvalue: Any) -> Any:
            return pvalue | Create(["1"]) | Map(int)

    assert (Pipeline() | Numbers()).element_type is int


def test_input_types_are_kept() -> None:
    assert Map(abs).with_input_types(int).type_hints.input is int
    assert Map(abs).type_hints.input is UNKNOWN


def test_types_of_further_arguments_are_taken() -> None:
    assert [2] | Map(pow, 3, mod=5).with_input_types(int, int, mod=int) == [3]


def test_nothing_checks_the_elements() -> None:
    assert [1] | Map(str).with_input_types(dict).with_output_types(float) == ["1"]
