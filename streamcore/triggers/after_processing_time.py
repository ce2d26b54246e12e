"""A pane some time after its first element came in."""

from __future__ import annotations

from typing import Final

from streamcore.errors import PipelineError, shorten
from streamcore.model.spans import span_argument
from streamcore.model.trigger import UNLIMITED, DataLossReason, Moment, Trigger, TriggerState
from streamcore.timestamp import MICROS_PER_SECOND, Duration, DurationTypes
from streamcore.triggers.always import Always


class AfterProcessingTime(Trigger):
    """Fires once, when the clock is `delay` past the moment the pane's first element came in, and is finished then.

    Wrap it in `Repeatedly` to fire again; the delay then starts with the first element after the last pane. The state
    is the time to fire at, or None before the first element.

    Args:
        delay: Seconds, a `Duration` or a `timedelta`. With 0 the pane is due at once.

    Raises:
        PipelineError: If `delay` is negative.
        TransformTypeError: If `delay` is not a span of time.

    >>> trigger = AfterProcessingTime(delay=10)
    >>> trigger.deadline(trigger.on_elements(trigger.create(), 1, Moment(ended=False, now=5_000_000)))
    15000000
    """

    def __init__(self, delay: DurationTypes = 0) -> None:
        micros = span_argument("delay", delay, "AfterProcessingTime")
        if micros < 0:
            msg = (
                f"`delay` of AfterProcessingTime must not be negative, got {shorten(delay)}; "
                "use 0 to fire as soon as an element is in"
            )
            raise PipelineError(msg)
        self.delay: Final = Duration.of_micros(micros)

    def on_elements(self, state: TriggerState, count: int, moment: Moment) -> TriggerState:
        """The first one starts the delay."""
        return moment.now + self.delay.micros if state is None else state

    def on_merge(self, states: list[TriggerState], moment: Moment) -> TriggerState:
        """The merged pane's first element is the first of all, so the earliest time counts."""
        return min((state for state in states if state is not None), default=None)

    def should_fire(self, state: TriggerState, moment: Moment) -> bool:
        """Once the time has come."""
        return state is not None and bool(state <= moment.now)

    def on_fire(self, state: TriggerState, moment: Moment) -> tuple[TriggerState, bool]:
        """Finishes."""
        return None, True

    def quiet(self, state: TriggerState, moment: Moment) -> int:
        # The first element sets the time, so none may come in unnoticed before it.
        return 0 if state is None or state <= moment.now else UNLIMITED

    def uses_clock(self) -> bool:
        return True

    def deadline(self, state: TriggerState) -> int | None:
        return None if state is None else int(state)

    def may_lose_data(self, allowed_lateness: int) -> DataLossReason:
        """It finishes."""
        return DataLossReason.MAY_FINISH

    def get_continuation_trigger(self) -> Trigger:
        """Every pane that comes in goes out: it has been delayed already.

        Beam has a trigger of its own for this, `_AfterSynchronizedProcessingTime`, which fires at every element.
        """
        return Always()

    def __repr__(self) -> str:
        seconds, rest = divmod(self.delay.micros, MICROS_PER_SECOND)
        return f"AfterProcessingTime(delay={float(self.delay) if rest else seconds})"
