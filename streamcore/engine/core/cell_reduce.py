"""Aggregation under any trigger: a cell for each key and window, in which the trigger is asked only when it matters.

What is here is the same whether windows merge or not: how elements get into cells, and when panes come out of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final

from streamcore.engine.core.cells import Cell, Panel, empty_cell
from streamcore.engine.core.deadlines import Deadlines
from streamcore.engine.core.endings import make_endings
from streamcore.engine.core.kernels import ABSENT, single_functions
from streamcore.engine.core.node import Scheduler
from streamcore.engine.core.pace import BUNDLE_SIZE
from streamcore.engine.core.panes import PaneColumns
from streamcore.engine.core.reduce import Aggregation, ReduceNode
from streamcore.engine.core.stamps import PaneStamps
from streamcore.engine.core.swept_heap import SweptHeap
from streamcore.model.bundle import Bundle, Windows
from streamcore.model.pane import PaneInfoTiming
from streamcore.model.trigger import Moment
from streamcore.model.window import BoundedWindow
from streamcore.model.windowing import (
    AccumulationMode,
    ClosingBehavior,
    OnTimeBehavior,
    TimestampCombiner,
    Windowing,
)
from streamcore.timestamp import MAX_MICROS
from streamcore.triggers import DefaultTrigger

END: Final = 0
EXPIRY: Final = 1

WITHOUT_EMPTY_ON_TIME: Final = (
    "write WindowInto(..., on_time_behavior=OnTimeBehavior.FIRE_IF_NON_EMPTY) to leave such panes out"
)
WITHOUT_EMPTY_LAST: Final = (
    "write WindowInto(..., closing_behavior=ClosingBehavior.FIRE_IF_NON_EMPTY) to leave such panes out"
)


class CellReduce(ReduceNode):
    """Aggregates in cells, under any trigger."""

    def __init__(self, label: str, scheduler: Scheduler, windowing: Windowing, aggregation: Aggregation) -> None:
        super().__init__(label, scheduler, windowing, aggregation)
        kernel = aggregation.kernel()
        self.trigger = windowing.triggerfn
        self.timer_sensitive = self.trigger != DefaultTrigger()
        # Nothing about a pane depends on the times of its elements.
        self.ends_alone = windowing.timestamp_combiner == TimestampCombiner.OUTPUT_AT_EOW
        # Behind the end of a window every element that is not too late may put a pane out.
        takes_late = windowing.allowed_lateness > 0
        self.order_sensitive = self.timer_sensitive or kernel.ordered or takes_late
        # Whether such a pane comes before or behind the watermark may follow from the element before it, by a hold.
        self.data_driven = self.timer_sensitive or (takes_late and not self.ends_alone)
        self.functions = single_functions(kernel)
        self.stamps = PaneStamps(windowing)
        self.timers: SweptHeap[tuple[int, int, int, Panel]] = SweptHeap(lambda timer: timer[3].is_open)
        self.deadlines = Deadlines()
        self._numbered = 0
        self._out = PaneColumns(self.metrics)
        self._endings = make_endings(windowing)
        self._keeps = windowing.accumulation_mode == AccumulationMode.ACCUMULATING

    # What the planner and the estimator ask.

    def next_timer(self) -> int:
        """When the next window ends or expires."""
        timer = self.timers.first()
        return MAX_MICROS if timer is None else timer[0]

    def deadline(self) -> int:
        """The next processing time at which a trigger is to be asked."""
        return self.deadlines.first()

    # Elements.

    def push(self, bundle: Bundle) -> None:
        """Adds the elements to their cells; those that make a trigger fire put a pane out."""
        self.metrics.elements += len(bundle.values)
        elements = iter(bundle.values)
        pairs = self.pairs(elements)
        try:
            self.add(pairs, bundle)
        except Exception as error:
            position = self.position(bundle, elements)
            raise self.element_failure(bundle, position, error) from error
        if self.tracks:
            self.note_elements(bundle)
        self.emit_late()
        self.emit_panes()
        self._forward_held()

    def add(self, pairs: Iterator[Any], bundle: Bundle) -> None:
        """Adds the pairs of key and value of a bundle to their cells."""
        rows = zip(pairs, bundle.timestamp_list(), bundle.window_list(), strict=True)
        for pair, timestamp, windows in rows:
            self.place_in(pair, timestamp, windows)

    def place_in(self, pair: tuple[Any, Any], timestamp: int, windows: Windows) -> None:
        """Adds one element to all of its windows."""
        raise NotImplementedError

    def has_expired(self, window: BoundedWindow) -> bool:
        """Whether the watermark has passed the end of a window and the allowed lateness."""
        return window.end_micros + self.windowing.allowed_lateness <= self.input_watermark

    def new_panel(self, window: BoundedWindow) -> Panel:
        """An empty panel with its timers set."""
        panel = Panel(window, window.end_micros, {}, ended=False, virgin=0)
        self.set_timers(panel)
        return panel

    def set_timers(self, panel: Panel) -> None:
        """Sets the timers of a panel, as the watermark stands."""
        panel.ended = panel.end <= self.input_watermark
        if not panel.ended:
            if self.ends_alone:
                panel.virgin = self.trigger.quiet(self.trigger.create(), self.moment(panel))
            self._set_timer(panel.end, END, panel)
        self._set_timer(panel.end + self.windowing.allowed_lateness, EXPIRY, panel)

    def _set_timer(self, time: int, kind: int, panel: Panel) -> None:
        self._numbered += 1
        # A window whose expiry lies beyond the end of time expires then.
        self.timers.push((min(time, MAX_MICROS), kind, self._numbered, panel))

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
        self.deadlines.set(panel, key, cell, deadline, self.scheduler.now)

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
        stamp = panel.end - 1 if cell.stamp is None else cell.stamp
        if cell.acc is ABSENT:
            by_end = timing == PaneInfoTiming.ON_TIME and self._may_be_empty(on_time=True, is_last=False)
            remedy = WITHOUT_EMPTY_ON_TIME if by_end else WITHOUT_EMPTY_LAST
            value = self.result_of_none(key, self.functions.create(), panel.window, remedy)
        else:
            (value,) = self.results([(key, cell.acc)], panel.window, self._keeps)
        self._out.add(value, stamp, (panel.window,), timing, cell.index, nonspeculative, is_last)
        cell.index += 1
        cell.fresh = 0
        cell.free = cell.quiet
        if cell.finished or not self._keeps:
            cell.acc = ABSENT

    def emit_panes(self) -> None:
        """Emits the panes that have been put out."""
        if len(self._out):
            self.emit(self._out.take())

    # Time.

    def advance(self, watermark: int) -> None:
        """Ends and expires windows."""
        if watermark >= MAX_MICROS or self.next_timer() <= watermark:
            self.scheduler.spawn(self._end_windows(watermark))
        else:
            self.input_watermark = watermark
            self._forward_held()

    def advance_clock(self) -> None:
        """Asks the triggers whose processing time has come."""
        if self.deadlines.first() <= self.scheduler.now:
            self.scheduler.spawn(self._meet_deadlines())

    def _end_windows(self, watermark: int) -> Iterator[None]:
        while len(self.timers) and self.next_timer() <= watermark:
            time, kind, _, panel = self.timers.pop()
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
            self.fire_default(self.functions.create, self._numbered > 0)
            yield
        self._forward_held()

    def _in_pieces(self, panel: Panel, visit: Callable[[Panel, list[tuple[Any, Cell]]], None]) -> Iterator[None]:
        panel.ended = True
        panel.virgin = 0
        for chunk in self.chunks(panel.cells.items()):
            visit(panel, chunk)
            if self.tracks:
                self.note_cells(panel, (key for key, _ in chunk))
            self.emit_panes()
            yield

    def _end_cells(self, panel: Panel, cells: list[tuple[Any, Cell]]) -> None:
        fired = None if self._endings is None else self._endings.fire(cells)
        if fired is not None:
            pairs, panes = fired
            results = self.results(pairs, panel.window, self._keeps)
            self._out.add_all(results, panel.end - 1, (panel.window,), panes)
            return
        for key, cell in cells:
            if not cell.finished:
                self._end_cell(panel, key, cell)

    def _expire_cells(self, panel: Panel, cells: list[tuple[Any, Cell]]) -> None:
        always = self.windowing.closing_behavior == ClosingBehavior.FIRE_ALWAYS
        for key, cell in cells:
            self.deadlines.drop(cell)
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
        """Forgets a window that has expired."""
        panel.is_open = False
        panel.cells = {}

    def _meet_deadlines(self) -> Iterator[None]:
        while self.deadlines.first() <= self.scheduler.now:
            self.scheduler.note_bundle(self.pace, self.pace.size)
            for _ in range(self.pace.size):
                if self.deadlines.first() > self.scheduler.now:
                    break
                due = self.deadlines.take()
                if due is not None:
                    self._meet_deadline(*due)
            self.emit_panes()
            yield
        self._forward_held()

    def _meet_deadline(self, panel: Panel, key: Any, cell: Cell) -> None:
        moment = self.moment(panel)
        self.catch_up(cell, moment)
        if self.trigger.should_fire(cell.state, moment):
            self._fire(panel, key, cell, by_watermark=False)
        self.rearm(panel, key, cell)
        if self.tracks:
            self.note_cells(panel, [key])

    # Its state: the cells. Timers, deadlines and holds follow from them.

    def note_elements(self, bundle: Bundle) -> None:
        """Notes which cells the elements of a bundle have been added to."""
        raise NotImplementedError

    def note_cells(self, panel: Panel, keys: Iterable[Any]) -> None:
        """Notes that cells have changed because of a timer."""
        raise NotImplementedError

    def scalars(self) -> dict[str, Any]:
        """How many timers there have been, too."""
        return super().scalars() | {"timers": self._numbered, "deadlines": self.deadlines.numbered}

    def restore_scalars(self, scalars: dict[str, Any]) -> None:
        """Puts the counters back, too."""
        super().restore_scalars(scalars)
        self._numbered = scalars["timers"]
        self.deadlines.numbered = scalars["deadlines"]
        self.stamps.watermark = self.watermark

    def resume(self) -> Iterator[None]:
        """Sets timers, deadlines and holds again, in the order in which they were set at first."""
        numbered, self._numbered = self._numbered, 0
        for panel in self.resume_panels():
            cells = iter(panel.cells.items())
            while chunk := list(islice(cells, BUNDLE_SIZE)):
                for key, cell in chunk:
                    self._resume_cell(panel, key, cell)
                yield
        self._numbered = numbered

    def resume_panels(self) -> Iterator[Panel]:
        """Opens the panels again, in the order in which they were opened at first."""
        raise NotImplementedError

    def _resume_cell(self, panel: Panel, key: Any, cell: Cell) -> None:
        self.stamps.restore(cell)
        deadline = None if cell.finished else self.trigger.deadline(cell.state)
        self.deadlines.restore(panel, key, cell, deadline, self.scheduler.now)
