"""Aggregation where only the watermark fires and windows follow from the timestamp: fixed, sliding, calendar, global.

Elements are aggregated by span (a fixed window is one, a sliding window is made of several), and the spans of a window
are put together when it fires. There is one timer per window, however many keys it has.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from streamcore.engine.core.cell_log import CellDict, CellLog
from streamcore.engine.core.changes import Change
from streamcore.engine.core.kernels import compile_loop, first, merger, single_functions, update
from streamcore.engine.core.node import Scheduler
from streamcore.engine.core.pace import BUNDLE_SIZE
from streamcore.engine.core.reduce import Aggregation, ReduceNode
from streamcore.model.bundle import Bundle, Windows
from streamcore.model.pane import ONLY_FIRING
from streamcore.model.window import BoundedWindow
from streamcore.model.windowing import TimeWindowFn, Windowing
from streamcore.timestamp import MAX_MICROS, MIN_MICROS
from streamcore.transforms.combine_fn import Kernel

Cells = dict[Any, Any]

FREED_AT_ONCE: Final = 2048


class SpanReduce(ReduceNode):
    """Aggregates by span; every window has exactly one pane, on time."""

    kind = "spans"

    def __init__(self, label: str, scheduler: Scheduler, windowing: Windowing, aggregation: Aggregation) -> None:
        super().__init__(label, scheduler, windowing, aggregation)
        kernel = aggregation.kernel()
        assert isinstance(windowing.windowfn, TimeWindowFn)
        self._windowfn: TimeWindowFn = windowing.windowfn
        self._one_window = windowing.windowfn.has_one_window
        self._spans: dict[int, Cells] = {}
        self._open: dict[BoundedWindow, list[tuple[int | None, Cells]]] = {}
        # The last spans that were looked for; elements that come a little late go back and forth between two.
        self._recent: list[tuple[Cells, int, int]] = []
        self._opened = 0
        self._ends: list[tuple[int, int, BoundedWindow]] = []
        self._log = CellLog(_as_column, _of_column)
        self._add, self._add_alike = (_compile_keyed if aggregation.keyed else _compile_unkeyed)(kernel)
        self._merge = merger(kernel)
        self._empty = single_functions(kernel).create

    def earliest_end(self, timestamp: int) -> int:
        """The end of the first window at a moment."""
        windows = self._windowfn.windows_at(timestamp)
        return windows[0].end_micros if windows else timestamp + 1  # a bound for later moments, too

    def next_timer(self) -> int:
        """The end of the open window that ends first."""
        return self._ends[0][0] if self._ends else MAX_MICROS

    def push(self, bundle: Bundle) -> None:
        """Adds the elements to their spans."""
        self.metrics.elements += len(bundle.values)
        elements = iter(bundle.values)
        try:
            if bundle.windows is self._windowfn or bundle.windows == self._windowfn:
                self._add_by_time(elements, bundle)
            else:
                self._add_windowed(elements, bundle)
        except Exception as error:
            position = self.position(bundle, elements)
            raise self.element_failure(bundle, position, error) from error
        if self.tracks:
            self._note(bundle)
        self.emit_late()

    def _add_by_time(self, elements: Iterator[Any], bundle: Bundle) -> None:
        if bundle.bounds is not None:
            earliest, latest = bundle.bounds
            begin, end = self._windowfn.span_at(earliest)
            if latest < end and begin in self._spans and self.earliest_end(earliest) > self.input_watermark:
                self._add_alike(elements, self._spans[begin])
                return
        self._add(elements, bundle.timestamp_list(), self._find_span)

    def advance(self, watermark: int) -> None:
        """Fires the windows that have ended."""
        self.input_watermark = watermark
        if watermark >= MAX_MICROS or (self._ends and self._ends[0][0] <= watermark):
            self.scheduler.spawn(self._fire(watermark))
        else:
            self.forward(watermark)

    def _find_span(self, timestamp: int, pair: tuple[Any, Any]) -> tuple[Cells, int, int]:
        """The cells of the span around a moment, and the moments for which they hold."""
        for found in self._recent:
            if found[1] <= timestamp < found[2]:
                return found
        begin, end = self._windowfn.span_at(timestamp)
        windows = self._windowfn.windows_at(timestamp)
        if not windows:
            return {}, timestamp, timestamp
        if windows[0].end_micros <= self.input_watermark:
            live = tuple(window for window in windows if window.end_micros > self.input_watermark)
            self.drop_late(pair, timestamp, windows[: len(windows) - len(live)])
            # It holds for no other moment: every element that is late for a window is to be counted.
            return self._cells_of(begin, live) if live else {}, timestamp, timestamp
        found = self._cells_of(begin, windows), begin, end
        self._recent = [found, *self._recent[:3]]
        return found

    def _cells_of(self, begin: int, windows: Windows) -> Cells:
        """The cells of a span, which are a part of these windows."""
        cells = self._spans.get(begin)
        if cells is None:
            cells = self._spans[begin] = {}
            if self.tracks:
                self._log.open(begin, cells)
            for window in windows:
                self._open_window(window).append((begin, cells))
        return cells

    def _add_windowed(self, elements: Iterator[Any], bundle: Bundle) -> None:
        """Adds elements whose windows are given, and do not follow from their timestamps."""
        given = bundle.windows
        if isinstance(given, tuple) and len(given) == 1 and given[0].end_micros > self.input_watermark:
            self._add_alike(elements, self._own_cells(given[0]))
            return
        rows = zip(elements, bundle.timestamp_list(), bundle.window_list(), strict=True)
        for element, timestamp, windows in rows:
            for window in windows:
                if window.end_micros <= self.input_watermark:
                    self.drop_late(element if self.aggregation.keyed else (None, element), timestamp, (window,))
                else:
                    self._add_alike((element,), self._own_cells(window))

    def _own_cells(self, window: BoundedWindow) -> Cells:
        """The cells for elements that were given this window: those of its span, if it is the only window there.

        Else they belong to no span.
        """
        if self._is_span(window):
            return self._find_span(window.start.micros, (None, None))[0]
        parts = self._open_window(window)
        if not parts or parts[0][0] is not None:
            parts.insert(0, (None, {}))
            if self.tracks:
                self._log.open(window, parts[0][1])
        return parts[0][1]

    def _is_span(self, window: BoundedWindow) -> bool:
        return self._one_window and self._windowfn.windows_at(window.start.micros) == (window,)

    def _open_window(self, window: BoundedWindow) -> list[tuple[int | None, Cells]]:
        parts = self._open.get(window)
        if parts is None:
            parts = self._open[window] = []
            self._opened += 1
            heapq.heappush(self._ends, (window.end_micros, self._opened, window))
        return parts

    def _fire(self, watermark: int) -> Iterator[None]:
        while self._ends and self._ends[0][0] <= watermark:
            end, _, window = heapq.heappop(self._ends)
            if self.stepwise:
                self.forward(end - 1)
                yield
            yield from self._fire_window(window)
        if watermark >= MAX_MICROS:
            self.fire_default(self._empty, self._opened > 0)
            yield
        self.forward(watermark)

    def _fire_window(self, window: BoundedWindow) -> Iterator[None]:
        parts = self._open.pop(window)
        self._recent = []
        spent = self._take_spent(window, parts)
        totals = parts[0][1]
        if len(parts) > 1:
            parts.sort(key=_begin_of)
            totals = {}
            spent.append(totals)
            for _, cells in parts:
                yield from self._merge_in_pieces(totals, cells, window)
        for chunk in self.chunks(totals.items()):
            self.metrics.panes_on_time += len(chunk)
            results = self.results(chunk, window, keeps=not spent)
            self.emit(Bundle(results, window.end_micros - 1, (window,), ONLY_FIRING))
            yield
        del totals, parts
        while spent:
            yield from _free(spent.pop())

    def _take_spent(self, window: BoundedWindow, parts: list[tuple[int | None, Cells]]) -> list[Cells]:
        """The cells that no window after this one has a part in."""
        spent = []
        for begin, cells in parts:
            if begin is None:
                spent.append(cells)
            elif self._windowfn.windows_at(begin)[-1] == window:
                spent.append(self._spans.pop(begin))
            else:
                continue
            if self.tracks:
                self._log.close(window if begin is None else begin)
        return spent

    def _merge_in_pieces(self, totals: Cells, cells: Cells, window: BoundedWindow) -> Iterator[None]:
        pairs = iter(cells.items())
        while chunk := list(islice(pairs, BUNDLE_SIZE)):
            waiting = iter(chunk)
            try:
                self._merge(totals, waiting)
            except Exception as error:
                raise self.pair_failure(chunk, waiting, window, error) from error
            yield

    # Its state: the cells of spans, and of windows that are no spans. Windows and timers follow from them.

    def _note(self, bundle: Bundle) -> None:
        """Notes which cells the elements of a bundle have been added to."""
        keys = self.keys_of(bundle)
        windowfn = self._windowfn
        if bundle.windows == windowfn:
            self._log.touch_by_time(keys, bundle, windowfn, lambda time: windowfn.span_at(time)[:1])
            return
        for key, windows in zip(keys, bundle.window_list(), strict=True):
            for window in windows:
                name = windowfn.span_at(window.start.micros)[0] if self._is_span(window) else window
                self._log.touch(name, [key])

    def scalars(self) -> dict[str, Any]:
        """How many windows and dicts of cells there have been, too."""
        return super().scalars() | {"opened": self._opened, "counters": self._log.counters()}

    def restore_scalars(self, scalars: dict[str, Any]) -> None:
        """Puts the counters back, too."""
        super().restore_scalars(scalars)
        self._opened = scalars["opened"]
        self._log.restore_counters(scalars["counters"])

    def changes(self) -> Iterator[Change | None]:
        """The cells that have changed, too."""
        yield from self._log.changes()
        yield from super().changes()

    def restore_rows(self, change: Change) -> None:
        """Puts cells back."""
        self._log.restore(change)

    def resume(self) -> Iterator[None]:
        """Opens the spans and windows again, in the order in which they were opened at first."""
        opened, self._opened = self._opened, 0
        for _ in self._log.resume(self._adopt):
            yield
        self._opened = opened

    def _adopt(self, cells: CellDict) -> bool:
        name = cells.name
        if isinstance(name, int):
            live = [window for window in self._windowfn.windows_at(name) if window.end_micros > self.input_watermark]
            if live:
                self._spans[name] = cells.cells
            for window in live:
                self._open_window(window).append((name, cells.cells))
            return bool(live)
        assert isinstance(name, BoundedWindow)
        if name.end_micros <= self.input_watermark:
            return False
        self._open_window(name).insert(0, (None, cells.cells))
        return True


def _begin_of(part: tuple[int | None, Cells]) -> int:
    """What the parts of a window are put together by: in what order they were opened may follow from bundles."""
    return MIN_MICROS if part[0] is None else part[0]


def _as_column(cells: list[Any]) -> tuple[list[Any], ...]:
    return (cells,)


def _of_column(columns: tuple[list[Any], ...]) -> list[Any]:
    return columns[0]


def _free(cells: Cells) -> Iterator[None]:
    """Forgets cells in pieces: to free a million accumulators at once would hold up the event loop."""
    while len(cells) > FREED_AT_ONCE:
        for _ in range(FREED_AT_ONCE):
            cells.popitem()
        yield


def _compile_keyed(kernel: Kernel) -> tuple[Callable[..., None], Callable[..., None]]:
    """The loops that add pairs of key and value: to the cells that `find` gives for their times, or all to the same."""
    source = f"""
    def add_alike(pairs, cells):
        get = cells.get
        for k, v in pairs:
            a = get(k, ABSENT)
            if a is ABSENT:
                cells[k] = {first(kernel)}
            else:
                {update(kernel, "cells[k]")}

    def add_pairs(pairs, stamps, find):
        begin = end = 0
        for (k, v), t in zip(pairs, stamps):
            if not begin <= t < end:
                cells, begin, end = find(t, (k, v))
                get = cells.get
            a = get(k, ABSENT)
            if a is ABSENT:
                cells[k] = {first(kernel)}
            else:
                {update(kernel, "cells[k]")}

    def loops():
        return add_pairs, add_alike
    """
    loops: tuple[Callable[..., None], Callable[..., None]] = compile_loop(source, "loops", kernel)()
    return loops


def _compile_unkeyed(kernel: Kernel) -> tuple[Callable[..., None], Callable[..., None]]:
    """The same for values alone: the one cell is that of None, and is looked for only when the cells are others."""
    source = f"""
    def add_alike(values, cells):
        a = cells.get(None, ABSENT)
        for v in values:
            if a is ABSENT:
                a = {first(kernel)}
            else:
                {update(kernel, "a")}
        cells[None] = a

    def add_values(values, stamps, find):
        begin = end = 0
        for v, t in zip(values, stamps):
            if not begin <= t < end:
                cells, begin, end = find(t, (None, v))
            a = cells.get(None, ABSENT)
            if a is ABSENT:
                cells[None] = {first(kernel)}
            else:
                {update(kernel, "cells[None]")}

    def loops():
        return add_values, add_alike
    """
    loops: tuple[Callable[..., None], Callable[..., None]] = compile_loop(source, "loops", kernel)()
    return loops
