"""A bundle is columns: elements travel in a struct of arrays, with no object around the single element."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from streamcore.model.pane import PANE_INFO_UNKNOWN, PaneInfo
from streamcore.model.window import BoundedWindow
from streamcore.model.windowed_value import WindowedValue
from streamcore.model.windowing import TimeWindowFn, WindowFn
from streamcore.timestamp import Timestamp

Windows: TypeAlias = tuple[BoundedWindow, ...]
WindowColumn: TypeAlias = list[Windows] | Windows | WindowFn


class Bundle:
    """Elements that travel together.

    A column that is the same for all elements is kept as one value. Columns are shared between bundles and never
    changed in place.

    Attributes:
        values: One per element.
        timestamps: Event times in microseconds, a list or one for all.
        windows: A list of tuples, one tuple for all, or the window function whose windows follow from `timestamps`.
        pane: A list, or one for all.
        watermarks: The watermark just before each element, where a later step needs to know it so finely; else None,
            and the watermark is the same for the whole bundle.
        split: Name of the source split the elements come from, up to the first shuffle or Flatten.
        bounds: Two times between which all timestamps lie, both included, where somebody has looked; else None.
    """

    __slots__ = ("bounds", "pane", "split", "timestamps", "values", "watermarks", "windows")

    def __init__(
        self,
        values: list[Any],
        timestamps: list[int] | int,
        windows: WindowColumn,
        pane: PaneInfo | list[PaneInfo] = PANE_INFO_UNKNOWN,
        split: str | None = None,
        watermarks: list[int] | None = None,
        bounds: tuple[int, int] | None = None,
    ) -> None:
        self.values = values
        self.timestamps = timestamps
        self.windows = windows
        self.pane = pane
        self.split = split
        self.watermarks = watermarks
        self.bounds = bounds

    def __len__(self) -> int:
        return len(self.values)

    def with_values(self, values: list[Any]) -> Bundle:
        """The same elements with other values, one for one."""
        return Bundle(values, self.timestamps, self.windows, self.pane, self.split, self.watermarks, self.bounds)

    def with_watermarks(self, watermarks: list[int]) -> Bundle:
        """The same elements, with the watermark before each."""
        return Bundle(self.values, self.timestamps, self.windows, self.pane, self.split, watermarks, self.bounds)

    def timestamp_list(self) -> list[int]:
        """The timestamps as a list."""
        stamps = self.timestamps
        return stamps if isinstance(stamps, list) else [stamps] * len(self.values)

    def window_list(self) -> list[Windows]:
        """The windows as a list; where they follow from the timestamps they are made here."""
        windows = self.windows
        if isinstance(windows, list):
            return windows
        if isinstance(windows, tuple):
            return [windows] * len(self.values)
        if not isinstance(windows, TimeWindowFn):
            moments = map(Timestamp.of_micros, self.timestamp_list())
            return [tuple(windows.assign(WindowFn.AssignContext(moment))) for moment in moments]
        if not isinstance(self.timestamps, list):
            return [windows.windows_at(self.timestamps)] * len(self.values)
        return list(map(windows.windows_at, self.timestamps))

    def pane_list(self) -> list[PaneInfo]:
        """The panes as a list."""
        return self.pane if isinstance(self.pane, list) else [self.pane] * len(self.values)

    def slice(self, start: int, stop: int) -> Bundle:
        """The elements from `start` up to `stop`."""
        stamps, windows, pane, marks = self.timestamps, self.windows, self.pane, self.watermarks
        return Bundle(
            self.values[start:stop],
            stamps[start:stop] if isinstance(stamps, list) else stamps,
            windows[start:stop] if isinstance(windows, list) else windows,
            pane[start:stop] if isinstance(pane, list) else pane,
            self.split,
            None if marks is None else marks[start:stop],
            self.bounds,
        )

    def windowed_values(self) -> Iterator[WindowedValue[Any]]:
        """The elements one by one, as user code knows them."""
        for value, stamp, windows, pane in zip(
            self.values, self.timestamp_list(), self.window_list(), self.pane_list(), strict=True
        ):
            yield WindowedValue(value, Timestamp.of_micros(stamp), windows, pane)
