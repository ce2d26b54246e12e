"""Estimators of the watermark with user code in them."""

from __future__ import annotations

from typing import Any

import pytest

from streamcore import (
    BoundedOutOfOrderness,
    CombinePerKey,
    Create,
    FixedWindows,
    GroupByKey,
    ManualWatermark,
    Map,
    Monotonous,
    Pipeline,
    PipelineOptions,
    Punctuated,
    Sessions,
    UserCodeError,
    WatermarkEstimator,
    WindowInto,
    WithTimestamps,
)
from streamcore.errors import LifeCycleError
from streamcore.timestamp import MICROS_PER_SECOND, MIN_MICROS, Timestamp

TIMES = [(37 * n) % 13 + n for n in range(205)]


def results(estimator: WatermarkEstimator, size: int) -> list[Any]:
    """The sums of windows, and what came too late, in the order they come out."""
    seen: list[Any] = []
    with Pipeline(options=PipelineOptions(bundle_size=size)) as p:
        sums, late = (
            p
            | Create(TIMES)
            | WithTimestamps(lambda time: time, watermark=estimator)
            | WindowInto(FixedWindows(10))
            | Map(lambda time: ("k", time))
            | CombinePerKey(sum).with_late_output()
        )
        _ = sums | Map(seen.append)
        _ = late | "late" >> Map(lambda pair: seen.append(("late", pair)))
    return seen


