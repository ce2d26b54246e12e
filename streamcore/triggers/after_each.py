"""One trigger after the other."""

from __future__ import annotations

from typing import Final

from streamcore.model.trigger import UNLIMITED, DataLossReason, Moment, Trigger, TriggerState
from streamcore.triggers.after_any import AfterAny
from streamcore.triggers.repeatedly import Repeatedly
from streamcore.triggers.subtriggers import checked_all, loss, may_finish


class AfterEach(Trigger):
    """Fires when the present trigger does, goes on to the next when that has finished, and is finished after the last.

    The state is `(number of the present trigger, its state)`.

    Args:
        *triggers: At least one trigger.

    Raises:
        PipelineError: If there is no trigger.
        TransformTypeError: If one is not a trigger.

    >>> from streamcore.triggers import AfterCount
    >>> AfterEach(AfterCount(1), AfterCount(10)).on_fire((0, 1), Moment(ended=False, now=0))
    ((1, 0), False)
    """

    def __init__(self, *triggers: Trigger) -> None:
        self.triggers: Final = checked_all("AfterEach", triggers)

    def create(self) -> TriggerState:
        return 0, self.triggers[0].create()

    def on_elements(self, state: TriggerState, count: int, moment: Moment) -> TriggerState:
        index, inner = state
        if index == len(self.triggers):
            return state
        return index, self.triggers[index].on_elements(inner, count, moment)

    def on_merge(self, states: list[TriggerState], moment: Moment) -> TriggerState:
        """At the trigger that the least advanced part is at.

        Its elements still wait for the triggers that the other parts have left behind, and for those to fire once more
        does no harm. Beam's Python SDK takes the most advanced part.
        """
        least = min(index for index, _ in states)
        if least == len(self.triggers):
            return least, None
        return least, self.triggers[least].on_merge([inner for index, inner in states if index == least], moment)

    def should_fire(self, state: TriggerState, moment: Moment) -> bool:
        index, inner = state
        return False if index == len(self.triggers) else self.triggers[index].should_fire(inner, moment)

    def on_fire(self, state: TriggerState, moment: Moment) -> tuple[TriggerState, bool]:
        """Goes on to the next trigger when the present one has finished."""
        index, inner = state
        inner, finished = self.triggers[index].on_fire(inner, moment)
        if not finished:
            return (index, inner), False
        index += 1
        if index == len(self.triggers):
            return (index, None), True
        return (index, self.triggers[index].create()), False

    def quiet(self, state: TriggerState, moment: Moment) -> int:
        index, inner = state
        return UNLIMITED if index == len(self.triggers) else self.triggers[index].quiet(inner, moment)

    def deadline(self, state: TriggerState) -> int | None:
        index, inner = state
        return None if index == len(self.triggers) else self.triggers[index].deadline(inner)

    def uses_clock(self) -> bool:
        return any(trigger.uses_clock() for trigger in self.triggers)

    def uses_watermark(self) -> bool:
        return any(trigger.uses_watermark() for trigger in self.triggers)

    def may_lose_data(self, allowed_lateness: int) -> DataLossReason:
        """It finishes if all the triggers do."""
        return loss(all(may_finish(trigger, allowed_lateness) for trigger in self.triggers))

    def get_continuation_trigger(self) -> Trigger:
        """Which of the triggers let a pane out is not known there, so any will do."""
        return Repeatedly(AfterAny(*(trigger.get_continuation_trigger() for trigger in self.triggers)))

    def __repr__(self) -> str:
        return f"AfterEach({', '.join(map(repr, self.triggers))})"
