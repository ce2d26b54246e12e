"""What holds for the panes of any windowing: nothing is lost or doubled, and `PaneInfo` tells the truth."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings, strategies as st

from streamcore import GroupByKey
from streamcore.engine import reductions
from streamcore.model.pane import PaneInfoTiming
from streamcore.model.trigger import fires_at_end_only
from streamcore.model.watermark import WatermarkEstimator
from streamcore.model.window import BoundedWindow
from streamcore.model.windowing import AccumulationMode, ClosingBehavior, WindowFn, Windowing
from streamcore.timestamp import Timestamp
from streamcore.triggers import DefaultTrigger
from tests.laws.arrivals import Element, Event, Replay, cut
from tests.laws.cases import ESTIMATORS, OVERLAPPING, WINDOWS, arrivals, is_safe, windowings
from tests.laws.runs import Build, Row, Seen
from tests.laws.trigger_strategies import TRIGGERS

NON_MERGING = WINDOWS.filter(lambda windowfn: not windowfn.is_merging())
MERGING = WINDOWS.filter(lambda windowfn: windowfn.is_merging())
DISCARDING = [AccumulationMode.DISCARDING]
ACCUMULATING = [AccumulationMode.ACCUMULATING]
ALLOWED = [PaneInfoTiming.EARLY, PaneInfoTiming.ON_TIME, PaneInfoTiming.LATE]

Cells = dict[tuple[Any, BoundedWindow], list[Row]]


def play(estimator: WatermarkEstimator, events: list[Event], windowing: Windowing, size: int) -> Seen:
    pipeline = Build(Replay(cut(events, [size]), 1), size)
    pipeline.group(pipeline.read(estimator, [0]), windowing, GroupByKey(), "panes")
    return pipeline.run()


def by_cell(seen: Seen) -> Cells:
    """The panes of each key and window, in the order they came out."""
    cells: Cells = defaultdict(list)
    for key, row in seen.panes():
        (window,) = row.windows
        cells[key, window].append(row)
    return cells


def late_pairs(seen: Seen) -> Counter[tuple[int, BoundedWindow]]:
    return Counter((row.value, window) for _, row in seen.panes("late of panes") for window in row.windows)


def assigned(windowing: Windowing, element: Element) -> list[BoundedWindow]:
    context = WindowFn.AssignContext(Timestamp.of_micros(element.time), (element.key, element.number))
    return list(windowing.windowfn.assign(context))


def pairs_in(events: list[Event], windowing: Windowing) -> Counter[tuple[int, BoundedWindow]]:
    """The elements that came in, with each of their windows."""
    return Counter((element.number, window) for element in elements(events) for window in assigned(windowing, element))


def elements(events: list[Event]) -> list[Element]:
    return [event for event in events if isinstance(event, Element)]


def expired_pairs(
    estimator: WatermarkEstimator, events: list[Event], windowing: Windowing
) -> Counter[tuple[int, BoundedWindow]]:
    """The elements that come when one of their windows has expired, by the watermark before them."""
    arrived = elements(events)
    state = estimator.create()
    expired: Counter[tuple[int, BoundedWindow]] = Counter()
    for element in arrived:
        for window in assigned(windowing, element):
            if window.end_micros + windowing.allowed_lateness <= estimator.current(state):
                expired[element.number, window] += 1
        state = estimator.observe(state, element, element.time)
    return expired


sizes = st.sampled_from([1, 4, 256])


@given(ESTIMATORS, arrivals(), windowings(), sizes)
def test_pane_info_counts(estimator: WatermarkEstimator, events: list[Event], windowing: Windowing, size: int) -> None:
    seen = play(estimator, events, windowing, size)
    for rows in by_cell(seen).values():
        infos = [row.pane for row in rows]
        assert [info.index for info in infos] == list(range(len(infos)))
        assert [info.is_first for info in infos] == [True] + [False] * (len(infos) - 1)
        assert not any(info.is_last for info in infos[:-1])
        timings = [info.timing for info in infos]
        assert timings == sorted(timings)
        assert set(timings) <= set(ALLOWED)
        assert timings.count(PaneInfoTiming.ON_TIME) <= 1
        for before, after in pairwise(rows):
            if after.value == before.value[: len(after.value)]:
                assert after.pane.is_last or after.pane.timing == PaneInfoTiming.ON_TIME, "a pane without anything new"
        settled = [info.nonspeculative_index for info in infos if info.timing != PaneInfoTiming.EARLY]
        assert settled == list(range(len(settled)))
        assert {info.nonspeculative_index for info in infos if info.timing == PaneInfoTiming.EARLY} <= {-1}


@given(ESTIMATORS, arrivals(), windowings(NON_MERGING, modes=DISCARDING), sizes)
def test_every_element_is_in_one_discarding_pane_or_dropped(
    estimator: WatermarkEstimator, events: list[Event], windowing: Windowing, size: int
) -> None:
    seen = play(estimator, events, windowing, size)
    came_out = Counter(
        (number, window) for (_, window), rows in by_cell(seen).items() for row in rows for number in row.value
    )
    late = late_pairs(seen)
    came_in = Counter(
        (element.number, window) for element in elements(events) for window in assigned(windowing, element)
    )
    closed = came_in - came_out - late
    assert came_out + late + closed == came_in
    assert seen.drops["panes"] == (late.total(), closed.total())
    assert late == expired_pairs(estimator, events, windowing)
    if is_safe(windowing.triggerfn, windowing.allowed_lateness):
        assert not closed


@settings(max_examples=300)  # two elements that are late for the same window, the earlier one last, are not drawn often
@given(ESTIMATORS, arrivals(disorder=16), OVERLAPPING, sizes)
def test_windows_that_overlap_hold_what_came_in_time_for_each(
    estimator: WatermarkEstimator, events: list[Event], windowfn: WindowFn, size: int
) -> None:
    windowing = Windowing(windowfn, DefaultTrigger())
    seen = play(estimator, events, windowing, size)
    late = expired_pairs(estimator, events, windowing)
    assert late_pairs(seen) == late
    assert seen.drops["panes"] == (late.total(), 0)
    expected: dict[tuple[Any, BoundedWindow], list[int]] = defaultdict(list)
    for element in elements(events):
        for window in assigned(windowing, element):
            if not late[element.number, window]:
                expected[element.key, window].append(element.number)
    assert {cell: [sorted(row.value) for row in rows] for cell, rows in by_cell(seen).items()} == {
        cell: [numbers] for cell, numbers in expected.items()
    }


@given(ESTIMATORS, arrivals(), windowings(MERGING, modes=DISCARDING), sizes)
def test_every_element_is_in_one_discarding_pane_of_a_merging_window_or_dropped(
    estimator: WatermarkEstimator, events: list[Event], windowing: Windowing, size: int
) -> None:
    seen = play(estimator, events, windowing, size)
    came_out = Counter(number for _, row in seen.panes() for number in row.value)
    late = late_pairs(seen)
    assert set(came_out.values()) <= {1}
    assert set(late) <= set(expired_pairs(estimator, events, windowing))
    late_ones = {number for number, _ in late}
    assert not late_ones & set(came_out)
    assert seen.drops["panes"] == (len(late_ones), len(elements(events)) - len(late_ones) - len(came_out))
    if is_safe(windowing.triggerfn, windowing.allowed_lateness):
        assert seen.drops["panes"][1] == 0
    spans = {element.number: element.time for element in elements(events)}
    for (_, window), rows in by_cell(seen).items():
        assert all(window.start.micros <= spans[number] < window.end_micros for row in rows for number in row.value)


@given(ESTIMATORS, arrivals(), windowings(NON_MERGING, modes=ACCUMULATING), sizes)
def test_accumulating_panes_grow(
    estimator: WatermarkEstimator, events: list[Event], windowing: Windowing, size: int
) -> None:
    seen = play(estimator, events, windowing, size)
    late = late_pairs(seen)
    came_out: Counter[tuple[int, BoundedWindow]] = Counter()
    for (_, window), rows in by_cell(seen).items():
        for before, after in pairwise(rows):
            assert after.value[: len(before.value)] == before.value
        came_out.update((number, window) for number in rows[-1].value)
    came_in = Counter(
        (element.number, window) for element in elements(events) for window in assigned(windowing, element)
    )
    closed = came_in - came_out - late
    assert came_out + late + closed == came_in
    assert seen.drops["panes"] == (late.total(), closed.total())


@given(
    ESTIMATORS,
    arrivals(),
    windowings(NON_MERGING),
    sizes,
)
def test_a_window_that_always_closes_has_one_last_pane(
    estimator: WatermarkEstimator, events: list[Event], windowing: Windowing, size: int
) -> None:
    seen = play(estimator, events, windowing, size)
    for rows in by_cell(seen).values():
        lasts = sum(row.pane.is_last for row in rows)
        assert lasts == 1 if windowing.closing_behavior == ClosingBehavior.FIRE_ALWAYS else lasts <= 1


@given(
    ESTIMATORS,
    arrivals(),
    windowings(triggers=TRIGGERS.filter(fires_at_end_only), lateness=st.just(0)),
    sizes,
)
def test_a_trigger_that_only_the_end_makes_fire_need_not_be_asked(
    estimator: WatermarkEstimator, events: list[Event], windowing: Windowing, size: int
) -> None:
    seen = by_cell(play(estimator, events, windowing, size))
    with patch.object(reductions, "fires_once", return_value=False):
        asked = by_cell(play(estimator, events, windowing, size))
    # Where a window is put together from parts, its values are in the order of arrival within a part only.
    assert {cell: list(map(in_order, rows)) for cell, rows in seen.items()} == {
        cell: list(map(in_order, rows)) for cell, rows in asked.items()
    }


def in_order(row: Row) -> Row:
    return row._replace(value=sorted(row.value))
