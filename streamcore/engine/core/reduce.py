"""What all aggregations of the engine have in common, whatever they keep their cells in."""

from __future__ import annotations

from streamcore.engine.core.node import Node, Scheduler
from streamcore.errors import PipelineError, StreamcoreError
from streamcore.model.bundle import Bundle, Windows
from streamcore.model.pane import PANE_INFO_UNKNOWN
from streamcore.model.windowing import Windowing
from streamcore.timestamp import MAX_MICROS, MIN_MICROS
from streamcore.transforms.group import LATE


class ReduceNode(Node):
    """Unites the values of each key and window.

    Attributes:
        windowing: How its input is windowed.
        input_watermark: How far its input has come.
        timer_sensitive: Its result depends on which of two things comes first, an element or a timer. Where it is
            false, elements that are ahead of the watermark may come before timers that were due before them.
        wants_watermarks: It asks bundles for the watermark before each element.
        data_driven: It may put panes out because of an element, and not only because the watermark moved.
        order_sensitive: The order of elements of one key shows in its result.
        stepwise: Something behind it is timer-sensitive: it tells its consumers the watermark between any two firings.
    """

    timer_sensitive = False
    wants_watermarks = False
    data_driven = False
    order_sensitive = False

    def __init__(self, label: str, scheduler: Scheduler, windowing: Windowing) -> None:
        super().__init__(label, scheduler)
        self.windowing = windowing
        self.input_watermark = MIN_MICROS
        self.stepwise = False
        self._late: list[tuple[object, int, Windows]] = []

    def earliest_end(self, timestamp: int) -> int:
        """A bound: no event-time timer that an element of this timestamp sets is due before it."""
        return timestamp + 1

    def next_timer(self) -> int:
        """When the next event-time timer is due; `MAX_MICROS` if none is set."""
        return MAX_MICROS

    def drop_late(self, element: object, timestamp: int, windows: Windows) -> None:
        """Counts an element for windows that have expired, and keeps it for the late output."""
        self.metrics.dropped_late += len(windows)
        if self.consumers.get(LATE):
            self._late.append((element, timestamp, windows))

    def emit_late(self) -> None:
        """Hands on what `drop_late` has kept."""
        if self._late:
            values, stamps, windows = map(list, zip(*self._late, strict=True))
            self._late = []
            self.emit(Bundle(values, stamps, windows, PANE_INFO_UNKNOWN), LATE)

    def element_failure(self, bundle: Bundle, position: int, cause: Exception) -> StreamcoreError:
        """The error for an element that could not be aggregated."""
        if isinstance(cause, StreamcoreError):
            return cause
        element = bundle.values[position]
        if not isinstance(element, tuple | list) or len(element) != 2:
            cause = PipelineError("the step needs pairs (key, value); make them with Map(lambda x: (key, value)) or WithKeys")
        else:
            try:
                hash(element[0])
            except TypeError as error:
                cause = PipelineError(f"{error}; a key must be hashable, such as a str, a number or a tuple of these")
        return self.failure(bundle, position, cause)
