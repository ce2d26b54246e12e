"""LogElements: what passes by, for somebody to look at."""

from __future__ import annotations

import logging
from typing import Any

from streamcore.graph.pipeline import require_pcollection
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import T
from streamcore.model.pane import PaneInfo
from streamcore.model.window import BoundedWindow
from streamcore.timestamp import Timestamp
from streamcore.transforms.dofn import DoFn
from streamcore.transforms.elementwise import Map

LOGGER = logging.getLogger("streamcore")


class LogElements(PTransform[Any, Any]):
    """Prints the elements, or logs them, and passes them on.

    Args:
        label: Label of the step.
        prefix: Text in front of each element.
        with_timestamp: Whether the timestamp is shown.
        with_window: Whether start and end of the window are shown.
        level: A level of the `logging` module; without one the elements are printed.
        with_pane_info: Whether the pane is shown.
        use_epoch_time: Whether times are shown as seconds since the epoch.

    >>> with Pipeline() as p:
    ...     _ = p | Create(["a"]) | LogElements(prefix="seen: ")
    seen: a
    """

    def __init__(
        self,
        label: str | None = None,
        prefix: str = "",
        with_timestamp: bool = False,
        with_window: bool = False,
        level: int | None = None,
        with_pane_info: bool = False,
        use_epoch_time: bool = False,
    ) -> None:
        super().__init__(label)
        self._prefix = prefix
        self._with_timestamp = with_timestamp
        self._with_window = with_window
        self._level = level
        self._with_pane_info = with_pane_info
        self._use_epoch_time = use_epoch_time

    def expand(self, pvalue: PCollection[T]) -> PCollection[T]:
        """The elements."""
        return require_pcollection(self, pvalue) | "Show" >> Map(self._show)

    def _show(
        self,
        element: Any,
        timestamp: Timestamp = DoFn.TimestampParam,
        window: BoundedWindow = DoFn.WindowParam,
        pane: PaneInfo = DoFn.PaneInfoParam,
    ) -> Any:
        line = f"{self._prefix}{element}"
        if self._with_timestamp:
            line += f", timestamp={self._time(timestamp)!r}"
        if self._with_window:
            line += f", window(start={self._time(window.start)}, end={self._time(window.end)})"
        if self._with_pane_info:
            line += f", pane_info={pane}"
        if self._level is None:
            print(line)  # noqa: T201  # what the step is for
        else:
            LOGGER.log(self._level, line)
        return element

    def _time(self, moment: Timestamp) -> str | int:
        return moment.seconds() if self._use_epoch_time else moment.to_rfc3339()
