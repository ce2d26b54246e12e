"""Every element is a pane."""

from __future__ import annotations

from streamcore.model.trigger import Moment, Trigger, TriggerState


class Always(Trigger):
    """Fires at every element, and never finishes.

    >>> Always().should_fire(None, Moment(ended=False, now=0))
    True
    """

    def should_fire(self, state: TriggerState, moment: Moment) -> bool:
        """Whenever it is asked."""
        return True

    def on_fire(self, state: TriggerState, moment: Moment) -> tuple[TriggerState, bool]:
        """Goes on."""
        return state, False

    def quiet(self, state: TriggerState, moment: Moment) -> int:
        return 0

    def __repr__(self) -> str:
        return "Always"
