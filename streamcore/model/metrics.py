"""What a run has counted, step by step."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from streamcore.model.pane import PaneInfoTiming

MOST_NAMED: Final = 10


class StepMetrics(msgspec.Struct):
    """Counters of one step.

    Attributes:
        elements: Elements that came in.
        dropped_late: Element-window pairs dropped because the window had expired.
        dropped_closed: Element-window pairs dropped because the window's trigger had finished.
        panes_early: Panes that came out before the watermark passed the end of their window.
        panes_on_time: Panes that came out when it did.
        panes_late: Panes that came out after that.
    """

    elements: int = 0
    dropped_late: int = 0
    dropped_closed: int = 0
    panes_early: int = 0
    panes_on_time: int = 0
    panes_late: int = 0

    def count_panes(self, timing: PaneInfoTiming, count: int) -> None:
        """Adds panes of one timing."""
        if timing == PaneInfoTiming.EARLY:
            self.panes_early += count
        elif timing == PaneInfoTiming.ON_TIME:
            self.panes_on_time += count
        else:
            self.panes_late += count


class MetricResults(Mapping[str, StepMetrics]):
    """The counters of all steps by full label, and their sums.

    >>> results = MetricResults({"Sum": StepMetrics(elements=3, dropped_late=1)})
    >>> results["Sum"].elements, results.total("dropped_late")
    (3, 1)
    """

    def __init__(self, steps: Mapping[str, StepMetrics]) -> None:
        self._steps = steps

    def __getitem__(self, step: str) -> StepMetrics:
        if step not in self._steps:
            msg = f"no step is called {step!r}; there are {_closest_first(str(step), self._steps)}"
            raise KeyError(msg)
        return self._steps[step]

    def __iter__(self) -> Iterator[str]:
        return iter(self._steps)

    def __len__(self) -> int:
        return len(self._steps)

    def total(self, counter: str) -> int:
        """The sum of one counter over all steps."""
        return sum(getattr(step, counter) for step in self._steps.values())


def _closest_first(step: str, labels: Iterable[str]) -> str:
    """The labels of steps, those before all others that somebody may have meant."""
    ordered = sorted(labels, key=lambda label: difflib.SequenceMatcher(None, label, step).ratio(), reverse=True)
    named = ", ".join(map(repr, ordered[:MOST_NAMED]))
    return named if len(ordered) <= MOST_NAMED else f"{named} and {len(ordered) - MOST_NAMED} more"
