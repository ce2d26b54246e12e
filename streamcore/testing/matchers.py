"""Matchers for `assert_that`: functions that take what a PCollection held, and raise if it is not what was expected."""

from __future__ import annotations

import math
import numbers
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final, NamedTuple

from streamcore.errors import StreamcoreError
from streamcore.model.functions import require_plain
from streamcore.model.pane import PANE_INFO_UNKNOWN, PaneInfo
from streamcore.model.window import BoundedWindow
from streamcore.timestamp import Timestamp

Matcher = Callable[[Any], object]
Equality = Callable[[Any, Any], object]
# What to do where somebody wants a check to wait for something.
AWAIT_BEFORE: Final = "write it with `def`, and await what it needs before the pipeline runs"


class BeamAssertException(StreamcoreError, AssertionError):  # noqa: N818  # Beam's name
    """A PCollection did not hold what was expected of it."""


class WindowedFields(NamedTuple):
    """The fields of a `TestWindowedValue`."""

    value: Any
    timestamp: Timestamp
    windows: list[BoundedWindow]
    pane_info: PaneInfo = PANE_INFO_UNKNOWN


class TestWindowedValue(WindowedFields):
    """An element as `assert_that(..., reify_windows=True)` shows it: with its timestamp, its window and its pane.

    An element of several windows is shown once for each.
    """

    __slots__ = ()
    __test__: ClassVar[bool] = False


def equal_to(expected: Iterable[Any], equals_fn: Equality | None = None) -> Matcher:
    """The same elements, each as often, in any order.

    Args:
        expected: The elements.
        equals_fn: Takes an expected and an actual element, and tells whether they are the same; by default `==`, where
            a Row and a named tuple of the same fields are the same, too.

    >>> from streamcore.testing import assert_that, equal_to
    >>> with Pipeline() as p:
    ...     _ = assert_that(p | Create([1, 2]) | Map(lambda x: 10 * x), equal_to([20, 10]))
    """
    if equals_fn is not None:
        require_plain("equal_to", equals_fn, remedy=AWAIT_BEFORE)
    wanted = list(expected)

    def match(actual: Iterable[Any]) -> None:
        got = list(actual)
        if equals_fn is None and _same_counts(wanted, got):
            return
        missing, unexpected = pair_off(wanted, got, equals_fn or row_namedtuple_equals_fn)
        if missing or unexpected:
            raise BeamAssertException(_difference(wanted, got, missing, unexpected))

    return match


def equal_to_approx(expected: Iterable[Any], rel_tol: float = 1e-09, abs_tol: float = 0.0) -> Matcher:
    """The same elements in any order, where numbers, also those inside lists and tuples, need only be close.

    Args:
        expected: The elements.
        rel_tol: Relative tolerance, as in `math.isclose`.
        abs_tol: Absolute tolerance, as in `math.isclose`.

    >>> from streamcore.testing import assert_that, equal_to_approx
    >>> with Pipeline() as p:
    ...     _ = assert_that(p | Create([("a", 0.1 + 0.2)]), equal_to_approx([("a", 0.3)]))
    """

    def is_close(wanted: Any, got: Any) -> bool:
        if isinstance(wanted, numbers.Real) and isinstance(got, numbers.Real):
            return math.isclose(wanted, got, rel_tol=rel_tol, abs_tol=abs_tol)
        if isinstance(wanted, list | tuple) and type(wanted) is type(got) and len(wanted) == len(got):
            return all(map(is_close, wanted, got))
        return bool(wanted == got)

    return equal_to(expected, is_close)


def is_empty() -> Matcher:
    """No elements.

    >>> from streamcore.testing import assert_that, is_empty
    >>> with Pipeline() as p:
    ...     _ = assert_that(p | Create([1, 2]) | Filter(lambda x: x > 2), is_empty())
    """

    def match(actual: Iterable[Any]) -> None:
        got = list(actual)
        if got:
            msg = f"expected no elements, got {got!r}"
            raise BeamAssertException(msg)

    return match


def is_not_empty() -> Matcher:
    """At least one element.

    >>> from streamcore.testing import assert_that, is_not_empty
    >>> with Pipeline() as p:
    ...     _ = assert_that(p | Create([1, 2]), is_not_empty())
    """

    def match(actual: Iterable[Any]) -> None:
        if not list(actual):
            msg = "expected at least one element, but the pcol is empty"
            raise BeamAssertException(msg)

    return match


def matches_all(expected: Iterable[Any]) -> Matcher:
    """One element for each of `expected`, in any order, and no more.

    Args:
        expected: Values, or objects with a method `matches(element)`, such as the matchers of PyHamcrest.

    >>> from types import SimpleNamespace
    >>> from streamcore.testing import assert_that, matches_all
    >>> number = SimpleNamespace(matches=str.isdecimal)
    >>> with Pipeline() as p:
    ...     _ = assert_that(p | Create(["12", "home"]), matches_all(["home", number]))
    """

    def fits(wanted: Any, got: Any) -> bool:
        return bool(wanted.matches(got)) if hasattr(wanted, "matches") else bool(wanted == got)

    return equal_to(expected, fits)


def check(matcher: Matcher, actual: Any) -> None:
    """Calls a matcher.

    Args:
        matcher: It raises, or returns False, if `actual` is not what is expected.
        actual: What it is called with.

    Raises:
        BeamAssertException: If it returned False; and what it raises itself.
    """
    if matcher(actual) is False:
        msg = f"the matcher returned False for {actual!r}"
        raise BeamAssertException(msg)


