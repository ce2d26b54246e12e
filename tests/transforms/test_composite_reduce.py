"""The late output of transforms that are made of several steps around one aggregation."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from streamcore import (
    CoGroupByKey,
    CombineGlobally,
    Count,
    Create,
    Distinct,
    FixedWindows,
    IntervalWindow,
    Latest,
    Pipeline,
    PipelineError,
    Sample,
    Timestamp,
    TimestampedValue,
    WindowInto,
)
from streamcore.testing import TestPipeline, TestStream, assert_that, equal_to
from streamcore.testing.matchers import TestWindowedValue


def stream() -> TestStream:
    """An element in time, and one that comes when its window has ended."""
    first = TestStream().add_elements([TimestampedValue(("k", 1), 5)]).advance_watermark_to(60)
    return first.add_elements([TimestampedValue(("k", 2), 6)]).advance_watermark_to_infinity()


COMPOSITES: list[tuple[str, Callable[[], Any], list[Any]]] = [
    ("Count.PerElement", Count.PerElement, [(("k", 1), 1)]),
    ("Distinct", Distinct, [("k", 1)]),
    ("Latest.Globally", lambda: Latest.Globally(has_defaults=False), [("k", 1)]),
    ("Latest.PerKey", Latest.PerKey, [("k", 1)]),
    ("Any(3)", lambda: Sample.Any(3), [("k", 1)]),
]


@pytest.mark.parametrize(("label", "make", "results"), COMPOSITES, ids=[row[0] for row in COMPOSITES])
def test_late_elements_come_out_as_they_came_in(label: str, make: Callable[[], Any], results: list[Any]) -> None:
    with TestPipeline() as p:
        main, late = p | stream() | WindowInto(FixedWindows(60)) | make().with_late_output()
        assert_that(main, equal_to(results), label="main")
        expected = TestWindowedValue(("k", 2), Timestamp(6), [IntervalWindow(0, 60)])
        assert_that(late, equal_to([expected]), reify_windows=True, label="late")
    assert any(step.startswith(f"{label}/") for step in p.applied_labels)


@pytest.mark.parametrize(
    ("join", "result"),
    [
        (lambda a, b: {"a": a, "b": b} | CoGroupByKey().with_late_output(), {"a": [1], "b": [3]}),
        (lambda a, b: (a, b) | "join" >> CoGroupByKey().with_late_output(), ([1], [3])),
    ],
    ids=["dict", "tuple"],
)
def test_late_rows_of_a_join(join: Callable[[Any, Any], Any], result: Any) -> None:
    with TestPipeline() as p:
        a = p | stream() | WindowInto(FixedWindows(60))
        b = p | "b" >> Create([TimestampedValue(("k", 3), 7)]) | "windows" >> WindowInto(FixedWindows(60))
        main, late = join(a, b)
        assert_that(main, equal_to([("k", result)]), label="main")
        assert_that(late, equal_to([("k", 2)]), label="late")


@pytest.mark.parametrize("make", [lambda: CombineGlobally(sum), Latest.Globally])
def test_a_late_output_does_not_make_defaults_possible(make: Callable[[], Any]) -> None:
    windowed = Pipeline() | Create([1]) | WindowInto(FixedWindows(60))
    message = "cannot give a default for windows without elements under FixedWindows(60.0)"
    with pytest.raises(PipelineError, match=re.escape(message)):
        windowed | make().with_late_output()
