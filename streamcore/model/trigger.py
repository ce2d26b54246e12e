"""The contract of a trigger: a stateless specification; what it remembers of a window lives in the window's cell.

The state a trigger keeps is plain immutable data (None, int, bool, tuples of these), so that the engine can store
and compare it. All questions are answered from that state and from the `Moment`; none of them changes anything.
"""

from __future__ import annotations

import abc
import enum
from typing import Any, Final, NamedTuple, TypeAlias

TriggerState: TypeAlias = Any

UNLIMITED: Final = 1 << 62


class Moment(NamedTuple):
    """What a trigger may know of the present.

    Attributes:
        ended: The input watermark has passed the end of the window.
        now: Processing time, in microseconds.
    """

    ended: bool
    now: int


_OPEN: Final = Moment(ended=False, now=0)


class DataLossReason(enum.Flag):
    """Why a trigger may leave elements of a window unfired."""

    NO_POTENTIAL_LOSS = 0
    MAY_FINISH = enum.auto()


class Trigger(abc.ABC):
    """Says when the pane of a window comes out.

    The engine calls `on_elements` after elements were added, asks `should_fire`, and on yes emits the pane and calls
    `on_fire`. Between two calls of `on_elements` up to `quiet` elements may be added at once: as many as cannot
    change the answer of `should_fire`.
    """

    def create(self) -> TriggerState:
        """The state for a window without elements."""
        return None

    def on_elements(self, state: TriggerState, count: int, moment: Moment, /) -> TriggerState:
        """The state after `count` more elements."""
        return state

    def on_merge(self, states: list[TriggerState], moment: Moment, /) -> TriggerState:
        """The state of the window that unites the windows of `states`."""
        return states[0]

    @abc.abstractmethod
    def should_fire(self, state: TriggerState, moment: Moment, /) -> bool:
        """Whether a pane is due now."""

    @abc.abstractmethod
    def on_fire(self, state: TriggerState, moment: Moment, /) -> tuple[TriggerState, bool]:
        """The state after a firing that `should_fire` asked for, and whether the trigger has finished."""

    def quiet(self, state: TriggerState, moment: Moment, /) -> int:
        """How many elements may be added before `on_elements` must be called, if no timer falls due."""
        return UNLIMITED

    def deadline(self, state: TriggerState, /) -> int | None:
        """The processing time at which `should_fire` may become true, or None."""
        return None

    def uses_watermark(self) -> bool:
        """Whether the end of the window plays a part, so that an on-time pane comes out."""
        return False

    def uses_clock(self) -> bool:
        """Whether processing time plays a part; if not, what the trigger does follows from its state alone."""
        return False

    def may_lose_data(self, allowed_lateness: int, /) -> DataLossReason:
        """Whether the trigger can finish while elements may still arrive (`allowed_lateness` in microseconds)."""
        return DataLossReason.NO_POTENTIAL_LOSS

    def get_continuation_trigger(self) -> Trigger:
        """The trigger of a second aggregation behind this one: what came out here should pass there quickly."""
        return self

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), repr(self)))


def fires_at_end_only(trigger: Trigger) -> bool:
    """Whether neither elements nor the clock can make a trigger fire before the end of its window, as far as it tells.

    What it does after the end is another question.

    >>> from streamcore.triggers import AfterCount, AfterWatermark
    >>> fires_at_end_only(AfterWatermark(late=AfterCount(1))), fires_at_end_only(AfterWatermark(early=AfterCount(5)))
    (True, False)
    """
    state = trigger.on_elements(trigger.create(), 1, _OPEN)
    return (
        trigger.uses_watermark()
        and not trigger.should_fire(state, _OPEN)
        and trigger.quiet(state, _OPEN) == UNLIMITED
        and trigger.deadline(state) is None
    )
