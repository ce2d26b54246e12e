"""What a case does to one key and window."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

from streamcore.timestamp import MICROS_PER_SECOND
from tests.differential.cases import Case, triggers_in

Pane = dict[str, Any]


class Meeting(NamedTuple):
    """An element that comes into a session.

    Attributes:
        watermark: The watermark before it.
        lateness: The allowed lateness.
        session_end: The end of the session so far.
        element_end: The end of the element's own window.
    """

    watermark: float
    lateness: int
    session_end: int
    element_end: int


class Story:
    """What happens to a window, by the numbers of the events; an element's value is its number too.

    Attributes:
        case: The case.
        key: The key.
        start: Start of the window in microseconds.
        end: Its end in microseconds.
    """

    def __init__(self, case: Case, key: str, window: list[int]) -> None:
        self.case = case
        self.key = key
        self.start, self.end = window
        self.triggers = list(triggers_in(case["trigger"]))

    @property
    def kind(self) -> str:
        """The kind of window."""
        kind: str = self.case["window"]["kind"]
        return kind

    @property
    def accumulates(self) -> bool:
        """Whether a pane holds everything so far."""
        return bool(self.case["mode"] == "ACCUMULATING")

    @cached_property
    def ended(self) -> int:
        """The event at which the watermark reaches the end of the window; the number of events for the end of input."""
        return self._reached(self.end)

    @cached_property
    def expired(self) -> int:
        """The event at which the window expires."""
        return self._reached(self.end + self.case["lateness"] * MICROS_PER_SECOND)

    def clock_moves(self, start: int, stop: int | None = None) -> bool:
        """Whether processing time moves on between two events."""
        return any(kind == "clock" for kind, *_ in self.case["events"][start:stop])

    def came_late(self, number: int) -> bool:
        """Whether an element came behind the watermark."""
        return bool(self.case["events"][number][3] < self._watermark_before(number))

    def meetings(self) -> Iterator[Meeting]:
        """All times that an element of the key comes into a session that is there, in seconds."""
        gap = self.case["window"]["gap"]
        spans: list[tuple[int, int]] = []
        for number, (kind, *rest) in enumerate(self.case["events"]):
            if kind != "element" or rest[0] != self.key:
                continue
            start, watermark = rest[2], self._watermark_before(number)
            touched = [span for span in spans if span[0] < start + gap and start < span[1]]
            for span in touched:
                yield Meeting(watermark, self.case["lateness"], span[1], start + gap)
            spans = [span for span in spans if span not in touched]
            spans.append((min([start, *(a for a, _ in touched)]), max([start + gap, *(b for _, b in touched)])))

    def _watermark_before(self, number: int) -> float:
        marks = [rest[0] for kind, *rest in self.case["events"][:number] if kind == "watermark"]
        return marks[-1] if marks else float("-inf")

    def _reached(self, time: int) -> int:
        events = self.case["events"]
        for number, (kind, *rest) in enumerate(events):
            if kind == "watermark" and (self.case["base"] + rest[0]) * MICROS_PER_SECOND >= time:
                return number
        return len(events)


def fresh(panes: list[Pane], index: int, accumulates: bool) -> set[int]:
    """The elements of a pane that were not in the one before."""
    values = set(panes[index]["values"])
    return values - set(panes[index - 1]["values"]) if accumulates and index else values


def renumbered(panes: list[Pane]) -> list[Pane]:
    """The panes with the numbers that they have by themselves."""
    settled = 0
    result = []
    for index, pane in enumerate(panes):
        number = -1 if pane["timing"] == "EARLY" else settled
        settled += pane["timing"] != "EARLY"
        result.append(pane | {"index": index, "is_first": index == 0, "nonspeculative_index": number})
    return result
