"""Panes: a window's result may come out several times; `PaneInfo` tells which time this is."""

from __future__ import annotations

import dataclasses
import enum


class PaneInfoTiming(enum.IntEnum):
    """When a pane came out, compared with the watermark and the end of its window."""

    EARLY = 0
    ON_TIME = 1
    LATE = 2
    UNKNOWN = 3

    @classmethod
    def to_string(cls, value: int) -> str:
        """The name, as in Beam."""
        return cls(value).name


@dataclasses.dataclass(frozen=True, slots=True)
class PaneInfo:
    """Which firing of its window an element came out of.

    Attributes:
        is_first: This is the window's first pane.
        is_last: No pane follows.
        timing: Before, at or after the moment the watermark passed the end of the window.
        index: Number of this pane, from 0; starts again when windows merge.
        nonspeculative_index: Number among the panes that are not early, from 0; -1 for early panes.
    """

    is_first: bool
    is_last: bool
    timing: PaneInfoTiming
    index: int
    nonspeculative_index: int

    def __str__(self) -> str:
        """As Beam shows it."""
        return (
            f"PaneInfo(first: {self.is_first}, last: {self.is_last}, timing: {self.timing.name}, index: {self.index}, "
            f"nonspeculative_index: {self.nonspeculative_index})"
        )


PANE_INFO_UNKNOWN = PaneInfo(True, True, PaneInfoTiming.UNKNOWN, 0, 0)
ONLY_FIRING = PaneInfo(True, True, PaneInfoTiming.ON_TIME, 0, 0)
