"""A trigger until another one fires."""

from __future__ import annotations

from typing import Final

from streamcore.model.trigger import DataLossReason, Moment, Trigger, TriggerState, fires_at_end_only
from streamcore.triggers.never import Never
from streamcore.triggers.subtriggers import checked, first_true, loss, may_finish


class OrFinally(Trigger):
    """Fires when `main` or `until` does, and is finished when `main` has finished or `until` has fired.

    The state is `(state of main, state of until)`. What `until` remembers outlives the panes of `main`, so that
    `OrFinally(Repeatedly(AfterCount(2)), AfterCount(5))` fires at the second, fourth and fifth element.

    Args:
        main: Fires as often as it likes.
        until: Ends it, with a last pane.

    Raises:
        TransformTypeError: If `main` or `until` is not a trigger.

    >>> from streamcore.triggers import AfterCount, Repeatedly
    >>> OrFinally(Repeatedly(AfterCount(2)), AfterCount(5)).on_fire((1, 5), Moment(ended=False, now=0))
    ((1, 0), True)
    """

    def __init__(self, main: Trigger, until: Trigger) -> None:
        self.main: Final = checked("OrFinally", main)
        self.until: Final = checked("OrFinally", until)

    @property
    def triggers(self) -> tuple[Trigger, Trigger]:
        """`main` and `until`, under the name that they have in Beam."""
        return self.main, self.until

    def create(self) -> TriggerState:
        return self.main.create(), self.until.create()

    def on_elements(self, state: TriggerState, count: int, moment: Moment) -> TriggerState:
        main, until = state
        return self.main.on_elements(main, count, moment), self.until.on_elements(until, count, moment)

    def on_merge(self, states: list[TriggerState], moment: Moment) -> TriggerState:
        """Trigger by trigger."""
        return (
            self.main.on_merge([main for main, _ in states], moment),
            self.until.on_merge([until for _, until in states], moment),
        )

    def should_fire(self, state: TriggerState, moment: Moment) -> bool:
        main, until = state
        return self.main.should_fire(main, moment) or self.until.should_fire(until, moment)

    def on_fire(self, state: TriggerState, moment: Moment) -> tuple[TriggerState, bool]:
        """Finishes if `until` fires, or `main` has finished."""
        main, until = state
        finished = ended = False
        if self.main.should_fire(main, moment):
            main, finished = self.main.on_fire(main, moment)
        if self.until.should_fire(until, moment):
            until, _ = self.until.on_fire(until, moment)
            ended = True
        return (main, until), finished or ended

    def quiet(self, state: TriggerState, moment: Moment) -> int:
        main, until = state
        return min(self.main.quiet(main, moment), self.until.quiet(until, moment))

    def deadline(self, state: TriggerState) -> int | None:
        main, until = state
        return first_true(self, state, (self.main.deadline(main), self.until.deadline(until)))

    def uses_clock(self) -> bool:
        return self.main.uses_clock() or self.until.uses_clock()

    def uses_watermark(self) -> bool:
        return self.main.uses_watermark() or self.until.uses_watermark()

    def may_lose_data(self, allowed_lateness: int) -> DataLossReason:
        """It finishes if `main` does or `until` fires, unless that is at the window's end and nothing is late."""
        at_end = allowed_lateness == 0 and fires_at_end_only(self.until)
        harmless = at_end or isinstance(self.until, Never)
        return loss(not harmless or may_finish(self.main, allowed_lateness))

    def get_continuation_trigger(self) -> Trigger:
        return OrFinally(self.main.get_continuation_trigger(), self.until.get_continuation_trigger())

    def __repr__(self) -> str:
        return f"OrFinally({self.main!r}, {self.until!r})"
