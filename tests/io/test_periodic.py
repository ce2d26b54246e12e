from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import pytest

from streamcore import DoFn, FixedWindows, GroupByKey, Map, Pipeline, Read, WindowInto, WithKeys
from streamcore.errors import PipelineError
from streamcore.io import PeriodicImpulse, RebaseMode, WriteToCallable
from streamcore.io.periodic import PeriodicSource, Schedule
from streamcore.model.source import Reader, Source
from streamcore.model.window import IntervalWindow
from streamcore.testing import TestPipeline, VirtualClock, assert_that, equal_to
from streamcore.timestamp import Timestamp

SECOND = 1_000_000


class ClockOnly(Source[Any]):
    """Gives a pipeline its clock, and no elements."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock

    async def splits(self) -> Sequence[str]:
        return []

    def open(self, split: str, position: object) -> Reader[Any]:
        raise NotImplementedError


def run(impulse: PeriodicImpulse, start: float = 0) -> list[Any]:
    """The elements, each with its timestamp and the time on the clock at which it came, in seconds."""
    clock = VirtualClock(start, auto_jump=True)
    found: list[Any] = []

    def note(value: Any, at: Any = DoFn.TimestampParam) -> None:
        found.append((value, at, clock.time()))

    with Pipeline() as p:
        _ = p | "clock" >> Read(ClockOnly(clock))
        _ = p | impulse | Map(note)
    return found


def test_elements_come_when_the_clock_has_come_to_their_time() -> None:
    found = run(PeriodicImpulse(100, 130, 10))
    assert found == [(at, Timestamp(at), Timestamp(at)) for at in (100, 110, 120)]


@pytest.mark.parametrize(
    ("start", "interval", "kind"), [(1, 1, int), (1.0, 1, float), (1, 1.0, float), (Timestamp(1), 1, float)]
)
def test_elements_are_seconds_of_the_kind_that_was_given(start: Any, interval: float, kind: type) -> None:
    values = [value for value, _, _ in run(PeriodicImpulse(start, 4, interval))]
    assert (values, set(map(type, values))) == ([1, 2, 3], {kind})


def test_what_lies_in_the_past_comes_at_once() -> None:
    found = run(PeriodicImpulse(100, 131, 10), start=115)
    assert [came for _, _, came in found] == [115, 115, 120, 130]
    assert [at for _, at, _ in found] == [100, 110, 120, 130]


def test_the_start_of_the_run_is_the_default() -> None:
    assert [at for _, at, _ in run(PeriodicImpulse(None, 120, 10), start=95)] == [95, 105, 115]


def test_data_are_repeated() -> None:
    assert [value for value, _, _ in run(PeriodicImpulse(0, 5, 1, data=["a", "b"]))] == ["a", "b", "a", "b", "a"]


def test_data_tell_the_end() -> None:
    assert [(value, at) for value, at, _ in run(PeriodicImpulse(10, data=["a", "b"], fire_interval=5))] == [
        ("a", 10),
        ("b", 15),
    ]


def test_data_with_event_times() -> None:
    data = [(Timestamp(7), "a"), (Timestamp(3), "b")]
    assert run(PeriodicImpulse(10, data=data, fire_interval=5)) == [("a", 7, 10), ("b", 3, 15)]


def test_no_data_with_event_times_are_late() -> None:
    data = [(Timestamp(1), "a"), (Timestamp(3), "b"), (Timestamp(2), "c"), (Timestamp(1), "d")]
    with TestPipeline() as p:
        pairs = p | PeriodicImpulse(0, data=data, fire_interval=1) | WindowInto(FixedWindows(1)) | WithKeys(0)
        assert_that(pairs | GroupByKey(), equal_to([(0, ["a", "d"]), (0, ["b"]), (0, ["c"])]))


async def test_the_watermark_is_the_earliest_event_time_to_come() -> None:
    data = [(Timestamp(7), "a"), (Timestamp(3), "b"), (Timestamp(9), "c")]
    source = PeriodicSource(Schedule(0, 3 * SECOND, SECOND, data, RebaseMode.REBASE_NONE))
    source.attach_clock(VirtualClock(0, auto_jump=True))
    reader = source.open("all", None)
    marks = []
    while (batch := await reader.poll(1)) is not None:
        marks.append(batch.watermark)
    assert marks == [3 * SECOND, 3 * SECOND, 9 * SECOND, None]


def test_rebasing() -> None:
    both = run(PeriodicImpulse(0, 20, 10, rebase=RebaseMode.REBASE_ALL), start=100)
    assert [at for _, at, _ in both] == [100, 110]
    start = run(PeriodicImpulse(0, 125, 10, rebase=RebaseMode.REBASE_START), start=100)
    assert [at for _, at, _ in start] == [100, 110, 120]


def test_each_element_in_a_window_of_its_own() -> None:
    windows: list[Any] = []

    def note(_: Any, window: Any = DoFn.WindowParam) -> Any:
        return window

    with Pipeline() as p:
        _ = p | PeriodicImpulse(0, 20, 10, apply_windowing=True) | Map(note) | WriteToCallable(windows.append)
    assert windows == [IntervalWindow(0, 10), IntervalWindow(10, 20)]


async def test_the_watermark_is_the_time_of_the_next_element() -> None:
    clock = VirtualClock(0, auto_jump=True)
    source = PeriodicSource(Schedule(10 * SECOND, 30 * SECOND, 10 * SECOND, None, RebaseMode.REBASE_NONE))
    source.attach_clock(clock)
    reader = source.open("all", None)
    batches = []
    while (batch := await reader.poll(5)) is not None:
        batches.append((batch.timestamps, batch.watermark, clock.now()))
    assert batches == [
        ([], 10 * SECOND, 0),
        ([10 * SECOND], 20 * SECOND, 10 * SECOND),
        ([20 * SECOND], 30 * SECOND, 20 * SECOND),
    ]


async def test_it_goes_on_from_a_position_and_keeps_to_the_limit() -> None:
    source = PeriodicSource(Schedule(None, 50 * SECOND, 10 * SECOND, None, RebaseMode.REBASE_NONE))
    source.attach_clock(VirtualClock(0, auto_jump=True))
    reader = source.open("all", (0, 2))
    await reader.poll(5)
    batch = await reader.poll(1)
    assert batch is not None
    assert (batch.values, reader.position()) == ([20.0], (0, 3))


def test_it_is_unbounded() -> None:
    assert (Pipeline() | PeriodicImpulse(0, 10, 1)).is_bounded is False


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"fire_interval": 0}, "`fire_interval` must be positive, got 0"),
    ({"fire_interval": "1"}, "`fire_interval` must be seconds, a Duration or a timedelta, got '1'"),
    ({"start_timestamp": "now"}, "`start_timestamp` must be seconds since the epoch or a Timestamp, got 'now'"),
    ({"stop_timestamp": math.inf}, "`stop_timestamp` must be seconds since the epoch or a Timestamp, got inf"),
    ({"rebase": 1}, "`rebase` must be a RebaseMode, got 1; write RebaseMode.REBASE_START"),
    ({"data": []}, "`data` must have at least one element, got []; give None for the timestamps themselves"),
    (
        {"stop_timestamp": -1},
        "`stop_timestamp` must not be before `start_timestamp`, got Timestamp(-1) and Timestamp(0)",
    ),
    (
        {"data": [(Timestamp(0), "a")], "stop_timestamp": 20, "fire_interval": 10},
        "`data` with timestamps must have 2 elements, got 1; stop earlier",
    ),
]


@pytest.mark.parametrize(("parameters", "message"), REFUSED)
def test_refusals(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        PeriodicImpulse(**{"start_timestamp": 0} | parameters)
