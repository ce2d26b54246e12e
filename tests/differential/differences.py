"""Where Beam's Python runner is known to do something else than streamcore.

A rule repairs the panes of one key and window: it takes what both engines put out and gives back what they would have
put out without the difference. It is used only where the two do not agree, and changes as little as it can: what a
rule repairs is not tested any more. `docs/beam_differences.md` has the same rules for readers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

from tests.differential.cases import has_inside
from tests.differential.story import Meeting, Pane, Story, fresh, renumbered

WINDOWING = "org.apache.beam.sdk.transforms.windowing"
GUIDE = "programming guide, 9.5.1 Composite trigger types"


class Cell(NamedTuple):
    """The panes of one key and window, by both engines."""

    story: Story
    ours: list[Pane]
    beam: list[Pane]

    def agree(self) -> bool:
        return self.ours == self.beam


@dataclasses.dataclass(frozen=True)
class Rule:
    """One known difference.

    Attributes:
        name: What Beam's Python runner does.
        quote: What Beam's documentation says; or, where it leaves a choice, what ours is.
        source: Where that stands.
        repair: Gives both sides without the difference.
    """

    name: str
    quote: str
    source: str
    repair: Callable[[Cell], Cell]


def _global_end(cell: Cell) -> Cell:
    if cell.story.kind != "global":
        return cell
    end = cell.story.end
    return cell._replace(beam=[p | {"timestamp": end} if p["timestamp"] == end - 1 else p for p in cell.beam])


def _last_pane(cell: Cell) -> Cell:
    """Only where both have the pane, no other follows and ours says so."""
    if cell.ours and len(cell.ours) == len(cell.beam) and cell.ours[-1]["is_last"]:
        return cell._replace(beam=[*cell.beam[:-1], cell.beam[-1] | {"is_last": True}])
    return cell


def _nothing_new(cell: Cell) -> Cell:
    panes = cell.beam
    kept = [
        pane
        for index, pane in enumerate(panes)
        if pane["timing"] == "ON_TIME" or fresh(panes, index, cell.story.accumulates)
    ]
    return cell._replace(beam=renumbered(kept)) if len(kept) < len(panes) else cell


def _clock_after_end(cell: Cell) -> Cell:
    """Early panes that the clock put out after the end of the window; ours tell which."""
    story = cell.story
    if "AfterProcessingTime" not in story.triggers or not story.clock_moves(story.ended):
        return cell
    beam = [
        other | {"timing": "LATE"} if pane["timing"] == "LATE" and other["timing"] == "EARLY" else other
        for pane, other in zip(cell.ours, cell.beam, strict=False)
    ]
    return cell._replace(beam=renumbered([*beam, *cell.beam[len(beam) :]]))


def _life_after_expiry(cell: Cell) -> Cell:
    """From the first pane on that has an element that came when the window had expired."""
    for index, pane in enumerate(cell.beam):
        if any(value > cell.story.expired for value in pane["values"]):
            return cell._replace(beam=cell.beam[:index])
    return cell


def _closing_pane(cell: Cell) -> Cell:
    ours, beam = cell.ours, cell.beam
    if not ours or not ours[-1]["is_last"] or not fresh(ours, len(ours) - 1, cell.story.accumulates):
        return cell
    if (
        len(beam) == len(ours)
        and beam[-1]["values"] == ours[-1]["values"]
        and cell.story.clock_moves(cell.story.expired)
    ):
        beam = beam[:-1]  # the clock put out later what should have come out at the expiry
    return cell._replace(ours=ours[:-1], beam=beam) if len(beam) == len(ours) - 1 else cell


def _element_after_end(cell: Cell) -> Cell:
    """Early panes that an element put out which came after the end of the window."""
    beam = [
        other | {"timing": "LATE"}
        if pane["timing"] == "LATE" and other["timing"] == "EARLY" and max(other["values"]) > cell.story.ended
        else other
        for pane, other in zip(cell.ours, cell.beam, strict=False)
    ]
    return cell._replace(beam=renumbered([*beam, *cell.beam[len(beam) :]]))


def _late_stamp(cell: Cell) -> Cell:
    """Timestamps of panes that have an element which came behind the watermark."""
    if cell.story.case["combiner"] == "OUTPUT_AT_EOW" or len(cell.ours) != len(cell.beam):
        return cell
    beam = [
        other | {"timestamp": pane["timestamp"]} if any(map(cell.story.came_late, pane["values"])) else other
        for pane, other in zip(cell.ours, cell.beam, strict=True)
    ]
    return cell._replace(beam=beam)


def _no_timer(cell: Cell) -> Cell:
    """Empty on-time panes of a trigger that comes after another, or that has started anew."""
    panes, tree = cell.ours, cell.story.case["trigger"]
    anew = any(
        has_inside(tree, "Repeatedly", "AfterAny") and has_inside(tree, "AfterAny", waiting)
        for waiting in ("AfterWatermark", "DefaultTrigger")
    )
    waits = "AfterEach" in cell.story.triggers or anew
    if not waits or any(pane["timing"] == "ON_TIME" for pane in cell.beam):
        return cell
    kept = [
        pane
        for index, pane in enumerate(panes)
        if pane["timing"] != "ON_TIME" or fresh(panes, index, cell.story.accumulates)
    ]
    return cell._replace(ours=renumbered(kept)) if len(kept) < len(panes) else cell


def _clock_in_all(cell: Cell) -> Cell:
    return _given_up(cell, has_inside(cell.story.case["trigger"], "AfterAll", "AfterProcessingTime"))


def _clock_in_any(cell: Cell) -> Cell:
    return _given_up(cell, has_inside(cell.story.case["trigger"], "AfterAny", "AfterProcessingTime"))


def _session_after_expiry(cell: Cell) -> Cell:
    return _given_up(cell, any(it.session_end + it.lateness <= it.watermark for it in _meetings(cell)))


def _late_into_session(cell: Cell) -> Cell:
    return _given_up(cell, any(it.element_end + it.lateness <= it.watermark for it in _meetings(cell)))


def _session_goes_on(cell: Cell) -> Cell:
    tree = cell.story.case["trigger"]
    inside = any(has_inside(tree, kind, "AfterWatermark") for kind in ("AfterAll", "AfterAny", "AfterEach"))
    return _given_up(cell, inside and any(it.session_end <= it.watermark for it in _meetings(cell)))


def _meetings(cell: Cell) -> list[Meeting]:
    return list(cell.story.meetings()) if cell.story.kind == "sessions" else []


def _given_up(cell: Cell, condition: bool) -> Cell:
    """A cell of which nothing can be said."""
    return cell._replace(ours=[], beam=[]) if condition else cell


KNOWN_DIFFERENCES = [
    Rule(
        "the last moment of the global window is a microsecond before its maximum timestamp",
        "The maximum timestamp for the global window. Triggers use max_timestamp to set timers' timestamp.",
        "beam_runner_api.proto, GLOBAL_WINDOW_MAX_TIMESTAMP_MILLIS",
        _global_end,
    ),
    Rule(
        "panes come out that have nothing new and are neither on time nor the last one",
        "When the root trigger fires, output is produced based on the elements in the current pane.",
        f"{WINDOWING}.Window",
        _nothing_new,
    ),
    Rule(
        "AfterWatermark behind another trigger, or started anew, waits for an element before the watermark",
        "Always fire the on-time pane. Even if there is no new data since the previous firing, an element will be "
        "produced. This is the default behavior.",
        f"{WINDOWING}.Window.OnTimeBehavior.FIRE_ALWAYS",
        _no_timer,
    ),
    Rule(
        "panes that the clock puts out after the end of the window are early",
        "EARLY: Pane was fired before the input watermark had progressed after the end of the window.",
        f"{WINDOWING}.PaneInfo.Timing",
        _clock_after_end,
    ),
    Rule(
        "panes that an element puts out after the end of the window are early while the output watermark is held",
        "EARLY: Pane was fired before the input watermark had progressed after the end of the window.",
        f"{WINDOWING}.PaneInfo.Timing",
        _element_after_end,
    ),
    Rule(
        "an expired window keeps its state, takes the elements of one more moment and goes on",
        "Once no elements will be added to a window (because this duration has passed) any state associated with the "
        "window will be cleaned up.",
        f"{WINDOWING}.Window.withAllowedLateness",
        _life_after_expiry,
    ),
    Rule(
        "what a window still holds when it expires never comes out",
        "Only fire the last pane if there is new data since the previous firing. This is the default behavior.",
        f"{WINDOWING}.Window.ClosingBehavior.FIRE_IF_NON_EMPTY",
        _closing_pane,
    ),
    Rule(
        "the output watermark is held at all elements of a pane, and so late ones still count for its timestamp",
        "The target time for the aggregated output is shifted by the WindowFn and combined with a TimestampCombiner to "
        "determine where the output watermark is held.",
        "org.apache.beam.runners.core.WatermarkHold.addHolds",
        _late_stamp,
    ),
    Rule(
        "no pane is the last one unless its trigger has finished",
        "Return true if this is the last pane that will be produced in the associated window.",
        f"{WINDOWING}.PaneInfo.isLast",
        _last_pane,
    ),
    Rule(
        "AfterAll forgets that the time of an AfterProcessingTime has come",
        "AfterAll takes multiple triggers and emits when all of its argument triggers are satisfied.",
        GUIDE,
        _clock_in_all,
    ),
    Rule(
        "AfterAny fires with an AfterProcessingTime, but does not finish nor start it anew",
        "An AfterFirst trigger finishes after it fires once.",
        f"{WINDOWING}.Trigger",
        _clock_in_any,
    ),
    Rule(
        "a session that has expired goes on with new elements",
        "Once no elements will be added to a window (because this duration has passed) any state associated with the "
        "window will be cleaned up.",
        f"{WINDOWING}.Window.withAllowedLateness",
        _session_after_expiry,
    ),
]

CHOICES = [
    Rule(
        "an element is too late by the window of its own, though a session is open that it belongs to",
        "Whether an element comes too late is decided by the session that it becomes part of.",
        "docs/beam_differences.md",
        _late_into_session,
    ),
]

OPEN_QUESTIONS = [
    Rule(
        "AfterWatermark in another trigger fires again for a session that goes on after its end",
        "Only that of AfterWatermark by itself is active again here, not where another trigger has seen it finish.",
        "docs/beam_differences.md",
        _session_goes_on,
    ),
]
