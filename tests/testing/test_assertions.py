from __future__ import annotations

from typing import Any

import pytest

from streamcore import Create, FixedWindows, GroupByKey, Map, Pipeline, SlidingWindows, WindowInto, WithTimestamps
from streamcore.errors import PipelineError, UserCodeError
from streamcore.model.pane import ONLY_FIRING, PANE_INFO_UNKNOWN, PaneInfoTiming
from streamcore.model.window import GlobalWindow, IntervalWindow
from streamcore.testing import (
    BeamAssertException,
    TestStream,
    TestWindowedValue,
    assert_that,
    equal_to,
    equal_to_per_window,
    has_at_least_one,
    in_window,
    is_empty,
)
from streamcore.timestamp import MIN_TIMESTAMP, Timestamp


def failure(matcher: Any, elements: list[Any], **kwargs: Any) -> BeamAssertException:
    with pytest.raises(BeamAssertException) as caught, Pipeline() as p:
        assert_that(p | Create(elements), matcher, **kwargs)
    assert isinstance(caught.value, AssertionError)
    return caught.value


def test_run_raises_what_the_matcher_raised_and_names_the_step():
    error = failure(equal_to([1, 2]), [1, 3], label="squares")
    assert str(error) == (
        "squares: expected [1, 2] in any order, got [1, 3], unexpected elements [3], missing elements [2]"
    )


def test_the_elements_come_in_order():
    seen: list[Any] = []
    with Pipeline() as p:
        assert_that(p | Create([3, 1, 2]), seen.extend)
    assert seen == [3, 1, 2]


def test_the_matcher_is_called_where_there_are_no_elements():
    assert str(failure(equal_to([1]), [])) == ("assert_that: expected [1] in any order, got [], missing elements [1]")


def test_an_unbounded_input_is_checked_at_its_end():
    with Pipeline() as p:
        assert_that(p | TestStream().add_elements([1]).advance_watermark_to(5).add_elements([2]), equal_to([2, 1]))


def test_a_bare_assert_will_do():
    def match(elements: list[int]) -> None:
        assert sum(elements) == 7, "the sum is wrong"

    error = failure(match, [1, 2])
    assert str(error).splitlines()[0] == "assert_that: the sum is wrong"
    assert str(error).endswith("; got [1, 2]")


def test_an_assert_without_words():
    def match(elements: list[int]) -> None:
        raise AssertionError

    assert str(failure(match, [1])) == "assert_that: an assertion of the matcher does not hold; got [1]"


def test_a_matcher_that_fails_is_user_code_that_fails():
    with pytest.raises(UserCodeError) as caught, Pipeline() as p:
        assert_that(p | Create([1]), lambda elements: elements[1])
    assert str(caught.value) == (
        "step 'assert_that' failed on element [1]: IndexError: list index out of range; "
        "handle it in the step's function, or filter such elements out before it"
    )


def test_labels_are_made_unique():
    with Pipeline() as p:
        ones = p | Create([1])
        for _ in range(3):
            assert_that(ones, equal_to([1]))
        assert {"assert_that", "assert_that_2", "assert_that_3"} <= p.applied_labels


def test_only_a_pcollection_can_be_checked():
    with pytest.raises(PipelineError) as caught:
        assert_that([1], equal_to([1]))  # type: ignore[arg-type]
    assert str(caught.value) == (
        "assert_that checks a PCollection, got [1]; for the elements themselves call the matcher"
    )


def test_it_must_be_applied_before_the_run():
    with Pipeline() as p:
        ones = p | Create([1])
    with pytest.raises(RuntimeError) as caught:
        assert_that(ones, equal_to([1]))
    assert str(caught.value) == (
        "assert_that must be applied before the pipeline runs, and this one has run; "
        "call it inside the `with` block of the pipeline"
    )
    assert isinstance(caught.value, PipelineError)


