"""Beam's `Windowing`, which is called otherwise than ours: most of it is optional, and lateness is in seconds."""

from __future__ import annotations

from streamcore.model.trigger import Trigger
from streamcore.model.windowing import AccumulationMode, TimestampCombiner, WindowFn, Windowing
from streamcore.timestamp import DurationTypes
from streamcore.transforms.window_into import WindowInto


def beam_windowing(
    windowfn: WindowFn,
    triggerfn: Trigger | None = None,
    accumulation_mode: AccumulationMode | None = None,
    timestamp_combiner: TimestampCombiner | None = None,
    allowed_lateness: DurationTypes = 0,
) -> Windowing:
    """A windowing strategy, by the arguments of Beam's `Windowing`.

    >>> from streamcore.compat.beam_windowing import beam_windowing
    >>> beam_windowing(FixedWindows(60), allowed_lateness=5).allowed_lateness
    5000000

    Raises:
        PipelineError: As `WindowInto` does.
    """
    return WindowInto(windowfn, triggerfn, accumulation_mode, timestamp_combiner, allowed_lateness).windowing
