"""Panes on their way out: the columns of the next bundle of an aggregation."""

from __future__ import annotations

import functools
from typing import Any

from streamcore.model.bundle import Bundle, Windows
from streamcore.model.metrics import StepMetrics
from streamcore.model.pane import PaneInfo, PaneInfoTiming

pane_info = functools.lru_cache(maxsize=4096)(PaneInfo)


class PaneColumns:
    """Gathers panes until they are emitted together.

    Args:
        metrics: Where panes are counted.
    """

    def __init__(self, metrics: StepMetrics) -> None:
        self._metrics = metrics
        self._clear()

    def __len__(self) -> int:
        return len(self._values)

    def add(
        self,
        value: Any,
        timestamp: int,
        windows: Windows,
        timing: PaneInfoTiming,
        index: int,
        nonspeculative_index: int,
        is_last: bool,
    ) -> None:
        """Adds one pane."""
        self._values.append(value)
        self._stamps.append(timestamp)
        self._windows.append(windows)
        self._panes.append(pane_info(index == 0, is_last, timing, index, nonspeculative_index))
        self._metrics.count_panes(timing, 1)

    def add_all(self, values: list[Any], timestamp: int, windows: Windows, panes: list[PaneInfo]) -> None:
        """Adds on-time panes of one window."""
        count = len(values)
        self._values += values
        self._stamps += [timestamp] * count
        self._windows += [windows] * count
        self._panes += panes
        self._metrics.count_panes(PaneInfoTiming.ON_TIME, count)

    def take(self) -> Bundle:
        """A bundle of the panes so far."""
        bundle = Bundle(self._values, self._stamps, self._windows, self._panes)
        self._clear()
        return bundle

    def _clear(self) -> None:
        self._values: list[Any] = []
        self._stamps: list[int] = []
        self._windows: list[Windows] = []
        self._panes: list[PaneInfo] = []
