"""Transforms on plain lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import pytest

from streamcore import CombinePerKey, Create, Flatten, GroupByKey, Map, ParDo, Pipeline, PTransform, Write
from streamcore.errors import InvariantError, PipelineError
from streamcore.graph import at_once
from streamcore.model.bundle import Bundle
from streamcore.model.sink import Sink
from streamcore.model.windowed_value import TaggedOutput
from streamcore.transforms.dofn import DoFn


class Sorted(DoFn):
    def process(self, element: int) -> Iterable[Any]:
        yield element if element > 0 else TaggedOutput("negative", element)


class Nowhere(Sink[Any]):
    async def write(self, bundle: Bundle) -> None:
        pass


class Sides(NamedTuple):
    left: Any
    right: Any


class Swap(PTransform[Any, Any]):
    def expand(self, pvalue: Any) -> Any:
        return Sides(pvalue.right, pvalue.left) if isinstance(pvalue, Sides) else dict(reversed(pvalue.items()))


def test_a_list_gives_a_list() -> None:
    assert [1, 2] | Map(str) | "again" >> Map(len) == [1, 1]
    assert [] | Map(str) == []
    assert [("a", 1), ("a", 2)] | CombinePerKey(sum) == [("a", 3)]
    assert [("a", 1), ("a", 2)] | GroupByKey() == [("a", [1, 2])]
    assert [1] | (Map(str) | Map(len)) == [1]


def test_a_tuple_or_a_dict_is_several_inputs() -> None:
    assert sorted(([1, 2], [3]) | Flatten()) == [1, 2, 3]
    assert Sides([1], [2]) | Swap() == Sides([2], [1])
    assert {"a": [1], "b": [2]} | Swap() == {"b": [2], "a": [1]}


def test_tagged_outputs_are_lists() -> None:
    main, negative = [1, -2, 3] | ParDo(Sorted()).with_outputs("negative", main="positive")
    assert (main, negative) == ([1, 3], [-2])
    outputs = [1, -2] | ParDo(Sorted()).with_outputs("negative", main="positive")
    assert (outputs.positive, outputs[None], outputs["negative"]) == ([1], [1], [-2])


def test_a_sink_gives_nothing() -> None:
    assert ([1] | Write(Nowhere())) is None


@pytest.mark.parametrize("left", [(), {}, 5, "abc"])
def test_refuses_what_is_no_list(left: Any) -> None:
    with pytest.raises(PipelineError) as caught:
        left | Map(str)
    assert str(caught.value) == (
        f"Map(str) cannot be applied to {type(left).__name__}; apply it to a PCollection, or start with Create([...])"
    )


def test_refuses_a_tuple_of_values() -> None:
    with pytest.raises(PipelineError) as caught:
        (1, 2) | Map(str)
    assert str(caught.value) == "Create takes an iterable of elements, got 1; write Create([1])"


async def test_refuses_to_run_within_an_event_loop() -> None:
    with pytest.raises(PipelineError, match="an event loop is running in this thread"):
        [1] | Map(str)


def test_who_applies_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_once, "_APPLIERS", [])
    with pytest.raises(InvariantError, match="nothing applies transforms to lists; importing streamcore registers it"):
        [1] | Map(str)


def test_a_list_of_pcollections_belongs_to_their_pipeline() -> None:
    with Pipeline() as p:
        collections = [p | Create([1]), p | "more" >> Create([2])]
        assert (collections | Flatten()).pipeline is p
