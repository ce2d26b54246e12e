"""Several triggers, all of them."""

from __future__ import annotations

from typing import Final

from streamcore.model.trigger import DataLossReason, Moment, Trigger, TriggerState
from streamcore.triggers.subtriggers import checked_all, first_true, loss, may_finish


class AfterAll(Trigger):
    """Fires when all the triggers do, and is finished when all have finished.

    A trigger that has finished counts as one that fires, so the others decide from then on. The state is a tuple:
    `(state,)` for each trigger that goes on and `()` for each that has finished.

    Args:
        *triggers: At least one trigger.

    Raises:
        PipelineError: If there is no trigger.
        TransformTypeError: If one is not a trigger.

    >>> from streamcore.triggers import AfterCount, AfterWatermark
    >>> trigger = AfterAll(AfterCount(1), AfterWatermark())
    >>> state = trigger.on_elements(trigger.create(), 1, Moment(ended=False, now=0))
    >>> trigger.should_fire(state, Moment(ended=False, now=0)), trigger.should_fire(state, Moment(ended=True, now=0))
    (False, True)
    """

    def __init__(self, *triggers: Trigger) -> None:
        self.triggers: Final = checked_all("AfterAll", triggers)

    def create(self) -> TriggerState:
        return tuple((trigger.create(),) for trigger in self.triggers)

    def on_elements(self, state: TriggerState, count: int, moment: Moment) -> TriggerState:
        return tuple(
            entry and (trigger.on_elements(entry[0], count, moment),)
            for trigger, entry in zip(self.triggers, state, strict=True)
        )

    def on_merge(self, states: list[TriggerState], moment: Moment) -> TriggerState:
        """Trigger by trigger; one has finished in the merged window if it had in all its parts.

        Where it had not in some, their elements still wait for it.
        """
        after = []
        for trigger, entries in zip(self.triggers, zip(*states, strict=True), strict=True):
            going = [entry[0] for entry in entries if entry]
            after.append((trigger.on_merge(going, moment),) if going else ())
        return tuple(after)

    def should_fire(self, state: TriggerState, moment: Moment) -> bool:
        return all(
            trigger.should_fire(entry[0], moment) for trigger, entry in zip(self.triggers, state, strict=True) if entry
        )

    def on_fire(self, state: TriggerState, moment: Moment) -> tuple[TriggerState, bool]:
        """Tells all that go on."""
        after: list[tuple[TriggerState, ...]] = []
        for trigger, entry in zip(self.triggers, state, strict=True):
            inner, finished = trigger.on_fire(entry[0], moment) if entry else (None, True)
            after.append(() if finished else (inner,))
        return tuple(after), not any(after)

    def quiet(self, state: TriggerState, moment: Moment) -> int:
        # Those that fire already wait for the others, and more elements do not change that.
        return min(
            (
                trigger.quiet(entry[0], moment)
                for trigger, entry in zip(self.triggers, state, strict=True)
                if entry and not trigger.should_fire(entry[0], moment)
            ),
            default=0,
        )

    def deadline(self, state: TriggerState) -> int | None:
        return first_true(
            self,
            state,
            (trigger.deadline(entry[0]) for trigger, entry in zip(self.triggers, state, strict=True) if entry),
        )

    def uses_clock(self) -> bool:
        return any(trigger.uses_clock() for trigger in self.triggers)

    def uses_watermark(self) -> bool:
        return any(trigger.uses_watermark() for trigger in self.triggers)

    def may_lose_data(self, allowed_lateness: int) -> DataLossReason:
        """It finishes when all the triggers have."""
        return loss(all(may_finish(trigger, allowed_lateness) for trigger in self.triggers))

    def get_continuation_trigger(self) -> Trigger:
        return AfterAll(*(trigger.get_continuation_trigger() for trigger in self.triggers))

    def __repr__(self) -> str:
        return f"AfterAll({', '.join(map(repr, self.triggers))})"