class Marking:
    """Every tenth element that it is shown carries a watermark."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, Timestamp]] = []

    def __call__(self, time: int, timestamp: Timestamp) -> int | None:
        self.calls.append((time, timestamp))
        return time - 13 if len(self.calls) % 10 == 0 else None


@pytest.mark.parametrize("size", [1, 7, 100, 256])
def test_a_marking_function_is_called_once_for_each_element(size: int) -> None:
    single, marking = Marking(), Marking()
    expected = results(Punctuated(single), 1)
    assert results(Punctuated(marking), size) == expected
    assert marking.calls == single.calls == [(time, Timestamp(time)) for time in TIMES]
    assert len(expected) > 5


class Counting(WatermarkEstimator):
    """Follows every tenth element, and counts in place."""

    def create(self) -> list[int]:
        return [0, MIN_MICROS]

    def current(self, state: list[int]) -> int:
        return state[1]

    def observe(self, state: list[int], value: Any, timestamp: int) -> list[int]:
        state[0] += 1
        if state[0] % 10 == 0:
            state[1] = timestamp - 13 * MICROS_PER_SECOND
        return state


class LateByOdds(BoundedOutOfOrderness):
    """Judges by even elements only."""

    def observe(self, state: int, value: int, timestamp: int) -> int:
        return state if value % 2 else max(state, timestamp)


class NoFurther(BoundedOutOfOrderness):
    """Stops at 100 seconds."""

    def current(self, state: int) -> int:
        return min(super().current(state), 100 * MICROS_PER_SECOND)


@pytest.mark.parametrize("size", [7, 100, 256])
@pytest.mark.parametrize("estimator", [Counting(), LateByOdds(1), NoFurther(1)])
def test_a_bundle_makes_no_difference_to_an_estimator_of_ones_own(estimator: WatermarkEstimator, size: int) -> None:
    expected = results(estimator, 1)
    assert results(estimator, size) == expected
    assert expected != results(BoundedOutOfOrderness(1), 1)


def test_a_watermark_of_ones_own_that_goes_back_is_ignored() -> None:
    class Plain(Counting):
        def observe(self, state: list[int], value: Any, timestamp: int) -> list[int]:
            return [0, timestamp]

    assert results(Plain(), 1) == results(Plain(), 256) == results(BoundedOutOfOrderness(0), 256)


def run(estimator: WatermarkEstimator) -> None:
    p = Pipeline()
    _ = p | Create([4, 2, 0, 1]) | "stamp" >> WithTimestamps(lambda n: n, watermark=estimator)
    p.run()


class Dividing(WatermarkEstimator):
    """Fails at 0."""

    def current(self, state: int) -> int:
        return state

    def observe(self, state: int, value: int, timestamp: int) -> int:
        return state + 8 // value


@pytest.mark.parametrize(
    ("estimator", "method"),
    [(Punctuated(lambda n, _: 8 / n), "the function of Punctuated"), (Dividing(), "Dividing.observe")],
)
def test_an_estimator_that_fails_is_named_with_step_and_element(estimator: WatermarkEstimator, method: str) -> None:
    with pytest.raises(UserCodeError) as error:
        run(estimator)
    told = str(error.value.__cause__)
    assert str(error.value) == (
        f"step 'stamp' failed in {method} on element 0 in window GlobalWindow: ZeroDivisionError: {told}; "
        f"handle it in {method}, or filter such elements out before it"
    )


def test_an_estimator_that_fails_before_any_element_is_named_with_its_step() -> None:
    class Beginning(Dividing):
        def create(self) -> int:
            raise OSError("gone")

    with pytest.raises(LifeCycleError) as error:
        run(Beginning())
    assert str(error.value) == "step 'stamp' failed in Beginning.create: OSError: gone; handle it in Beginning.create"


class OwnManual(WatermarkEstimator):
    """Moved by hand, and not derived from the one that is."""

    moved_by_hand = True
    mark = 0

    def advance_to(self, seconds: int) -> None:
        """Moves it."""
        self.mark = seconds * 1_000_000

    def observe(self, state: int, value: Any, timestamp: int) -> int:
        """Where it has been moved to."""
        return max(state, self.mark)

    def current(self, state: int) -> int:
        """As of the last element."""
        return state


@pytest.mark.parametrize("size", [1, 256])
@pytest.mark.parametrize("kind", [ManualWatermark, OwnManual])
def test_a_watermark_moved_by_hand_counts_from_the_next_element_on(
    kind: type[ManualWatermark | OwnManual], size: int
) -> None:
    manual = kind()

    def time(n: int) -> int:
        if n == 30:
            manual.advance_to(20)
        return n

    seen: list[Any] = []
    with Pipeline(options=PipelineOptions(bundle_size=size)) as p:
        sums, late = (
            p
            | Create([5, 12, 30, 13, 25])
            | WithTimestamps(time, watermark=manual)
            | WindowInto(FixedWindows(10))
            | Map(lambda n: ("k", n))
            | CombinePerKey(sum).with_late_output()
        )
        _ = sums | Map(seen.append)
        _ = late | "late" >> Map(lambda pair: seen.append(("late", pair)))
    assert seen == [("k", 5), ("k", 12), ("late", ("k", 13)), ("k", 25), ("k", 30)]


def test_each_run_begins_with_a_watermark_that_nobody_has_moved() -> None:
    manual = ManualWatermark()
    seen: list[Any] = []
    p = Pipeline()
    sums, late = (
        p
        | Create([5, 12, 30])
        | WithTimestamps(lambda n: n, watermark=manual)
        | WindowInto(FixedWindows(10))
        | Map(lambda n: ("k", n))
        | CombinePerKey(sum).with_late_output()
    )
    _ = sums | Map(seen.append)
    _ = late | "late" >> Map(lambda pair: seen.append(("late", pair)))
    manual.advance_to(20)
    p.run()
    assert seen == [("k", 5), ("late", ("k", 12)), ("k", 30)]
    seen.clear()
    p.run()
    assert seen == [("k", 5), ("k", 12), ("k", 30)]


def on_tick(event: object, timestamp: Timestamp) -> Timestamp:
    return timestamp


@pytest.mark.parametrize(
    ("estimator", "shown"),
    [
        (BoundedOutOfOrderness(10), "BoundedOutOfOrderness(10.0)"),
        (
            BoundedOutOfOrderness(0.5, idle_timeout=60, follow_clock=5, max_drift=3600),
            "BoundedOutOfOrderness(0.5, idle_timeout=60.0, follow_clock=5.0, max_drift=3600.0)",
        ),
        (Monotonous(), "Monotonous()"),
        (Monotonous(idle_timeout=60), "Monotonous(idle_timeout=60.0)"),
        (Punctuated(on_tick, max_drift=1), "Punctuated(on_tick, max_drift=1.0)"),
        (ManualWatermark(idle_timeout=60), "ManualWatermark(idle_timeout=60.0)"),
    ],
)
def test_an_estimator_shows_how_it_was_made(estimator: WatermarkEstimator, shown: str) -> None:
    assert repr(estimator) == shown


def test_a_second_watermark_takes_the_place_of_the_first() -> None:
    seen: list[Any] = []
    with Pipeline(options=PipelineOptions(bundle_size=1)) as p:
        first = p | Create(range(100, 400, 50)) | WithTimestamps(lambda n: n, watermark=Monotonous())
        # Sessions are told the first watermark with each element.
        _ = first | WindowInto(Sessions(10)) | Map(lambda n: ("k", n)) | GroupByKey()
        _ = (
            first
            | "back" >> WithTimestamps(lambda n: 400 - n, watermark=BoundedOutOfOrderness(1000))
            | "sessions" >> WindowInto(Sessions(10))
            | "pairs" >> Map(lambda n: ("k", 400 - n))
            | CombinePerKey(sum)
            | Map(seen.append)
        )
    assert sorted(seen) == [("k", n) for n in range(50, 350, 50)]
