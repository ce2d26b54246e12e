"""A trigger again and again."""

from __future__ import annotations

from typing import Final

from streamcore.model.trigger import Moment, Trigger, TriggerState
from streamcore.triggers.subtriggers import checked


class Repeatedly(Trigger):
    """Fires whenever `underlying` does, and starts it anew when that has finished; never finishes itself.

    The state is that of `underlying`.

    Args:
        underlying: The trigger to repeat.

    Raises:
        TransformTypeError: If `underlying` is not a trigger.

    >>> from streamcore.triggers import AfterCount
    >>> Repeatedly(AfterCount(2)).on_fire(2, Moment(ended=False, now=0))
    (0, False)
    """

    def __init__(self, underlying: Trigger) -> None:
        self.underlying: Final = checked("Repeatedly", underlying)

    def create(self) -> TriggerState:
        return self.underlying.create()

    def on_elements(self, state: TriggerState, count: int, moment: Moment) -> TriggerState:
        return self.underlying.on_elements(state, count, moment)

    def on_merge(self, states: list[TriggerState], moment: Moment) -> TriggerState:
        return self.underlying.on_merge(states, moment)

    def should_fire(self, state: TriggerState, moment: Moment) -> bool:
        return self.underlying.should_fire(state, moment)

    def on_fire(self, state: TriggerState, moment: Moment) -> tuple[TriggerState, bool]:
        """Goes on, from the beginning where `underlying` has finished."""
        state, finished = self.underlying.on_fire(state, moment)
        return (self.underlying.create() if finished else state), False

    def quiet(self, state: TriggerState, moment: Moment) -> int:
        return self.underlying.quiet(state, moment)

    def deadline(self, state: TriggerState) -> int | None:
        return self.underlying.deadline(state)

    def uses_clock(self) -> bool:
        return self.underlying.uses_clock()

    def uses_watermark(self) -> bool:
        return self.underlying.uses_watermark()

    def get_continuation_trigger(self) -> Trigger:
        return Repeatedly(self.underlying.get_continuation_trigger())

    def __repr__(self) -> str:
        return f"Repeatedly({self.underlying!r})"
