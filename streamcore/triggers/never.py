"""No pane before the window expires."""

from __future__ import annotations

from streamcore.model.trigger import Moment, Trigger, TriggerState


class Never(Trigger):
    """Never fires. What a window holds comes out when it expires, so that nothing is lost.

    >>> Never().should_fire(None, Moment(ended=True, now=0))
    False
    """

    def should_fire(self, state: TriggerState, moment: Moment) -> bool:
        """Not at all."""
        return False

    def on_fire(self, state: TriggerState, moment: Moment) -> tuple[TriggerState, bool]:
        """Not called, as it never fires; finished, as in Beam."""
        return state, True

    def __repr__(self) -> str:
        return "Never"
