"""Assignment of timestamps and windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from streamcore.engine.core.elementwise import check_count, one_window_each
from streamcore.engine.core.estimate import is_estimated
from streamcore.engine.core.extent import check_times
from streamcore.engine.core.node import Node, Scheduler
from streamcore.engine.core.windows import assigning, windows_of
from streamcore.errors import PipelineError, shorten
from streamcore.model.bundle import Bundle, WindowColumn, Windows
from streamcore.model.windowing import WindowFn
from streamcore.timestamp import MEANT_AS_UTC, Timestamp


class TimestampNode(Node):
    """Gives elements the event time that a function finds in them, and the windows that follow from it.

    Args:
        label: Full label of the step.
        scheduler: The engine's scheduler.
        fn: From element to time.
        micros_per_unit: How many microseconds a number that `fn` returns counts.
        windowfn: The windowing of the input.
        one_by_one: Hand elements on one by one, for a watermark that `fn` may move between two elements.
    """

    def __init__(
        self,
        label: str,
        scheduler: Scheduler,
        fn: Callable[[Any], Any],
        micros_per_unit: int,
        windowfn: WindowFn,
        one_by_one: bool,
    ) -> None:
        super().__init__(label, scheduler)
        self.fn = fn
        self._micros_per_unit = micros_per_unit
        self._windowfn = windowfn
        self.one_by_one = one_by_one

    def push(self, bundle: Bundle) -> None:
        """Assigns timestamps to a bundle."""
        if self.one_by_one and len(bundle.values) > 1:
            self.scheduler.spawn(self._single(bundle))
            return
        self.metrics.elements += len(bundle.values)
        times: list[Any] = []
        elements = iter(bundle.values)
        try:
            times.extend(map(self.fn, elements))
            check_count(bundle, len(times))
        except Exception as error:
            raise self.failure(bundle, self.position(bundle, elements), error) from error
        stamps = self.micros(bundle, times)
        if not is_estimated(self):
            check_times(self, bundle, stamps)
        windows = assign_windows(self, self._windowfn, bundle, stamps)
        self.emit(Bundle(bundle.values, stamps, windows, bundle.pane, bundle.split, bundle.watermarks))

    def _single(self, bundle: Bundle) -> Iterator[None]:
        for position in range(len(bundle.values)):
            self.push(bundle.slice(position, position + 1))
            yield

    def micros(self, bundle: Bundle, times: list[Any]) -> list[int]:
        """Microseconds of what the function returned for the elements of a bundle."""
        unit = self._micros_per_unit
        kinds = list(map(type, times))
        if kinds.count(int) == len(kinds):
            return times if unit == 1 else [time * unit for time in times]
        waiting = iter(times)
        try:
            if kinds.count(float) == len(kinds):
                return [round(time * unit) for time in waiting]
            return [_micros_of(time, unit) for time in waiting]
        except (TypeError, ValueError, ArithmeticError) as error:
            position = self.position(bundle, waiting)
            msg = f"the timestamp function returned {shorten(times[position])}; {_hint(times[position], error)}"
            raise self.failure(bundle, position, PipelineError(msg)) from None


def _micros_of(time: Any, micros_per_unit: int) -> int:
    if isinstance(time, Timestamp):
        return time.micros
    return Timestamp.of(time).micros if isinstance(time, datetime) else round(time * micros_per_unit)


def _hint(time: object, error: Exception) -> str:
    """What to return in place of what is no time."""
    if isinstance(error, ArithmeticError):
        return "such a time lies beyond the end of time; check the unit that the times are in"
    if isinstance(time, datetime):
        return f"it has no time zone; {MEANT_AS_UTC}"
    if isinstance(time, str):
        return "return a number or a Timestamp; of an ISO string, Timestamp.from_rfc3339(text)"
    return "return a number or a Timestamp"


class WindowNode(Node):
    """Assigns windows."""

    def __init__(self, label: str, scheduler: Scheduler, windowfn: WindowFn) -> None:
        super().__init__(label, scheduler)
        self.windowfn = windowfn

    def push(self, bundle: Bundle) -> None:
        """Assigns windows to a bundle; where they follow from the timestamps this costs nothing.

        An element that is in several windows is several elements from here on, as in Beam.
        """
        self.metrics.elements += len(bundle.values)
        if not (isinstance(bundle.windows, WindowFn) and bundle.windows.has_one_window):
            bundle = one_window_each(bundle)
        windows = assign_windows(self, self.windowfn, bundle, bundle.timestamps)
        marks, bounds = bundle.watermarks, bundle.bounds
        self.emit(Bundle(bundle.values, bundle.timestamps, windows, bundle.pane, bundle.split, marks, bounds))


def assign_windows(node: Node, windowfn: WindowFn, bundle: Bundle, stamps: list[int] | int) -> WindowColumn:
    """The window column of a bundle at the given timestamps.

    Args:
        node: The step that assigns.
        windowfn: The window kind.
        bundle: The elements, with the windows they have been in.
        stamps: The timestamps.

    Raises:
        UserCodeError: If the window function fails, or does not return windows.
    """
    if windowfn.follows_timestamp:
        return windowfn
    columns = Bundle(bundle.values, stamps, bundle.windows)
    windows: list[Windows] = []
    for value, stamp, present in zip(bundle.values, columns.timestamp_list(), bundle.window_list(), strict=True):
        context = WindowFn.AssignContext(Timestamp.of_micros(stamp), value, present[0] if present else None)
        try:
            windows.append(windows_of(windowfn, context))
        except Exception as error:
            raise node.failure(bundle, len(windows), error, assigning(windowfn)) from error
    return windows
