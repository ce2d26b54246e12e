"""Watermark estimators: how far event time has come, judged by the elements that have arrived.

An estimator is a stateless specification; the engine keeps its state, one per source split, so that it can be stored.
"""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

from streamcore.errors import PipelineError, describe, shorten
from streamcore.model.functions import require_plain
from streamcore.model.spans import span_argument
from streamcore.timestamp import (
    MAX_MICROS,
    MAX_TIMESTAMP,
    MICROS_PER_SECOND,
    MIN_MICROS,
    DurationTypes,
    Timestamp,
    TimestampTypes,
    to_micros,
)

EstimatorState: TypeAlias = Any


class WatermarkEstimator(abc.ABC):
    """Tells the watermark of a split from its elements.

    Args:
        idle_timeout: After so much processing time (seconds) without an element a split stops counting for the
            watermark, until its next element; None: never.
        follow_clock: When all splits are idle the watermark goes on with processing time minus this (seconds);
            None: it stays.
        max_drift: A split whose watermark is so much (seconds) ahead of the slowest one is not polled until the
            others have caught up; None: no limit.

    Attributes:
        moved_by_hand: The program may move it from outside, such as in the timestamp function of `WithTimestamps`;
            elements get their times one by one then, each when the one before has passed the estimator.
    """

    moved_by_hand: ClassVar[bool] = False

    def __init__(
        self,
        *,
        idle_timeout: DurationTypes | None = None,
        follow_clock: DurationTypes | None = None,
        max_drift: DurationTypes | None = None,
    ) -> None:
        self.idle_timeout = _optional_span("idle_timeout", idle_timeout)
        self.follow_clock = _optional_span("follow_clock", follow_clock)
        self.max_drift = _optional_span("max_drift", max_drift)

    def create(self) -> EstimatorState:
        """The state of a split that has had no elements."""
        return MIN_MICROS

    def __repr__(self) -> str:
        return _made(self)

    @abc.abstractmethod
    def current(self, state: EstimatorState, /) -> int:
        """The watermark, in microseconds; one that goes back is ignored."""

    @abc.abstractmethod
    def observe(self, state: EstimatorState, value: Any, timestamp: int, /) -> EstimatorState:
        """The state after one more element, at a time in microseconds; called once for each, in the order they come."""

    def reset(self) -> None:
        """Forgets what it keeps itself, beside the state; called at the end of a run."""


class BoundedOutOfOrderness(WatermarkEstimator):
    """The largest timestamp so far minus a bound: elements are expected at most `bound` seconds out of order.

    >>> estimator = BoundedOutOfOrderness(10)
    >>> estimator.running(estimator.create(), [20_000_000, 15_000_000, 21_000_000])
    [10000000, 10000000, 11000000]
    """

    def __init__(
        self,
        bound: DurationTypes,
        *,
        idle_timeout: DurationTypes | None = None,
        follow_clock: DurationTypes | None = None,
        max_drift: DurationTypes | None = None,
    ) -> None:
        super().__init__(idle_timeout=idle_timeout, follow_clock=follow_clock, max_drift=max_drift)
        self.bound = span_argument("bound", bound)
        if self.bound < 0:
            msg = f"`bound` must not be negative, got {bound!r}; use 0 for elements that come in order"
            raise PipelineError(msg)

    def __repr__(self) -> str:
        return _made(self, str(self.bound / MICROS_PER_SECOND))

    def current(self, state: EstimatorState) -> int:
        """The largest timestamp minus the bound."""
        return max(int(state) - self.bound, MIN_MICROS)

    def observe(self, state: EstimatorState, value: Any, timestamp: int) -> EstimatorState:
        """The largest timestamp so far."""
        return max(state, timestamp)

    def running(self, state: EstimatorState, timestamps: list[int]) -> list[int]:
        """The watermark just after each of some elements, which are not needed themselves."""
        # Three times as fast as `accumulate(timestamps, max)`, and a second pass for the bound.
        largest, bound = int(state), self.bound
        mark = largest - bound
        return [mark if stamp <= largest else (mark := (largest := stamp) - bound) for stamp in timestamps]


class Monotonous(BoundedOutOfOrderness):
    """The largest timestamp so far: for elements that come in order of their timestamps.

    >>> estimator = Monotonous(idle_timeout=60)
    >>> estimator
    Monotonous(idle_timeout=60.0)
    >>> estimator.running(estimator.create(), [20_000_000, 15_000_000, 21_000_000])
    [20000000, 20000000, 21000000]
    """

    def __init__(
        self,
        *,
        idle_timeout: DurationTypes | None = None,
        follow_clock: DurationTypes | None = None,
        max_drift: DurationTypes | None = None,
    ) -> None:
        super().__init__(0, idle_timeout=idle_timeout, follow_clock=follow_clock, max_drift=max_drift)

    def __repr__(self) -> str:
        return _made(self)