class WindowMatcher:
    """A matcher that wants to see the elements as `TestWindowedValue`s; `assert_that` hands them over so.

    Args:
        match: What is called with the list of them.
    """

    def __init__(self, match: Callable[[list[TestWindowedValue]], None]) -> None:
        self._match = match

    def __call__(self, actual: Iterable[Any]) -> None:
        """Checks."""
        elements = list(actual)
        for element in elements:
            if not isinstance(element, TestWindowedValue):
                msg = f"expected TestWindowedValues, got {element!r}; use the matcher in assert_that, which makes them"
                raise BeamAssertException(msg)
        self._match(elements)


def equal_to_per_window(expected_window_to_elements: Mapping[BoundedWindow, Iterable[Any]]) -> Matcher:
    """The same elements in each window, in any order, and none in other windows.

    Args:
        expected_window_to_elements: The elements by window.

    >>> from streamcore.testing import assert_that, equal_to_per_window
    >>> with Pipeline() as p:
    ...     times = p | Create([5, 65, 70]) | WithTimestamps(lambda t: t) | WindowInto(FixedWindows(60))
    ...     expected = {IntervalWindow(0, 60): [5], IntervalWindow(60, 120): [65, 70]}
    ...     _ = assert_that(times, equal_to_per_window(expected))
    """
    expected = {window: list(elements) for window, elements in expected_window_to_elements.items()}

    def match(actual: list[TestWindowedValue]) -> None:
        left = {window: list(elements) for window, elements in expected.items()}
        for element in actual:
            window = element.windows[0]
            if window not in left:
                msg = f"window {window} of element {element.value!r} not found in any expected window: {list(left)}"
                raise BeamAssertException(msg)
            if element.value not in left[window]:
                msg = f"element {element.value!r} not found in window {window}, where there are left: {left[window]!r}"
                raise BeamAssertException(msg)
            left[window].remove(element.value)
        for window, elements in left.items():
            if elements:
                msg = f"unmatched elements {elements!r} in window {window}"
                raise BeamAssertException(msg)

    return WindowMatcher(match)


def in_window(window: BoundedWindow, matcher: Matcher) -> Matcher:
    """What `matcher` expects, of the elements of one window; other windows are not looked at.

    >>> from streamcore.testing import assert_that, in_window, equal_to
    >>> from streamcore.model.window import IntervalWindow
    >>> with Pipeline() as p:
    ...     times = p | Create([5, 65, 70]) | WithTimestamps(lambda t: t) | WindowInto(FixedWindows(60))
    ...     _ = assert_that(times, in_window(IntervalWindow(60, 120), equal_to([65, 70])))
    """
    require_plain("in_window", matcher, remedy=AWAIT_BEFORE)

    def match(actual: list[TestWindowedValue]) -> None:
        try:
            check(matcher, [element.value for element in actual if element.windows == [window]])
        except BeamAssertException as error:
            msg = f"in window {window}: {error}"
            raise BeamAssertException(msg) from error

    return WindowMatcher(match)


class InAnyOrder:
    """Equal to every iterable of the same hashable elements, each as often."""

    def __init__(self, elements: Iterable[Any]) -> None:
        self._counts = Counter(elements)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Iterable) and self._counts == Counter(other)

    def __hash__(self) -> int:
        return hash(frozenset(self._counts.items()))

    def __repr__(self) -> str:
        return f"contains_in_any_order({list(self._counts.elements())!r})"


def contains_in_any_order(iterable: Iterable[Any]) -> InAnyOrder:
    """An object that is equal to any iterable of the same elements, for use inside `equal_to`.

    Args:
        iterable: Hashable elements.

    >>> from streamcore.testing import contains_in_any_order
    >>> ("key", [3, 1, 2]) == ("key", contains_in_any_order([1, 2, 3]))
    True
    """
    return InAnyOrder(iterable)


def row_namedtuple_equals_fn(expected: Any, actual: Any, fallback_equals_fn: Equality | None = None) -> bool:
    """Whether two elements are the same, where Rows and named tuples count by their fields.

    Args:
        expected: One element.
        actual: The other.
        fallback_equals_fn: Compares what is neither a Row nor a named tuple; `==` by default.
    """
    wanted, got = _fields(expected), _fields(actual)
    if wanted is None or got is None:
        return bool(expected == actual if fallback_equals_fn is None else fallback_equals_fn(expected, actual))
    return wanted.keys() == got.keys() and all(row_namedtuple_equals_fn(wanted[name], got[name]) for name in wanted)


def pair_off(wanted: list[Any], got: list[Any], equals: Equality) -> tuple[list[Any], list[Any]]:
    """What is left of both lists when equal elements are taken out in pairs."""
    missing, unexpected = list(wanted), []
    for element in got:
        position = next((i for i, other in enumerate(missing) if equals(other, element)), None)
        if position is None:
            unexpected.append(element)
        else:
            del missing[position]
    return missing, unexpected


def _same_counts(wanted: list[Any], got: list[Any]) -> bool:
    """Whether both hold the same, as far as hashing can tell."""
    try:
        return Counter(wanted) == Counter(got)
    except TypeError:
        return False


def _difference(wanted: list[Any], got: list[Any], missing: list[Any], unexpected: list[Any]) -> str:
    parts = [f"expected {wanted!r} in any order, got {got!r}"]
    if unexpected:
        parts.append(f"unexpected elements {unexpected!r}")
    if missing:
        parts.append(f"missing elements {missing!r}")
    return ", ".join(parts)


def _fields(element: Any) -> dict[str, Any] | None:
    """The fields of a Row or a named tuple; None for anything else."""
    if isinstance(element, type) or not hasattr(element, "_asdict"):
        return None
    fields: dict[str, Any] = element._asdict()
    return fields
