"""A pane when the window is complete, as far as the watermark knows."""

from __future__ import annotations

from typing import Final

from streamcore.model.trigger import UNLIMITED, DataLossReason, Moment, Trigger, TriggerState
from streamcore.triggers.repeatedly import Repeatedly
from streamcore.triggers.subtriggers import checked


class AfterWatermark(Trigger):
    """Fires when the watermark passes the end of the window; before and after it, whenever `early` and `late` do.

    Both are repeated. Without `late` the trigger is finished after the on-time pane, and late elements are lost: use
    `late=AfterCount(1)` to have a pane for each. The state is `(is_late, state of early or of late)`; it is late from
    the on-time pane on.

    Args:
        early: Fires before the end of the window.
        late: Fires after the on-time pane.

    Attributes:
        early: `early` as it runs, in a `Repeatedly`, or None.
        late: `late` as it runs, in a `Repeatedly`, or None.

    Raises:
        TransformTypeError: If `early` or `late` is neither a trigger nor None.

    >>> from streamcore.triggers import AfterCount
    >>> AfterWatermark(early=AfterCount(100)).early
    Repeatedly(AfterCount(100))
    """

    def __init__(self, early: Trigger | None = None, late: Trigger | None = None) -> None:
        self.early: Final = _repeated(early)
        self.late: Final = _repeated(late)

    def create(self) -> TriggerState:
        return False, _created(self.early)

    def on_elements(self, state: TriggerState, count: int, moment: Moment) -> TriggerState:
        is_late, inner = state
        active = self.late if is_late else self.early
        if active is None:
            return state
        return is_late, active.on_elements(inner, count, moment)

    def on_merge(self, states: list[TriggerState], moment: Moment) -> TriggerState:
        """Late only if the merged window has ended and all its parts had their on-time panes; early in all other cases.

        A session that a late element carries on past the watermark is not complete any more, so it gets another on-time
        pane at its new end. And where one of the parts never had its on-time pane, its elements wait for one: the
        merged window has it at once if it has ended. What the late trigger had counted in the other parts needs no
        memory then, as that pane holds those elements too. This is the rule of Beam's Java SDK; the Python SDK is late
        as soon as one part is.
        """
        if moment.ended and all(is_late for is_late, _ in states):
            return True, _merged(self.late, [inner for _, inner in states], moment)
        return False, _merged(self.early, [inner for is_late, inner in states if not is_late], moment)

    def should_fire(self, state: TriggerState, moment: Moment) -> bool:
        is_late, inner = state
        if is_late:
            return self.late is not None and self.late.should_fire(inner, moment)
        return moment.ended or (self.early is not None and self.early.should_fire(inner, moment))

    def on_fire(self, state: TriggerState, moment: Moment) -> tuple[TriggerState, bool]:
        """Late from the on-time pane on, and finished if nothing is to fire then."""
        is_late, inner = state
        if not is_late and moment.ended:
            return (True, _created(self.late)), self.late is None
        active = self.late if is_late else self.early
        if active is None:
            return state, is_late
        inner, finished = active.on_fire(inner, moment)
        return (is_late, inner), finished

    def quiet(self, state: TriggerState, moment: Moment) -> int:
        is_late, inner = state
        if moment.ended and not is_late:
            return 0
        active = self.late if is_late else self.early
        return UNLIMITED if active is None else active.quiet(inner, moment)

    def deadline(self, state: TriggerState) -> int | None:
        is_late, inner = state
        active = self.late if is_late else self.early
        return None if active is None else active.deadline(inner)

    def uses_clock(self) -> bool:
        return any(part is not None and part.uses_clock() for part in (self.early, self.late))

    def uses_watermark(self) -> bool:
        return True

    def may_lose_data(self, allowed_lateness: int) -> DataLossReason:
        """It finishes at the end of the window if there is no `late`, which matters where late elements are let in."""
        if allowed_lateness == 0:
            return DataLossReason.NO_POTENTIAL_LOSS
        return DataLossReason.MAY_FINISH if self.late is None else self.late.may_lose_data(allowed_lateness)

    def get_continuation_trigger(self) -> Trigger:
        return AfterWatermark(
            None if self.early is None else self.early.get_continuation_trigger(),
            None if self.late is None else self.late.get_continuation_trigger(),
        )

    def __repr__(self) -> str:
        named = (("early", self.early), ("late", self.late))
        return f"AfterWatermark({', '.join(f'{name}={it.underlying!r}' for name, it in named if it is not None)})"


def _repeated(trigger: Trigger | None) -> Repeatedly | None:
    if trigger is None or isinstance(trigger, Repeatedly):
        return trigger
    return Repeatedly(checked("AfterWatermark", trigger))


def _created(trigger: Trigger | None) -> TriggerState:
    return None if trigger is None else trigger.create()


def _merged(trigger: Trigger | None, states: list[TriggerState], moment: Moment) -> TriggerState:
    if trigger is None or not states:
        return _created(trigger)
    return trigger.on_merge(states, moment)
