"""A pane of so many elements."""

from __future__ import annotations

from typing import Final

from streamcore.errors import PipelineError, shorten
from streamcore.model.trigger import DataLossReason, Moment, Trigger, TriggerState


class AfterCount(Trigger):
    """Fires once, at the element that makes the pane's elements `count` or more, and is finished then.

    Wrap it in `Repeatedly` to fire at every `count` elements. The state is the number of elements.

    Args:
        count: Elements in a pane.

    Raises:
        PipelineError: If `count` is not a positive integer.

    >>> trigger = AfterCount(3)
    >>> state = trigger.on_elements(trigger.create(), 2, Moment(ended=False, now=0))
    >>> trigger.should_fire(state, Moment(ended=False, now=0)), trigger.quiet(state, Moment(ended=False, now=0))
    (False, 0)
    """

    def __init__(self, count: int) -> None:
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            msg = (
                f"`count` of AfterCount must be a positive integer, got {shorten(count)}; "
                "use Always() to fire at every element"
            )
            raise PipelineError(msg)
        self.count: Final = count

    def create(self) -> TriggerState:
        return 0

    def on_elements(self, state: TriggerState, count: int, moment: Moment) -> TriggerState:
        """Counts them."""
        return state + count

    def on_merge(self, states: list[TriggerState], moment: Moment) -> TriggerState:
        """The merged window holds the elements of all."""
        return sum(states)

    def should_fire(self, state: TriggerState, moment: Moment) -> bool:
        """Once there are enough elements."""
        return bool(state >= self.count)

    def on_fire(self, state: TriggerState, moment: Moment) -> tuple[TriggerState, bool]:
        """Finishes."""
        return 0, True

    def quiet(self, state: TriggerState, moment: Moment) -> int:
        seen: int = state
        return max(self.count - 1 - seen, 0)

    def may_lose_data(self, allowed_lateness: int) -> DataLossReason:
        """It finishes."""
        return DataLossReason.MAY_FINISH

    def get_continuation_trigger(self) -> Trigger:
        """Every pane that comes in goes out: how many elements it had is not known there."""
        return AfterCount(1)

    def __repr__(self) -> str:
        return f"AfterCount({self.count})"
