"""The trigger of every window for which none was chosen."""

from __future__ import annotations

from streamcore.model.trigger import UNLIMITED, Moment, Trigger, TriggerState


class DefaultTrigger(Trigger):
    """Fires when the watermark passes the end of the window, and then at every late element.

    The same as `Repeatedly(AfterWatermark())`.

    >>> DefaultTrigger().should_fire(None, Moment(ended=False, now=0))
    False
    """

    def should_fire(self, state: TriggerState, moment: Moment) -> bool:
        """Once the window has ended."""
        return moment.ended

    def on_fire(self, state: TriggerState, moment: Moment) -> tuple[TriggerState, bool]:
        """Goes on."""
        return state, False

    def quiet(self, state: TriggerState, moment: Moment) -> int:
        return 0 if moment.ended else UNLIMITED

    def uses_watermark(self) -> bool:
        return True

    def __repr__(self) -> str:
        return "DefaultTrigger()"
