from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from streamcore import (
    CombineGlobally,
    CombinePerKey,
    Create,
    Pipeline,
    TimestampedValue,
    UserCodeError,
    WindowInto,
)
from streamcore.errors import InvariantError, PipelineError
from streamcore.model.window import BoundedWindow, IntervalWindow
from streamcore.model.windowing import WindowFn
from streamcore.windowing import MergingWindowSet, Sessions


class Custom(WindowFn):
    """Merges as a test says."""

    def __init__(self, merge: Callable[[WindowFn.MergeContext], None]) -> None:
        self._merge = merge

    def assign(self, assign_context: WindowFn.AssignContext) -> Iterable[BoundedWindow]:
        return []

    def merge(self, merge_context: WindowFn.MergeContext) -> None:
        self._merge(merge_context)


A, B, C, D = (IntervalWindow(start, start + 10) for start in (0, 20, 40, 60))
ALL = IntervalWindow(0, 70)


def both_ways(windows: Iterable[BoundedWindow] = ()) -> list[MergingWindowSet]:
    """A set that knows how sessions merge, and one that has to ask."""
    return [MergingWindowSet(Sessions(10), windows), MergingWindowSet(Custom(Sessions(10).merge), windows)]


def test_windows_apart_stay_apart() -> None:
    for windows in both_ways():
        assert windows.add(B) == (B, [])
        assert windows.add(A) == (A, [])
        assert windows.add(IntervalWindow(10, 20)) == (IntervalWindow(10, 20), [])
        assert list(windows) == [A, IntervalWindow(10, 20), B]


def test_the_same_window_again_is_the_open_one() -> None:
    for windows in both_ways():
        windows.add(A)
        found, away = windows.add(IntervalWindow(0, 10))
        assert found is A
        assert away == []
        assert len(windows) == 1


def test_a_window_within_an_open_one_changes_nothing() -> None:
    for windows in both_ways([ALL]):
        assert windows.add(A) == (ALL, [])
        assert list(windows) == [ALL]


def test_a_window_that_covers_an_open_one_takes_it_in() -> None:
    for windows in both_ways([A, B]):
        assert windows.add(IntervalWindow(15, 35)) == (IntervalWindow(15, 35), [B])
        assert list(windows) == [A, IntervalWindow(15, 35)]


def test_an_open_window_grows() -> None:
    for windows in both_ways([A]):
        assert windows.add(IntervalWindow(5, 15)) == (IntervalWindow(0, 15), [A])
        assert windows.add(IntervalWindow(-5, 5)) == (IntervalWindow(-5, 15), [IntervalWindow(0, 15)])


def test_a_bridge_unites_what_it_touches_on_both_sides() -> None:
    for windows in both_ways([A, B, C, D]):
        assert windows.add(IntervalWindow(5, 45)) == (IntervalWindow(0, 50), [A, B, C])
        assert list(windows) == [IntervalWindow(0, 50), D]


def test_windows_that_are_removed_merge_no_more() -> None:
    for windows in both_ways([A, B]):
        windows.remove(A)
        assert list(windows) == [B]
        assert windows.add(IntervalWindow(5, 15)) == (IntervalWindow(5, 15), [])


def test_only_an_open_window_can_be_removed() -> None:
    for windows in both_ways([A]):
        with pytest.raises(InvariantError) as caught:
            windows.remove(B)
        assert str(caught.value) == (
            "internal invariant broken: the window [20.0, 30.0) to be closed is not open; "
            "this is a bug in streamcore, please report it"
        )


def test_merges_may_build_on_each_other() -> None:
    def merge(context: WindowFn.MergeContext) -> None:
        if len(context.windows) == 3:
            context.merge([A, B], IntervalWindow(0, 30))
            context.merge([IntervalWindow(0, 30), C], ALL)

    assert MergingWindowSet(Custom(merge), [A, B]).add(C) == (ALL, [A, B])


