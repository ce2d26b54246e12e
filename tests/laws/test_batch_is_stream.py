"""What a stream has put out in the end is what plain Python computes from all its elements at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from hypothesis import given, strategies as st

from streamcore import GroupByKey
from streamcore.model.windowing import AccumulationMode, WindowFn, Windowing
from streamcore.timestamp import GLOBAL_WINDOW_MAX_MICROS, MIN_MICROS, Duration
from streamcore.windowing import CalendarWindows, FixedWindows, GlobalWindows, Sessions, SlidingWindows
from tests.laws.arrivals import Element, Event, Replay, cut
from tests.laws.cases import UNIT, OwnGap, ShownBounded, arrivals, windowings
from tests.laws.runs import Build

DISORDER = 10
DAY = 24 * 3600 * 1_000_000

Span = tuple[int, int]


class Kind(NamedTuple):
    """A window kind, and the spans of time that it makes of the times of one key, computed the plain way."""

    windowfn: WindowFn
    spans: Callable[[list[int]], Iterator[Span]]


def fixed(size: int, offset: int) -> Kind:
    def spans(times: list[int]) -> Iterator[Span]:
        for time in times:
            start = (time - offset * UNIT) // (size * UNIT) * (size * UNIT) + offset * UNIT
            yield start, start + size * UNIT

    return Kind(FixedWindows(_units(size), _units(offset)), spans)


def sliding(size: int, period: int) -> Kind:
    def spans(times: list[int]) -> Iterator[Span]:
        for time in times:
            for number in range(-100, 400):
                start = number * period * UNIT
                if start <= time < start + size * UNIT:
                    yield start, start + size * UNIT

    return Kind(SlidingWindows(_units(size), _units(period)), spans)


def united(windows: list[Span]) -> Iterator[Span]:
    start, end = None, 0
    for first, last in sorted(windows):
        if start is not None and first >= end:
            yield start, end
            start = None
        start, end = (first, last) if start is None else (start, max(end, last))
    if start is not None:
        yield start, end


def sessions(gap: int) -> Kind:
    return Kind(Sessions(_units(gap)), lambda times: united([(time, time + gap * UNIT) for time in times]))


def _units(number: int) -> Duration:
    return Duration.of_micros(number * UNIT)


KINDS: st.SearchStrategy[Kind] = st.one_of(
    st.builds(fixed, st.integers(1, 8), st.integers(0, 1)),
    st.builds(sliding, st.integers(1, 8), st.integers(1, 10)),
    st.builds(sessions, st.integers(1, 6)),
    st.just(Kind(OwnGap(), lambda times: united([(time, time + UNIT * (1 + time // UNIT % 4)) for time in times]))),
    st.just(
        Kind(CalendarWindows.days(), lambda times: ((time // DAY * DAY, (time // DAY + 1) * DAY) for time in times))
    ),
    st.just(Kind(GlobalWindows(), lambda times: iter([(MIN_MICROS, GLOBAL_WINDOW_MAX_MICROS)] if times else []))),
)


def expected(kind: Kind, events: list[Event]) -> dict[tuple[str, Span], list[int]]:
    arrived = [event for event in events if isinstance(event, Element)]
    results: dict[tuple[str, Span], list[int]] = {}
    for key in {element.key for element in arrived}:
        mine = [element for element in arrived if element.key == key]
        for span in kind.spans([element.time for element in mine]):
            results[key, span] = [element.number for element in mine if span[0] <= element.time < span[1]]
    return results


@st.composite
def cases(draw: st.DrawFn) -> tuple[Kind, Windowing]:
    kind = draw(KINDS)
    return kind, draw(windowings(st.just(kind.windowfn), safe=True))


@given(cases(), arrivals(disorder=DISORDER), st.sampled_from([1, 3, 256]))
def test_the_end_of_a_stream_is_the_batch(case: tuple[Kind, Windowing], events: list[Event], size: int) -> None:
    kind, windowing = case
    pipeline = Build(Replay(cut(events, [size]), 1), size)
    pipeline.group(pipeline.read(ShownBounded(_units(DISORDER)), [0]), windowing, GroupByKey(), "panes")
    seen = pipeline.run()

    results = expected(kind, events)
    final: dict[tuple[str, Span], list[Any]] = defaultdict(list)
    for key, row in seen.panes():
        (window,) = row.windows
        # A pane of a session that has grown since belongs to what the session has become.
        inside = [
            span
            for (owner, span) in results
            if owner == key and span[0] <= window.start.micros and window.end.micros <= span[1]
        ]
        span = inside[0] if windowing.windowfn.is_merging() else (window.start.micros, window.end.micros)
        assert span in inside
        if windowing.accumulation_mode == AccumulationMode.ACCUMULATING:
            final[key, span] = row.value
        else:
            final[key, span] += row.value
    assert {cell: sorted(values) for cell, values in final.items()} == {
        cell: sorted(values) for cell, values in results.items()
    }
    assert seen.drops["panes"] == (0, 0)
