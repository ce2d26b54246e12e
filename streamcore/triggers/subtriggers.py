"""What triggers made of other triggers share."""

from __future__ import annotations

from collections.abc import Iterable

from streamcore.errors import PipelineError, TransformTypeError, shorten
from streamcore.model.trigger import DataLossReason, Moment, Trigger


def checked(kind: str, trigger: Trigger) -> Trigger:
    """The trigger, which a user gave to a trigger of the given kind.

    Raises:
        TransformTypeError: If it is not a trigger.
    """
    if not isinstance(trigger, Trigger):
        hint = f"; write {trigger.__name__}(...)" if isinstance(trigger, type) and issubclass(trigger, Trigger) else ""
        msg = f"{kind} takes triggers, got {shorten(trigger)}{hint}"
        raise TransformTypeError(msg)
    return trigger


def checked_all(kind: str, triggers: tuple[Trigger, ...]) -> tuple[Trigger, ...]:
    """The triggers, which a user gave to a trigger of the given kind.

    Raises:
        PipelineError: If there are none.
        TransformTypeError: If one is not a trigger.
    """
    if not triggers:
        msg = f"{kind} needs at least one trigger, got none; write {kind}(AfterWatermark(), ...)"
        raise PipelineError(msg)
    return tuple(checked(kind, trigger) for trigger in triggers)


def may_finish(trigger: Trigger, allowed_lateness: int) -> bool:
    """Whether the trigger can finish while elements may still arrive."""
    return DataLossReason.MAY_FINISH in trigger.may_lose_data(allowed_lateness)


def loss(may: bool) -> DataLossReason:
    """The reason to name where a trigger may finish."""
    return DataLossReason.MAY_FINISH if may else DataLossReason.NO_POTENTIAL_LOSS


def first_true(trigger: Trigger, state: object, times: Iterable[int | None]) -> int | None:
    """The first of the given processing times at which the trigger fires if no element comes, or None.

    The window is taken as not ended. Where it would not fire then, the answer is that for a window that has ended.
    """
    candidates = sorted(time for time in times if time is not None)
    for ended in (False, True):
        for time in candidates:
            if trigger.should_fire(state, Moment(ended, time)):
                return time
    return None