class Punctuated(WatermarkEstimator):
    """The watermark that some elements carry.

    Args:
        fn: Takes an element and its `Timestamp`; returns the watermark it carries (seconds or `Timestamp`), or None.
        idle_timeout: As in `WatermarkEstimator`.
        follow_clock: As in `WatermarkEstimator`.
        max_drift: As in `WatermarkEstimator`.

    >>> estimator = Punctuated(lambda event, timestamp: timestamp if event == "tick" else None)
    >>> state = estimator.observe(estimator.create(), "tick", 20_000_000)
    >>> estimator.current(estimator.observe(state, "click", 25_000_000))
    20000000
    """

    def __init__(
        self,
        fn: Callable[[Any, Timestamp], TimestampTypes | None],
        *,
        idle_timeout: DurationTypes | None = None,
        follow_clock: DurationTypes | None = None,
        max_drift: DurationTypes | None = None,
    ) -> None:
        super().__init__(idle_timeout=idle_timeout, follow_clock=follow_clock, max_drift=max_drift)
        if not callable(fn):
            msg = (
                f"Punctuated takes a function of an element and its time, got {shorten(fn)}; "
                "write Punctuated(lambda element, timestamp: ...)"
            )
            raise PipelineError(msg)
        require_plain("Punctuated", fn)
        self.fn = fn

    def __repr__(self) -> str:
        return _made(self, getattr(self.fn, "__name__", type(self.fn).__name__))

    def current(self, state: EstimatorState) -> int:
        """The largest watermark carried so far."""
        return int(state)

    def observe(self, state: EstimatorState, value: Any, timestamp: int) -> EstimatorState:
        """The largest watermark carried so far."""
        mark = self.fn(value, Timestamp.of_micros(timestamp))
        return state if mark is None else max(state, _mark(mark))


class ManualWatermark(WatermarkEstimator):
    """A watermark that the program moves by hand, from anywhere: `mark.advance_to(timestamp)`.

    Moved by the timestamp function of `WithTimestamps`, it counts from the next element on; moved from elsewhere, from
    the next element that arrives. With several splits it counts for each from its own next element on.

    A move before a run counts for that run. At the end of a run it goes back to the beginning of time, so that the next
    one begins anew; pipelines that run at once need one each.

    >>> mark = ManualWatermark()
    >>> def time_of(event):
    ...     if event["kind"] == "day is over":
    ...         mark.advance_to(event["at"])
    ...     return event["at"]
    >>> stamp = WithTimestamps(time_of, watermark=mark)
    """

    moved_by_hand = True

    def __init__(self, *, idle_timeout: DurationTypes | None = None, max_drift: DurationTypes | None = None) -> None:
        super().__init__(idle_timeout=idle_timeout, max_drift=max_drift)
        self.watermark = MIN_MICROS

    def advance_to(self, timestamp: TimestampTypes) -> None:
        """Moves the watermark (seconds or `Timestamp`); it never goes back.

        Raises:
            PipelineError: If it would come beyond the end of time.
        """
        self.watermark = max(self.watermark, _mark(timestamp))

    def reset(self) -> None:
        """Takes it back to the beginning of time."""
        self.watermark = MIN_MICROS

    def current(self, state: EstimatorState) -> int:
        """Where the program has moved it, as of the last element."""
        return int(state)

    def observe(self, state: EstimatorState, value: Any, timestamp: int) -> EstimatorState:
        """Takes up where the program has moved it."""
        return max(state, self.watermark)


def require_estimator(watermark: object) -> None:
    """Refuses what is no estimator, where one may be given.

    Raises:
        PipelineError: If it is neither an estimator nor None.
    """
    if watermark is not None and not isinstance(watermark, WatermarkEstimator):
        msg = f"`watermark` must be an estimator, got {describe(watermark)}; write watermark=BoundedOutOfOrderness(10)"
        raise PipelineError(msg)


def _mark(given: TimestampTypes) -> int:
    micros = to_micros(given)
    if micros > MAX_MICROS:
        msg = f"the watermark {shorten(given)} lies beyond the end of time, {MAX_TIMESTAMP}; give it in seconds"
        raise PipelineError(msg)
    return micros


def _made(estimator: WatermarkEstimator, *arguments: str) -> str:
    """How an estimator is made: its first arguments, and the spans that are given."""
    spans = {name: getattr(estimator, name) for name in ("idle_timeout", "follow_clock", "max_drift")}
    given = [f"{name}={micros / MICROS_PER_SECOND}" for name, micros in spans.items() if micros is not None]
    return f"{type(estimator).__name__}({', '.join([*arguments, *given])})"


def _optional_span(name: str, value: DurationTypes | None) -> int | None:
    if value is None:
        return None
    micros = span_argument(name, value)
    if micros < 0:
        msg = f"`{name}` must not be negative, got {value!r}"
        raise PipelineError(msg)
    return micros
