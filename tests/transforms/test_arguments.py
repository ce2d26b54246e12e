"""Arguments that user code would get as they are, and not what they stand for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from streamcore import (
    CombineGlobally,
    CombinePerKey,
    Create,
    DoFn,
    Filter,
    FlatMap,
    Map,
    MapTuple,
    ParDo,
    Partition,
    PCollection,
    Pipeline,
    PipelineError,
)


class Known(DoFn):
    def process(self, element: Any, known: Any = None) -> Iterable[Any]:
        return [element]


def total(values: Iterable[Any], known: Any) -> Any:
    return sum(values)


STEPS: list[tuple[str, Callable[[Any], Any]]] = [
    ("Map", lambda known: Map(lambda x, y: x, known)),
    ("Map", lambda known: Map(lambda x, y: x, y=known)),
    ("Filter", lambda known: Filter(lambda x, y: x != y, known)),
    ("FlatMap", lambda known: FlatMap(lambda x, y: [x], known)),
    ("MapTuple", lambda known: MapTuple(lambda x, y, z: x, known)),
    ("ParDo", lambda known: ParDo(Known(), known)),
    ("ParDo", lambda known: ParDo(Known(), known=known)),
    ("Partition", lambda known: Partition(lambda x, n, y: 0, 2, known)),
    ("total", lambda known: CombineGlobally(total, known)),
    ("total", lambda known: CombinePerKey(total, known=known)),
]


@pytest.mark.parametrize(("name", "build"), STEPS)
def test_a_pcollection_is_no_argument(name: str, build: Callable[[PCollection[int]], object]) -> None:
    known = Pipeline() | "known" >> Create([1])
    message = (
        f"{name} got PCollection[known] as a further argument, of which its function would not see the elements, as "
        "there are no side inputs yet; give the elements themselves where they are known, or unite both sides by key: "
        "{'a': a, 'b': b} | CoGroupByKey()"
    )
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        build(known)


@pytest.mark.parametrize(("name", "build"), STEPS)
def test_what_is_filled_in_is_a_default_and_no_argument(name: str, build: Callable[[Any], object]) -> None:
    message = (
        f"{name} got DoFn.TimestampParam as a further argument; make it the default of a parameter of the function: "
        "def function(element, parameter=DoFn.TimestampParam)"
    )
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        build(DoFn.TimestampParam)
