"""Tagged outputs that nobody named before they are asked for."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from streamcore import Create, FlatMap, Pipeline, PipelineError, TaggedOutput
from streamcore.testing import TestPipeline, assert_that, equal_to


def sort(number: int) -> Iterator[Any]:
    yield TaggedOutput("odd" if number % 2 else "even", number)
    if number % 10 == 0:
        yield number


def test_outputs_are_made_when_they_are_asked_for() -> None:
    with TestPipeline() as p:
        outputs = p | Create([1, 2, 10]) | FlatMap(sort).with_outputs()
        assert_that(outputs.even, equal_to([2, 10]), label="even")
        assert_that(outputs["odd"], equal_to([1]), label="odd")
        assert_that(outputs[None], equal_to([10]), label="main")
        assert_that(outputs.other, equal_to([]), label="other")
        assert outputs.even is outputs["even"]


def test_what_is_tagged_for_nobody_is_dropped() -> None:
    with TestPipeline() as p:
        outputs = p | Create([1, 2, 10]) | FlatMap(sort).with_outputs(main="tens")
        assert_that(outputs.odd, equal_to([1]), label="odd")
        assert_that(outputs.tens, equal_to([10]), label="tens")


def test_an_output_that_is_asked_for_has_its_type() -> None:
    outputs = Pipeline() | Create([1]) | FlatMap(sort).with_output_types(int, odd=float).with_outputs()
    assert [outputs.odd.element_type, outputs.even.element_type] == [float, Any]
    assert repr(outputs.odd) == "PCollection[FlatMap(sort).odd]"


def test_where_tags_are_named_no_others_are_made() -> None:
    outputs = Pipeline() | Create([1]) | FlatMap(sort).with_outputs("odd", allow_unknown_tags=True)
    message = "no output is tagged 'even'; name it in with_outputs(...), which has: 'odd'"
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        _ = outputs.even
