"""assert_that: checks what a PCollection holds when the pipeline runs."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable
from typing import Any

from streamcore.errors import PipelineError, UserCodeError, shorten
from streamcore.graph.pipeline import Pipeline
from streamcore.graph.pvalue import PCollection, PDone
from streamcore.model.bundle import Bundle
from streamcore.model.functions import require_plain
from streamcore.model.pane import PaneInfo
from streamcore.model.sink import Sink
from streamcore.model.window import BoundedWindow, GlobalWindow
from streamcore.testing.matchers import (
    AWAIT_BEFORE,
    BeamAssertException,
    Matcher,
    TestWindowedValue,
    WindowMatcher,
    check,
)
from streamcore.timestamp import Timestamp
from streamcore.transforms.write import Write

Criterion = Callable[[Any, Timestamp, BoundedWindow, PaneInfo], object]


class AssertionTooLateError(PipelineError, RuntimeError):
    """`assert_that` was called on a pipeline that has run; a `RuntimeError` too, as in Beam."""


def assert_that(
    actual: PCollection[Any],
    matcher: Matcher,
    label: str = "assert_that",
    reify_windows: bool = False,
    use_global_window: bool = True,
) -> PDone:
    """Checks a PCollection, bounded or not, when it has ended: `run()` raises if it does not hold what is expected.

    Elements are handed to the matcher in the order they came; an element of several windows comes once for each.

    Args:
        actual: The PCollection.
        matcher: One of `equal_to([...])`, `is_empty()` and so on, or a function of its elements that raises
            `BeamAssertException` (or `AssertionError`, so that a bare `assert` will do) or returns False.
        label: Label of the step; a number is added where it is taken.
        reify_windows: The matcher gets a list of `TestWindowedValue`s in place of the elements.
        use_global_window: With False the matcher is called once for each window, with a pair: the elements of
            the window, and the window.

    Raises:
        PipelineError: If `actual` is not a PCollection or `matcher` no function, or the pipeline has run already.

    >>> from streamcore.testing import assert_that, equal_to
    >>> with Pipeline() as p:
    ...     squares = p | Create([1, 2, 3]) | Map(lambda x: x * x)
    ...     _ = assert_that(squares, equal_to([9, 4, 1]))
    """
    if not isinstance(actual, PCollection):
        msg = f"assert_that checks a PCollection, got {actual!r}; for the elements themselves call the matcher"
        raise PipelineError(msg)
    if _has_run(actual.pipeline):
        msg = (
            "assert_that must be applied before the pipeline runs, and this one has run; "
            "call it inside the `with` block of the pipeline"
        )
        raise AssertionTooLateError(msg)
    if not callable(matcher):
        expected = shorten(matcher if isinstance(matcher, list | tuple | set) else [matcher])
        msg = f"assert_that takes a matcher, got {shorten(matcher)}; write equal_to({expected})"
        raise PipelineError(msg)
    require_plain("assert_that", matcher, remedy=AWAIT_BEFORE)
    label = free_label(actual.pipeline, label)
    reify_windows = reify_windows or isinstance(matcher, WindowMatcher)
    per_window = not use_global_window and not isinstance(matcher, WindowMatcher)
    return actual | label >> Write(CheckingSink(label, matcher, reify_windows, per_window))


def has_at_least_one(input: PCollection[Any], criterion: Criterion, label: str = "has_at_least_one") -> PDone:
    """Checks that a PCollection has at least one element that a function accepts.

    Args:
        input: The PCollection.
        criterion: Takes an element, its timestamp, its window and its pane.
        label: Label of the step; a number is added where it is taken.
    """
    require_plain("has_at_least_one", criterion, remedy=AWAIT_BEFORE)

    def match(elements: list[TestWindowedValue]) -> None:
        if not any(criterion(value, stamp, windows[0], pane) for value, stamp, windows, pane in elements):
            msg = f"expected at least one element to match the criterion: nothing matches among {elements!r}"
            raise BeamAssertException(msg)

    return assert_that(input, WindowMatcher(match), label)


class CheckingSink(Sink[Any]):
    """Keeps all elements and checks them when there are no more.

    Args:
        label: Label of the step, for errors.
        matcher: Checks them.
        reify_windows: Hand them over as `TestWindowedValue`s.
        per_window: Check each window for itself.
    """

    def __init__(self, label: str, matcher: Matcher, reify_windows: bool, per_window: bool) -> None:
        self._label = label
        self._matcher = matcher
        self._reify_windows = reify_windows
        self._per_window = per_window
        self._elements: list[TestWindowedValue] = []

    async def open(self) -> None:
        """Begins with no elements."""
        self._elements = []

    async def write(self, bundle: Bundle) -> None:
        """Keeps the elements."""
        for one in bundle.windowed_values():
            for window in one.windows:
                self._elements.append(TestWindowedValue(one.value, one.timestamp, [window], one.pane_info))

    async def close(self) -> None:
        """Checks."""
        if not self._per_window:
            self._check(self._shown(self._elements))
            return
        by_window: dict[BoundedWindow, list[TestWindowedValue]] = {} if self._elements else {GlobalWindow(): []}
        for element in self._elements:
            by_window.setdefault(element.windows[0], []).append(element)
        for window, elements in by_window.items():
            self._check((self._shown(elements), window))

    def _shown(self, elements: list[TestWindowedValue]) -> list[Any]:
        return list(elements) if self._reify_windows else [element.value for element in elements]

    def _check(self, actual: Any) -> None:
        try:
            check(self._matcher, actual)
        except BeamAssertException as error:
            failed = copy.copy(error)
            failed.args = (f"{self._label}: {error}",)
            raise failed from error.__cause__
        except AssertionError as error:
            msg = f"{self._label}: {str(error) or 'an assertion of the matcher does not hold'}; got {actual!r}"
            raise BeamAssertException(msg) from error
        except Exception as error:
            raise UserCodeError(self._label, actual, None, error) from error


def free_label(pipeline: Pipeline, label: str) -> str:
    """The label, or the label with the first number that makes it a new one."""
    number, free = 1, label
    while free in pipeline.applied_labels:
        number += 1
        free = f"{label}_{number}"
    return free


def _has_run(pipeline: Pipeline) -> bool:
    with contextlib.suppress(PipelineError):
        return pipeline.result is not None
    return False
