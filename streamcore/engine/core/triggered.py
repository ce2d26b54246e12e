"""Aggregation under any trigger: a cell for each key and window, in which the trigger is asked only when it matters."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from streamcore.engine.core.assign import follows_timestamp
from streamcore.engine.core.cells import Cell, Panel, empty_cell
from streamcore.engine.core.endings import make_endings
from streamcore.engine.core.kernels import ABSENT, compile_loop, first, single_functions, update
from streamcore.engine.core.node import BUNDLE_SIZE, NEVER, Scheduler
from streamcore.engine.core.panes import PaneColumns
from streamcore.engine.core.reduce import Aggregation, ReduceNode
from streamcore.engine.core.stamps import PaneStamps
from streamcore.model.bundle import Bundle, Windows
from streamcore.model.pane import PaneInfoTiming
from streamcore.model.trigger import Moment, TriggerState
from streamcore.model.window import BoundedWindow, GlobalWindow
from streamcore.model.windowing import (
    AccumulationMode,
    ClosingBehavior,
    OnTimeBehavior,
    TimestampCombiner,
    TimeWindowFn,
    Windowing,
)
from streamcore.timestamp import MAX_MICROS
from streamcore.transforms.combine_fn import Kernel
from streamcore.triggers import DefaultTrigger

END: Final = 0
EXPIRY: Final = 1

Found = tuple[Panel, int, int]


class TriggeredReduce(ReduceNode):
    """Aggregates in cells, under any trigger, with windows that do not merge."""

    def __init__(self, label: str, scheduler: Scheduler, windowing: Windowing, aggregation: Aggregation) -> None:
        super().__init__(label, scheduler, windowing, aggregation)
        kernel = aggregation.kernel()
        self.trigger = windowing.triggerfn
        self.timer_sensitive = self.data_driven = self.trigger != DefaultTrigger()
        self.order_sensitive = self.data_driven or kernel.ordered
        self.functions = single_functions(kernel)
        self.stamps = PaneStamps(windowing)
        # Nothing about a pane depends on the times of its elements.
        self.ends_alone = windowing.timestamp_combiner == TimestampCombiner.OUTPUT_AT_EOW
        self._panels: dict[BoundedWindow, Panel] = {}
        self._timers: list[tuple[int, int, int, Panel]] = []
        self._deadlines: list[tuple[int, int, Panel, Any]] = []
        self._numbered = 0
        self._out = PaneColumns(self.metrics)
        self._endings = make_endings(windowing)
        self._add = _compile_add(kernel, windowing.timestamp_combiner, self.trigger.create())
        windowfn = windowing.windowfn
        self._assigned_by: TimeWindowFn | None = None
        if follows_timestamp(windowfn) and isinstance(windowfn, TimeWindowFn):
            self._assigned_by = windowfn

    # What the planner and the estimator ask.

    def earliest_end(self, timestamp: int) -> int:
        """The end of the first window at a moment, where nothing but the end of windows matters."""
        if self._assigned_by is None or not self.ends_alone:
            return timestamp + 1
        windows = self._assigned_by.windows_at(timestamp)
        return windows[0].end_micros if windows else timestamp + 1  # a bound for later moments, too

    def next_timer(self) -> int:
        """When the next window ends or expires."""
        return self._timers[0][0] if self._timers else MAX_MICROS

    def deadline(self) -> int:
        """The next processing time at which a trigger is to be asked."""
        return self._deadlines[0][0] if self._deadlines else NEVER

    # Elements.

    def push(self, bundle: Bundle) -> None:
        """Adds the elements to their cells; those that make a trigger fire put a pane out."""
        if not bundle.values:
            return
        self.metrics.elements += len(bundle.values)
        elements = iter(bundle.values)
        pairs = self.pairs(elements)
        try:
            if self._assigned_by is not None and bundle.windows == self._assigned_by:
                self._add(pairs, bundle.timestamp_list(), self._find_panel, self.place)
            else:
                rows = zip(pairs, bundle.timestamp_list(), bundle.window_list(), strict=True)
                for pair, timestamp, windows in rows:
                    self.place_in(pair, timestamp, windows)
        except Exception as error:
            position = self.position(bundle, elements)
            raise self.element_failure(bundle, position, error) from error
        self.emit_late()
        self.emit_panes()
        self._forward_held()

    def place_in(self, pair: tuple[Any, Any], timestamp: int, windows: Windows) -> None:
        """Adds one element to all of its windows."""
        key, value = pair
        for window in windows:
            if self.has_expired(window):
                self.drop_late(pair, timestamp, (window,))
            else:
                self.place(self._panels.get(window) or self._open_panel(window), key, value, timestamp)

    def has_expired(self, window: BoundedWindow) -> bool:
        """Whether the watermark has passed the end of a window and the allowed lateness."""
        return window.end_micros + self.windowing.allowed_lateness <= self.input_watermark

    def _find_panel(self, timestamp: int, pair: tuple[Any, Any]) -> Found | None:
        """The panel at a moment and the moments for which it holds, or None where the element has been dealt with."""
        assert self._assigned_by is not None
        windows = self._assigned_by.windows_at(timestamp)
        if len(windows) != 1 or self.has_expired(windows[0]):
            self.place_in(pair, timestamp, windows)
            return None
        panel = self._panels.get(windows[0]) or self._open_panel(windows[0])
        return (panel, *self._assigned_by.span_at(timestamp))

    def _open_panel(self, window: BoundedWindow) -> Panel:
        panel = self._panels[window] = self.new_panel(window)
        return panel

    def new_panel(self, window: BoundedWindow) -> Panel:
        """An empty panel with its timers set."""
        end = window.end_micros
        ended = end <= self.input_watermark
        virgin = self.trigger.quiet(self.trigger.create(), Moment(ended, self.scheduler.now)) if self.ends_alone else 0
        panel = Panel(window, end, {}, ended, virgin)
        if not ended:
            self._set_timer(end, END, panel)
        self._set_timer(end + self.windowing.allowed_lateness, EXPIRY, panel)
        return panel

    def _set_timer(self, time: int, kind: int, panel: Panel) -> None:
        self._numbered += 1
        # A window whose expiry lies beyond the end of time expires then.
        heapq.heappush(self._timers, (min(time, MAX_MICROS), kind, self._numbered, panel))

    def place(self, panel: Panel, key: Any, value: Any, timestamp: int) -> None:
        """Adds one element to its cell, and asks the trigger."""
        cell = panel.cells.get(key)
        if cell is None:
            cell = panel.cells[key] = empty_cell(self.trigger.create())
        elif cell.finished:
            self.metrics.dropped_closed += 1
            return
        moment = self.moment(panel)
        self.catch_up(cell, moment)
        cell.acc = self.functions.first(value) if cell.acc is ABSENT else self.functions.add(cell.acc, value)
        if self.stamps.has_released:  # by an element before this one in the bundle
            self.stamps.settle(self.input_watermark)
        self.stamps.take(panel, cell, timestamp)
        cell.state = self.trigger.on_elements(cell.state, 1, moment)
        cell.fresh += 1
        if self.trigger.should_fire(cell.state, moment):
            self._fire(panel, key, cell, by_watermark=False)
        self.rearm(panel, key, cell)

    def moment(self, panel: Panel) -> Moment:
        """What a trigger may know of the present in a window."""
        return Moment(panel.ended, self.scheduler.now)

    def catch_up(self, cell: Cell, moment: Moment) -> None:
        """Tells the trigger of the elements it has not been asked about."""
        count = cell.free - cell.quiet
        if count:
            cell.state = self.trigger.on_elements(cell.state, count, moment)
            cell.fresh += count
            cell.free = cell.quiet

    def rearm(self, panel: Panel, key: Any, cell: Cell) -> None:
        """Says when the trigger is to be asked again."""
        # A cell without elements takes its next one by the long way, which makes the accumulator.
        quiet = 0 if cell.finished or cell.acc is ABSENT else self.trigger.quiet(cell.state, self.moment(panel))
        cell.quiet = cell.free = quiet
        deadline = None if cell.finished else self.trigger.deadline(cell.state)
        # What the trigger says to the present moment it has just been asked: once more would add nothing, for ever.
        if deadline is not None and deadline != cell.deadline and deadline > self.scheduler.now:
            self._numbered += 1
            heapq.heappush(self._deadlines, (deadline, self._numbered, panel, key))
        cell.deadline = deadline

    def _forward_held(self) -> None:
        self.stamps.settle(self.input_watermark)
        self.forward(self.stamps.watermark)

    # Panes.

    def _fire(self, panel: Panel, key: Any, cell: Cell, by_watermark: bool) -> None:
        """Puts out the pane that the trigger asks for."""
        cell.state, finished = self.trigger.on_fire(cell.state, self.moment(panel))
        cell.finished = finished
        on_time = by_watermark and cell.nonspeculative_index == 0
        if not cell.is_empty() or self._may_be_empty(on_time, finished):
            self._put_out(panel, key, cell, by_watermark, is_last=finished or (by_watermark and self._closes_at_end()))
        if finished or panel.ended or not self.trigger.uses_watermark():
            # Until then the on-time pane, which may be empty, still needs the watermark held.
            cell.stamp = None
            self.stamps.release(cell)

    def _may_be_empty(self, on_time: bool, is_last: bool) -> bool:
        """Whether a pane comes out that has nothing new."""
        windowing = self.windowing
        return (on_time and windowing.on_time_behavior == OnTimeBehavior.FIRE_ALWAYS) or (
            is_last and windowing.closing_behavior == ClosingBehavior.FIRE_ALWAYS
        )

    def _closes_at_end(self) -> bool:
        return self.windowing.allowed_lateness == 0

    def _put_out(self, panel: Panel, key: Any, cell: Cell, by_watermark: bool, is_last: bool) -> None:
        timing, nonspeculative = PaneInfoTiming.EARLY, -1
        if panel.ended:
            nonspeculative = cell.nonspeculative_index
            timing = PaneInfoTiming.ON_TIME if by_watermark and nonspeculative == 0 else PaneInfoTiming.LATE
            cell.nonspeculative_index += 1
        acc = self.functions.create() if cell.acc is ABSENT else cell.acc
        stamp = panel.end - 1 if cell.stamp is None else cell.stamp
        (value,) = self.results([(key, acc)], panel.window)
        self._out.add(value, stamp, (panel.window,), timing, cell.index, nonspeculative, is_last)
        cell.index += 1
        cell.fresh = 0
        cell.free = cell.quiet
        if self.windowing.accumulation_mode == AccumulationMode.DISCARDING or cell.finished:
            cell.acc = ABSENT

    def emit_panes(self) -> None:
        """Emits the panes that have been put out."""
        if len(self._out):
            self.emit(self._out.take())

    # Time.

    def advance(self, watermark: int) -> None:
        """Ends and expires windows."""
        if watermark >= MAX_MICROS or (self._timers and self._timers[0][0] <= watermark):
            self.scheduler.spawn(self._end_windows(watermark))
        else:
            self.input_watermark = watermark
            self._forward_held()

    def advance_clock(self) -> None:
        """Asks the triggers whose processing time has come."""
        if self._deadlines and self._deadlines[0][0] <= self.scheduler.now:
            self.scheduler.spawn(self._meet_deadlines())

    def _end_windows(self, watermark: int) -> Iterator[None]:
        while self._timers and self._timers[0][0] <= watermark:
            time, kind, _, panel = heapq.heappop(self._timers)
            if not panel.is_open:
                continue
            if self.input_watermark < time - 1:
                self.input_watermark = time - 1
                if self.stepwise:
                    self._forward_held()
                    yield
            yield from self._in_pieces(panel, self._end_cells if kind == END else self._expire_cells)
            if kind == EXPIRY:
                self.close_panel(panel)
        self.input_watermark = watermark
        if watermark >= MAX_MICROS:
            self._fire_default()
            yield
        self._forward_held()

    def _in_pieces(self, panel: Panel, visit: Callable[[Panel, list[tuple[Any, Cell]]], None]) -> Iterator[None]:
        panel.ended = True
        panel.virgin = 0
        cells = iter(panel.cells.items())
        while chunk := list(islice(cells, BUNDLE_SIZE)):
            visit(panel, chunk)
            self.emit_panes()
            yield

    def _end_cells(self, panel: Panel, cells: list[tuple[Any, Cell]]) -> None:
        fired = None if self._endings is None else self._endings.fire(cells)
        if fired is not None:
            pairs, panes = fired
            self._out.add_all(self.results(pairs, panel.window), panel.end - 1, (panel.window,), panes)
            return
        for key, cell in cells:
            if not cell.finished:
                self._end_cell(panel, key, cell)

    def _expire_cells(self, panel: Panel, cells: list[tuple[Any, Cell]]) -> None:
        always = self.windowing.closing_behavior == ClosingBehavior.FIRE_ALWAYS
        for key, cell in cells:
            if not cell.finished and (always or not cell.is_empty() or cell.hold is not None):
                self._expire_cell(panel, key, cell, always)

    def _end_cell(self, panel: Panel, key: Any, cell: Cell) -> None:
        moment = self.moment(panel)
        self.catch_up(cell, Moment(False, moment.now))
        if self.trigger.uses_watermark() and self.trigger.should_fire(cell.state, moment):
            self._fire(panel, key, cell, by_watermark=True)
        elif not cell.is_empty() and cell.hold is None:
            self.stamps.hold_end(panel, cell)
        self.rearm(panel, key, cell)

    def _expire_cell(self, panel: Panel, key: Any, cell: Cell, always: bool) -> None:
        """Puts out the last pane of a cell, if there is anything new or an empty one was asked for."""
        self.catch_up(cell, self.moment(panel))
        # Where the window closes at its end, the on-time pane has been the last one.
        was_last = self._closes_at_end() and cell.nonspeculative_index > 0
        if not cell.is_empty() or (always and not was_last):
            # Where nothing held the watermark back, the output's has passed the end of the window.
            self._put_out(panel, key, cell, self._closes_at_end() or cell.hold is not None, is_last=True)
        self.stamps.release(cell)

    def close_panel(self, panel: Panel) -> None:
        """Forgets a window."""
        panel.is_open = False
        panel.cells = {}  # a deadline that is still to come keeps the panel
        del self._panels[panel.window]

    def _meet_deadlines(self) -> Iterator[None]:
        now = self.scheduler.now
        while self._deadlines and self._deadlines[0][0] <= now:
            for _ in range(BUNDLE_SIZE):
                if not self._deadlines or self._deadlines[0][0] > now:
                    break
                deadline, _, panel, key = heapq.heappop(self._deadlines)
                cell = panel.cells.get(key) if panel.is_open else None
                if cell is not None and cell.deadline == deadline:
                    self._meet_deadline(panel, key, cell)
            self.emit_panes()
            yield
        self._forward_held()

    def _meet_deadline(self, panel: Panel, key: Any, cell: Cell) -> None:
        moment = self.moment(panel)
        self.catch_up(cell, moment)
        if self.trigger.should_fire(cell.state, moment):
            self._fire(panel, key, cell, by_watermark=False)
        self.rearm(panel, key, cell)

    def _fire_default(self) -> None:
        """The pane of a global window that had no elements."""
        if self.aggregation.has_defaults and not self._numbered:
            window = GlobalWindow()
            on_time = PaneInfoTiming.ON_TIME
            (value,) = self.results([(None, self.functions.create())], window)
            self._out.add(value, window.end_micros - 1, (window,), on_time, 0, 0, is_last=True)
            self.emit_panes()


def _compile_add(kernel: Kernel, combiner: TimestampCombiner, initial: TriggerState) -> Callable[..., None]:
    """The loop that adds pairs of key and value, and calls `place` for those that the trigger has to hear of."""
    in_order = {
        TimestampCombiner.OUTPUT_AT_EOW: "True",
        TimestampCombiner.OUTPUT_AT_EARLIEST: "cell.stamp is not None and cell.stamp <= t",
        TimestampCombiner.OUTPUT_AT_LATEST: "cell.stamp is not None and cell.stamp >= t",
        TimestampCombiner.OUTPUT_AT_EARLIEST_TRANSFORMED: "False",
    }[combiner]
    source = f"""
    def add_pairs(pairs, stamps, find, place):
        begin = end = 0
        for (k, v), t in zip(pairs, stamps):
            if not begin <= t < end:
                found = find(t, (k, v))
                if found is None:
                    begin = end = 0
                    continue
                panel, begin, end = found
                cells = panel.cells
                get = cells.get
                virgin = panel.virgin
            cell = get(k)
            if cell is None:
                if virgin:
                    cells[k] = Cell({first(kernel)}, virgin - 1, virgin, initial)
                else:
                    place(panel, k, v, t)
            elif cell.quiet and {in_order}:
                a = cell.acc
                {update(kernel, "cell.acc")}
                cell.quiet -= 1
            else:
                place(panel, k, v, t)
    """
    return compile_loop(source, "add_pairs", kernel, Cell=Cell, initial=initial)