def test_the_result_may_be_one_of_the_parts() -> None:
    def merge(context: WindowFn.MergeContext) -> None:
        context.merge(context.windows, ALL)

    windows = MergingWindowSet(Custom(merge), [ALL, B])
    assert windows.add(A) == (ALL, [B])
    assert list(windows) == [ALL]


def test_text() -> None:
    assert repr(MergingWindowSet(Sessions(10), [A])) == "MergingWindowSet(Sessions(10.0), [[0.0, 10.0)])"


@pytest.mark.parametrize(
    ("merge", "message"),
    [
        (
            lambda context: context.merge([A, D], ALL),
            "Custom.merge united [60.0, 70.0), which is not open; unite only windows of `merge_context.windows`, "
            "each once",
        ),
        (
            lambda context: (context.merge([A, C], IntervalWindow(0, 50)), context.merge([B, C], ALL)),
            "Custom.merge united [40.0, 50.0), which is not open; unite only windows of `merge_context.windows`, "
            "each once",
        ),
        (
            lambda context: context.merge([], ALL),
            "Custom.merge united no window; unite only windows of `merge_context.windows`, each once",
        ),
        (
            lambda context: context.merge([A, C], B),
            "Custom.merge united [[0.0, 10.0), [40.0, 50.0)] in [20.0, 30.0), which is open and not among them; "
            "add it to `to_be_merged`",
        ),
        (
            lambda context: context.merge([A, B], IntervalWindow(0, 30)),
            "Custom.merge united [[0.0, 10.0), [20.0, 30.0)] when [40.0, 50.0) was added, which is not among them; "
            "let `merge` depend on the windows alone, so that they are united as soon as both are open",
        ),
    ],
)
def test_refuses_merges_that_do_not_add_up(merge: Callable[[WindowFn.MergeContext], None], message: str) -> None:
    windows = MergingWindowSet(Custom(merge), [A, B])
    with pytest.raises(PipelineError) as caught:
        windows.add(C)
    assert str(caught.value) == message
    assert list(windows) == [A, B]


def test_a_merging_kind_needs_merge() -> None:
    class Forgetful(WindowFn):
        def assign(self, assign_context: WindowFn.AssignContext) -> Iterable[BoundedWindow]:
            return [A]

    with pytest.raises(NotImplementedError) as caught:
        MergingWindowSet(Forgetful()).add(A)
    assert str(caught.value) == "Forgetful is merging but has no `merge`; define it, or return False from is_merging()"


class Refusing(Sessions):
    """Cannot do what it is for."""

    def merge(self, merge_context: WindowFn.MergeContext) -> None:
        raise OSError("gone")


class Elsewhere(Sessions):
    """Unites windows that nobody has opened."""

    def merge(self, merge_context: WindowFn.MergeContext) -> None:
        merge_context.merge([IntervalWindow(1, 2)], IntervalWindow(1, 2))


GONE = "OSError: gone; handle it in Refusing.merge, or filter such elements out before it"
UNKNOWN = (
    "Elsewhere.merge united [1.0, 2.0), which is not open; unite only windows of `merge_context.windows`, each once"
)


@pytest.mark.parametrize(
    ("windowfn", "told"), [(Refusing(10), f"Refusing.merge {GONE}"), (Elsewhere(10), f"Elsewhere.merge {UNKNOWN}")]
)
@pytest.mark.parametrize("step", [CombinePerKey(sum), CombineGlobally(len).without_defaults()])
def test_a_merge_that_fails_is_named_with_step_element_and_window(windowfn: WindowFn, told: str, step: Any) -> None:
    p = Pipeline()
    _ = p | Create([TimestampedValue(("k", 5), 5)]) | WindowInto(windowfn) | "total" >> step
    with pytest.raises(UserCodeError) as error:
        p.run()
    method, cause = told.split(" ", 1)
    assert str(error.value) == f"step 'total' failed in {method} on element ('k', 5) in window [5.0, 15.0): {cause}"
