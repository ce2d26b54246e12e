"""WindowInto: how elements are grouped in time, and when the results of a group come out."""

from __future__ import annotations

import dataclasses
import enum
from typing import Any, TypeVar

from streamcore.errors import PipelineError, describe
from streamcore.graph.pipeline import require_pcollection
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import T
from streamcore.model.spans import span_argument
from streamcore.model.trigger import Trigger
from streamcore.model.windowing import (
    AccumulationMode,
    ClosingBehavior,
    OnTimeBehavior,
    TimestampCombiner,
    WindowFn,
    Windowing,
)
from streamcore.timestamp import DurationTypes
from streamcore.triggers import DefaultTrigger

ChoiceT = TypeVar("ChoiceT", bound=enum.IntEnum)


class WindowInto(PTransform[Any, Any]):
    """Assigns windows, and says when the panes of the next aggregation come out.

    Args:
        windowfn: A window kind such as `FixedWindows(60)`, or the windowing of another PCollection,
            `other.windowing`, of which all stays that the further arguments do not say.
        trigger: When panes come out; by default when the watermark passes the end of the window, and for every late
            element after that.
        accumulation_mode: What a pane holds; needed where the trigger may fire more than once.
        timestamp_combiner: The timestamp of a pane; the end of its window by default.
        allowed_lateness: Seconds that a window stays open after its end.
        closing_behavior: Whether a last pane comes out when there is nothing new.
        on_time_behavior: Whether the on-time pane comes out when there is nothing new.

    >>> clicks = [TimestampedValue(("home", 1), second) for second in (10, 25, 70)]
    >>> with Pipeline() as p:
    ...     _ = p | Create(clicks) | WindowInto(FixedWindows(60)) | CombinePerKey(sum) | Map(print)
    ('home', 2)
    ('home', 1)
    """

    def __init__(
        self,
        windowfn: WindowFn | Windowing,
        trigger: Trigger | None = None,
        accumulation_mode: AccumulationMode | None = None,
        timestamp_combiner: TimestampCombiner | None = None,
        allowed_lateness: DurationTypes | None = None,
        *,
        closing_behavior: ClosingBehavior | None = None,
        on_time_behavior: OnTimeBehavior | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(windowfn, WindowFn | Windowing):
            hint = f"; write {windowfn.__name__}(...)" if isinstance(windowfn, type) else ""
            msg = f"WindowInto takes a window function such as FixedWindows(60), got {describe(windowfn)}{hint}"
            raise PipelineError(msg)
        if trigger is not None and not isinstance(trigger, Trigger):
            hint = f"; write {trigger.__name__}(...)" if isinstance(trigger, type) else ""
            msg = f"`trigger` must be a trigger such as AfterCount(10), got {describe(trigger)}{hint}"
            raise PipelineError(msg)
        if isinstance(windowfn, WindowFn):
            _require_mode(trigger, accumulation_mode)
            windowfn = Windowing(windowfn, DefaultTrigger())
        self.windowing = dataclasses.replace(
            windowfn,
            triggerfn=windowfn.triggerfn if trigger is None else trigger,
            accumulation_mode=_choice("accumulation_mode", accumulation_mode, windowfn.accumulation_mode),
            timestamp_combiner=_choice("timestamp_combiner", timestamp_combiner, windowfn.timestamp_combiner),
            allowed_lateness=windowfn.allowed_lateness if allowed_lateness is None else _lateness(allowed_lateness),
            closing_behavior=_choice("closing_behavior", closing_behavior, windowfn.closing_behavior),
            on_time_behavior=_choice("on_time_behavior", on_time_behavior, windowfn.on_time_behavior),
        )

    def expand(self, pvalue: PCollection[T]) -> PCollection[T]:
        """The same elements under another windowing."""
        pcoll = require_pcollection(self, pvalue)
        return PCollection(pcoll.pipeline, windowing=self.windowing, is_bounded=pcoll.is_bounded)


def _lateness(allowed_lateness: DurationTypes) -> int:
    micros = span_argument("allowed_lateness", allowed_lateness)
    if micros < 0:
        msg = f"`allowed_lateness` must not be negative, got {allowed_lateness}s; use 0 to drop late data"
        raise PipelineError(msg)
    return micros


def _choice(name: str, given: ChoiceT | None, otherwise: ChoiceT) -> ChoiceT:
    """The member of an enumeration that was given, if one was; as in Beam, its number will do."""
    kind = type(otherwise)
    if given is None:
        return otherwise
    if type(given) in (kind, int) and given in list(kind):
        return kind(given)
    *members, last = (f"{kind.__name__}.{member.name}" for member in kind)
    msg = f"`{name}` must be {', '.join(members)} or {last}, got {describe(given)}"
    raise PipelineError(msg)


def _require_mode(trigger: Trigger | None, mode: AccumulationMode | None) -> None:
    """Refuses a trigger that may fire more than once where nothing says what its panes hold."""
    if mode is None and trigger is not None and trigger != DefaultTrigger():
        msg = (
            f"trigger {trigger!r} may fire more than once, so say what each pane holds: "
            "accumulation_mode=AccumulationMode.DISCARDING (what is new) or .ACCUMULATING (everything so far)"
        )
        raise PipelineError(msg)
