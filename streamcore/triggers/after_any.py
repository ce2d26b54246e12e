"""The first of several triggers."""

from __future__ import annotations

from typing import Final

from streamcore.model.trigger import DataLossReason, Moment, Trigger, TriggerState
from streamcore.triggers.subtriggers import checked_all, first_true, loss, may_finish


class AfterAny(Trigger):
    """Fires when any of the triggers does, and is finished when one that fired has finished.

    The state is the tuple of the triggers' states.

    Args:
        *triggers: At least one trigger.

    Raises:
        PipelineError: If there is no trigger.
        TransformTypeError: If one is not a trigger.

    >>> from streamcore.triggers import AfterCount, AfterProcessingTime
    >>> AfterAny(AfterCount(100), AfterProcessingTime(10)).create()
    (0, None)
    """

    def __init__(self, *triggers: Trigger) -> None:
        self.triggers: Final = checked_all("AfterAny", triggers)

    def create(self) -> TriggerState:
        return tuple(trigger.create() for trigger in self.triggers)

    def on_elements(self, state: TriggerState, count: int, moment: Moment) -> TriggerState:
        return tuple(
            trigger.on_elements(inner, count, moment) for trigger, inner in zip(self.triggers, state, strict=True)
        )

    def on_merge(self, states: list[TriggerState], moment: Moment) -> TriggerState:
        """Trigger by trigger."""
        return tuple(
            trigger.on_merge(list(inner), moment)
            for trigger, inner in zip(self.triggers, zip(*states, strict=True), strict=True)
        )

    def should_fire(self, state: TriggerState, moment: Moment) -> bool:
        return any(trigger.should_fire(inner, moment) for trigger, inner in zip(self.triggers, state, strict=True))

    def on_fire(self, state: TriggerState, moment: Moment) -> tuple[TriggerState, bool]:
        """Tells those that fire. The others go on as they are, as in Beam's Python SDK."""
        after = []
        any_finished = False
        for trigger, inner in zip(self.triggers, state, strict=True):
            if trigger.should_fire(inner, moment):
                inner, finished = trigger.on_fire(inner, moment)
                any_finished |= finished
            after.append(inner)
        return tuple(after), any_finished

    def quiet(self, state: TriggerState, moment: Moment) -> int:
        return min(trigger.quiet(inner, moment) for trigger, inner in zip(self.triggers, state, strict=True))

    def deadline(self, state: TriggerState) -> int | None:
        return first_true(
            self, state, (trigger.deadline(inner) for trigger, inner in zip(self.triggers, state, strict=True))
        )

    def uses_clock(self) -> bool:
        return any(trigger.uses_clock() for trigger in self.triggers)

    def uses_watermark(self) -> bool:
        return any(trigger.uses_watermark() for trigger in self.triggers)

    def may_lose_data(self, allowed_lateness: int) -> DataLossReason:
        """It finishes when any of the triggers does."""
        return loss(any(may_finish(trigger, allowed_lateness) for trigger in self.triggers))

    def get_continuation_trigger(self) -> Trigger:
        return AfterAny(*(trigger.get_continuation_trigger() for trigger in self.triggers))

    def __repr__(self) -> str:
        return f"AfterAny({', '.join(map(repr, self.triggers))})"