def test_a_matcher_that_returns_false_does_not_hold():
    with pytest.raises(BeamAssertException) as caught, Pipeline() as p:
        assert_that(p | Create([1, 2]), lambda elements: len(elements) == 3)
    assert str(caught.value) == "assert_that: the matcher returned False for [1, 2]"


def test_a_matcher_inside_a_window_that_returns_false_does_not_hold():
    with pytest.raises(BeamAssertException) as caught, Pipeline() as p:
        assert_that(p | Create([1]), in_window(GlobalWindow(), lambda elements: len(elements) == 3))
    assert str(caught.value) == "assert_that: in window GlobalWindow: the matcher returned False for [1]"


def test_what_else_a_matcher_returns_does_not_count():
    with Pipeline() as p:
        ones = p | Create([1])
        for returned in (None, True, 0, []):
            assert_that(ones, lambda elements, returned=returned: returned)


def test_elements_can_be_seen_with_timestamp_window_and_pane():
    with Pipeline() as p:
        assert_that(
            p | Create([1]),
            equal_to([TestWindowedValue(1, MIN_TIMESTAMP, [GlobalWindow()], PANE_INFO_UNKNOWN)]),
            reify_windows=True,
        )


def test_an_element_of_two_windows_is_seen_twice():
    windows = [IntervalWindow(0, 10), IntervalWindow(-5, 5)]
    with Pipeline() as p:
        one = p | Create([1]) | WithTimestamps(lambda _: 2) | WindowInto(SlidingWindows(10, 5))
        assert_that(one, equal_to([1, 1]))
        assert_that(one, equal_to([TestWindowedValue(1, Timestamp(2), [w]) for w in windows]), reify_windows=True)


def test_each_window_for_itself():
    seen: list[Any] = []
    with Pipeline() as p:
        times = p | Create([5, 65, 70]) | WithTimestamps(lambda t: t) | WindowInto(FixedWindows(60))
        assert_that(times, seen.append, use_global_window=False)
    assert seen == [([5], IntervalWindow(0, 60)), ([65, 70], IntervalWindow(60, 120))]


def test_no_windows_at_all_are_an_empty_global_window():
    seen: list[Any] = []
    with Pipeline() as p:
        assert_that(p | Create([]), seen.append, use_global_window=False)
    assert seen == [([], GlobalWindow())]


def test_a_window_matcher_sees_windows_without_being_told():
    with Pipeline() as p:
        times = p | Create([5, 65, 70]) | WithTimestamps(lambda t: t) | WindowInto(FixedWindows(60))
        expected = {IntervalWindow(0, 60): [5], IntervalWindow(60, 120): [70, 65]}
        assert_that(times, equal_to_per_window(expected))
        assert_that(times, equal_to_per_window(expected), use_global_window=False)
        assert_that(times, in_window(IntervalWindow(60, 120), equal_to([65, 70])))
        assert_that(times, in_window(IntervalWindow(120, 180), is_empty()))


def test_has_at_least_one_looks_at_timestamp_window_and_pane():
    with Pipeline() as p:
        groups = p | Create([("a", 1)]) | GroupByKey()
        has_at_least_one(
            groups,
            lambda value, stamp, window, pane: (
                value[1] == [1] and window == GlobalWindow() and pane == ONLY_FIRING and stamp == window.max_timestamp()
            ),
        )
        has_at_least_one(groups, lambda value, stamp, window, pane: pane.timing == PaneInfoTiming.ON_TIME)


def test_has_at_least_one_fails_where_nothing_matches():
    with pytest.raises(BeamAssertException) as caught, Pipeline() as p:
        has_at_least_one(p | Create([1]) | Map(str), lambda value, stamp, window, pane: value == "2")
    assert str(caught.value) == (
        "has_at_least_one: expected at least one element to match the criterion: nothing matches among "
        f"[TestWindowedValue(value='1', timestamp={MIN_TIMESTAMP}, windows=[GlobalWindow], "
        f"pane_info={PANE_INFO_UNKNOWN!r})]"
    )
