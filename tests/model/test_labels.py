"""What functions are called in labels: two that differ have two labels, and each has the same one in every run."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import pytest

from streamcore import (
    CombinePerKey,
    Create,
    Filter,
    FlatMap,
    Map,
    MapTuple,
    Pipeline,
    PipelineError,
    PTransform,
    WithKeys,
)
from streamcore.io import WriteToCallable
from streamcore.model.labels import label_of, label_of_value


class Scale:
    """A function that is an object."""

    def __init__(self, factor: int) -> None:
        self.factor = factor

    def __call__(self, value: int) -> int:
        return self.factor * value


def first(element: Any, *rest: Any) -> Any:
    return element


def second(element: Any, *rest: Any) -> Any:
    return element


@pytest.mark.parametrize(
    "fn",
    [
        operator.itemgetter(0),
        operator.itemgetter(1, "a"),
        operator.itemgetter(slice(1, None)),
        operator.attrgetter("a.b"),
        operator.methodcaller("strip"),
        operator.methodcaller("split", "-", maxsplit=1),
    ],
)
def test_functions_that_operator_makes_are_called_what_their_repr_shows(fn: Callable[..., Any]) -> None:
    assert label_of(fn) == repr(fn)


@pytest.mark.parametrize(
    ("fn", "label"),
    [
        (functools.partial(max, 1), "partial(max, 1)"),
        (functools.partial(sorted, reverse=True), "partial(sorted, reverse=True)"),
        (functools.partial(first, second, ("a", 2.5, None)), "partial(first, second, ('a', 2.5, None))"),
        (functools.partial(functools.partial(first, 1), 2), "partial(first, 1, 2)"),
        (functools.partial(Scale(2)), "partial(Scale)"),
        (Scale(2), "Scale"),
        (str.split, "split"),
        (int, "int"),
    ],
)
def test_other_functions_are_called_by_name_and_arguments(fn: Callable[..., Any], label: str) -> None:
    assert label_of(fn) == label


@pytest.mark.parametrize(
    ("fn", "label"),
    [
        (functools.partial(first, object(), key={"a", "b"}), "partial(first, object, key=set)"),
        (operator.methodcaller("union", {"a", "b"}), "operator.methodcaller('union', set)"),
        (operator.itemgetter((1, object())), "operator.itemgetter(tuple)"),
    ],
)
def test_what_may_show_otherwise_in_the_next_run_is_called_by_its_type(fn: Callable[..., Any], label: str) -> None:
    assert label_of(fn) == label


def test_long_arguments_are_cut() -> None:
    assert label_of_value("x" * 500) == f"'{'x' * 199}... (502 characters)"
    assert label_of(functools.partial(first, "x" * 500)) == f"partial(first, {label_of_value('x' * 500)})"


PAIRS = [
    (Map(operator.itemgetter(0)), Map(operator.itemgetter(1))),
    (Map(operator.attrgetter("a")), Map(operator.attrgetter("b"))),
    (FlatMap(operator.methodcaller("split")), FlatMap(operator.methodcaller("strip"))),
    (Filter(functools.partial(max, 1)), Filter(functools.partial(max, 2))),
    (MapTuple(functools.partial(max, 1)), MapTuple(functools.partial(min, 1))),
    (
        CombinePerKey(functools.partial(sorted, reverse=True)),
        CombinePerKey(functools.partial(sorted, reverse=False)),
    ),
    (WithKeys("a"), WithKeys("b")),
    (WithKeys(first), WithKeys(second)),
    (WithKeys(lambda element: 1), WithKeys("1")),
    (WriteToCallable(functools.partial(first, 1)), WriteToCallable(functools.partial(first, 2))),
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_steps_of_different_functions_need_no_labels(one: PTransform[Any, Any], other: PTransform[Any, Any]) -> None:
    assert one.default_label() != other.default_label()
    pairs = Pipeline() | Create([("a", 1)])
    _ = pairs | one, pairs | other


def test_objects_of_one_class_need_labels_in_one_pipeline() -> None:
    numbers = Pipeline() | Create([1])
    _ = numbers | Map(Scale(2))
    with pytest.raises(PipelineError) as error:
        _ = numbers | Map(Scale(3))
    assert str(error.value) == (
        "a step labelled 'Map(Scale)' exists already; give this one another label: 'another' >> Map(...)"
    )
    _ = numbers | "another" >> Map(Scale(3))
