"""Outputs of user code that are more than a value: with a timestamp, with windows, or for a tagged output."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from streamcore.engine.core.extent import OutsideTimeError, outside_time
from streamcore.engine.core.windows import assigning, windows_of
from streamcore.model.bundle import Bundle, Windows
from streamcore.model.pane import PaneInfo
from streamcore.model.windowed_value import WRAPPERS, TaggedOutput, TimestampedValue, WindowedValue
from streamcore.model.windowing import WindowFn
from streamcore.timestamp import MAX_MICROS, MIN_MICROS, Timestamp

Row = tuple[Any, int, Windows, PaneInfo]
Run = list[tuple[int, Row]]  # with the position of each in its bundle


def are_plain(outputs: list[Any]) -> bool:
    """Whether all outputs are just values."""
    kinds = list(map(type, outputs))
    # Nearly always all are of one type, and counting is the fastest way to see it.
    if kinds and kinds.count(kinds[0]) == len(kinds):
        return kinds[0] not in WRAPPERS
    return WRAPPERS.isdisjoint(kinds)


def moved_back(bundle: Bundle) -> int | None:
    """The position of the first output that is older than its element, if there is one.

    It is if its own timestamp is, or if one of its own windows ends before all of the element's.
    """
    for position, (value, timestamp) in enumerate(zip(bundle.values, bundle.timestamp_list(), strict=True)):
        if isinstance(value, TaggedOutput):
            value = value.value
        if isinstance(value, TimestampedValue | WindowedValue) and value.timestamp.micros < timestamp:
            return position
        if isinstance(value, WindowedValue):
            (windows,) = bundle.slice(position, position + 1).window_list()
            if windows and value.windows and _first_end(value.windows) < _first_end(windows):
                return position
    return None


def _first_end(windows: Windows) -> int:
    return min(window.end_micros for window in windows)


def unwrap(
    bundle: Bundle, windowfn: WindowFn, failed: Callable[[int, Exception, str | None], Exception]
) -> Iterator[tuple[str | None, Bundle]]:
    """One bundle for each run of outputs with the same tag, so that their order is kept.

    An output with a timestamp or windows of its own is in its windows once for each window of its element, as in Beam:
    calling user code once, or once for each window, because it asks for the window, comes to the same.

    Args:
        bundle: Outputs, with the columns of the elements they come from.
        windowfn: Assigns windows to those that have a timestamp of their own.
        failed: The error to raise for what was raised at a position in the bundle, in a method or in none.
    """
    run: Run = []
    present: str | None = None
    rows = zip(bundle.values, bundle.timestamp_list(), bundle.window_list(), bundle.pane_list(), strict=True)
    for position, row in enumerate(rows):
        try:
            tag, plain = _plain(row, windowfn)
        except OutsideTimeError as error:
            raise failed(position, error, None) from None
        except Exception as error:
            raise failed(position, error, assigning(windowfn)) from error
        if tag != present and run:
            yield present, _gather(run, bundle)
            run = []
        present = tag
        run.append((position, plain))
    if run:
        yield present, _gather(run, bundle)


def _plain(row: Row, windowfn: WindowFn) -> tuple[str | None, Row]:
    value, timestamp, windows, pane = row
    tag = None
    if isinstance(value, TaggedOutput):
        tag, value = value.tag, value.value
    if isinstance(value, TimestampedValue):
        timestamp = _micros_of(value)
        value = value.value
        own = windows_of(windowfn, WindowFn.AssignContext(Timestamp.of_micros(timestamp), value))
        windows = own * len(windows)
    elif isinstance(value, WindowedValue):
        windows = value.windows * len(windows)
        timestamp, pane, value = _micros_of(value), value.pane_info, value.value
    return tag, (value, timestamp, windows, pane)


def _micros_of(output: TimestampedValue[Any] | WindowedValue[Any]) -> int:
    micros = output.timestamp.micros
    if not MIN_MICROS <= micros <= MAX_MICROS:
        raise outside_time(micros)
    return micros


def _gather(run: Run, bundle: Bundle) -> Bundle:
    positions, rows = zip(*run, strict=True)
    values, stamps, windows, panes = map(list, zip(*rows, strict=True))
    marks = bundle.watermarks
    return Bundle(
        values,
        stamps,
        windows,
        panes,
        bundle.split,
        None if marks is None else [marks[position] for position in positions],
    )
