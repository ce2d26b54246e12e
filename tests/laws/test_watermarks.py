"""Watermarks never go back, and nothing that is in time falls behind one."""

from __future__ import annotations

from hypothesis import given, strategies as st

from streamcore import GroupByKey, Map
from streamcore.model.pane import PaneInfoTiming
from streamcore.model.watermark import WatermarkEstimator
from streamcore.model.windowing import AccumulationMode, Windowing
from streamcore.timestamp import MAX_MICROS
from streamcore.transforms.flatten import Flatten
from tests.laws.arrivals import Event, Replay, cut
from tests.laws.cases import ESTIMATORS, arrivals, windowings
from tests.laws.probes import ByHand
from tests.laws.runs import Build

estimators = st.none() | ESTIMATORS
sizes = st.sampled_from([1, 3, 256])


@given(
    st.tuples(estimators, estimators),
    arrivals(ports=3, marks=True),
    windowings(),
    st.none() | windowings(),
    sizes,
)
def test_in_a_pipeline_of_several_steps(
    pair: tuple[WatermarkEstimator | None, WatermarkEstimator | None],
    events: list[Event],
    first: Windowing,
    second: Windowing | None,
    size: int,
) -> None:
    pipeline = Build(Replay([], 3), size)
    both = (pipeline.read(pair[0], [0, 1], late=True), pipeline.read(pair[1], [2])) | Flatten()
    panes = pipeline.group(both, first, GroupByKey(), "first") | Map(lambda pane: ("all", pane))
    pipeline.group(panes, second, GroupByKey(), "second")
    run = ByHand(pipeline)
    run.run(cut(events, [size]))
    for probe in run.probes:
        assert probe.watermark == probe.behind.watermark == MAX_MICROS
    for name in ("first", "second"):
        for element, watermark in run.probe(name).passed:
            if element.pane_info.timing != PaneInfoTiming.LATE:
                assert element.timestamp.micros >= watermark, element


@given(
    estimators.flatmap(lambda it: st.tuples(st.just(it), arrivals(marks=it is None))),
    windowings(modes=[AccumulationMode.DISCARDING]),
)
def test_what_was_in_time_stays_in_time(
    case: tuple[WatermarkEstimator | None, list[Event]], windowing: Windowing
) -> None:
    estimator, events = case
    pipeline = Build(Replay([], 1), 1)
    pipeline.group(pipeline.read(estimator, [0]), windowing, GroupByKey(), "panes")
    run = ByHand(pipeline)
    run.run(cut(events))
    arrived = run.probe("pairs [0]").passed
    in_time = {element.value[1] for element, watermark in arrived if element.timestamp.micros >= watermark}
    for element, watermark in run.probe("panes").passed:
        if in_time.intersection(element.value[1]):
            assert element.timestamp.micros >= watermark, element
            assert element.timestamp.micros <= max(window.end_micros - 1 for window in element.windows)
