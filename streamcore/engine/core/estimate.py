"""The watermark that starts at an estimator, and the cuts that make bundles exact.

Every result must be what it would be if elements travelled one by one, each followed by its watermark. A bundle
travels whole only where that makes no difference: it is cut where an element comes behind a watermark that has passed a
window of it, and, for aggregations that care, where a timer falls due. So the watermark is the same for all elements of
a bundle as far as anybody can tell, and no step behind needs to know of the matter. How many elements a source gives at
once therefore changes nothing but speed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from streamcore.engine.core.extent import check_extent
from streamcore.engine.core.node import NEVER, Node, Scheduler
from streamcore.engine.core.reduce import ReduceNode
from streamcore.engine.core.watermarks import SplitWatermarks
from streamcore.model.bundle import Bundle
from streamcore.model.watermark import BoundedOutOfOrderness, EstimatorState, Punctuated, WatermarkEstimator
from streamcore.timestamp import MAX_MICROS, MIN_MICROS


class EstimatorNode(Node):
    """Starts a new watermark from the timestamps of the elements, one estimator for each split.

    Attributes:
        estimator: Tells the watermark.
        splits: The watermarks of the splits.
        reduces: The aggregations that this watermark reaches first, and others whose timers must be met; set by the
            planner.
        aligned: The nodes, this one among them, that must not run ahead of each other; set by the planner.
        one_by_one: No bundle of more than one element makes no difference behind this; set by the planner.
    """

    kind = "watermark"

    def __init__(self, label: str, scheduler: Scheduler, estimator: WatermarkEstimator) -> None:
        super().__init__(label, scheduler)
        self.estimator = estimator
        self.splits = SplitWatermarks()
        self.reduces: list[ReduceNode] = []
        self.aligned: list[EstimatorNode] = [self]
        self.one_by_one = False
        self._by_column = _by_column(estimator)
        self._states: dict[str | None, EstimatorState] = {}
        self._observed = 0

    def scalars(self) -> dict[str, Any]:
        """The splits and what the estimator remembers of each, too.

        How many bundles it has seen tells that a state has changed, also where that was changed in place.
        """
        states = [list(self._states), list(self._states.values())]
        return super().scalars() | {"splits": self.splits.snapshot(), "states": states, "observed": self._observed}

    def restore_scalars(self, scalars: dict[str, Any]) -> None:
        """Puts the splits and what the estimator remembers back, too."""
        super().restore_scalars(scalars)
        self.splits.restore(scalars["splits"])
        self._states = dict(zip(*scalars["states"], strict=True))
        self._observed = scalars["observed"]

    def push(self, bundle: Bundle) -> None:
        """Hands on the elements, in as few bundles as is exact, with the watermark behind each."""
        self.scheduler.spawn(self._hand_on(bundle))

    def advance(self, watermark: int) -> None:
        """Of the upstream watermark only the end of input counts."""
        if watermark >= MAX_MICROS:
            self.forward(watermark)

    def heard(self) -> int:
        """The end of input, or nothing: its own watermark says nothing of the one upstream."""
        return MAX_MICROS if self.watermark >= MAX_MICROS else MIN_MICROS

    def idle(self, split: str | None) -> None:
        """A split has had nothing for its idle timeout."""
        self.forward(self.splits.set_idle(split))
        self.advance_clock()

    def is_ahead(self, split: str | None) -> bool:
        """Whether a split is further ahead of the slowest one than the estimator allows."""
        drift = self.estimator.max_drift
        if drift is None:
            return False
        return self.splits.of(split) > min(node.splits.lowest() for node in self.aligned) + drift

    def end(self, split: str | None) -> None:
        """A split has ended."""
        self._states.pop(split, None)
        self.forward(self.splits.set_ended(split))

    def deadline(self) -> int:
        """When processing time will move the watermark past the next timer, if it is that which moves it."""
        lag = self.estimator.follow_clock
        if lag is None or not self.splits.all_idle():
            return NEVER
        timer = min((reduce.next_timer() for reduce in self.reduces), default=MAX_MICROS)
        return NEVER if timer == MAX_MICROS else max(timer + lag, self.scheduler.now + 1)

    def advance_clock(self) -> None:
        """While all splits are idle the watermark may follow processing time."""
        lag = self.estimator.follow_clock
        if lag is not None and self.splits.all_idle():
            self.forward(self.splits.raise_to(self.scheduler.now - lag))

    def _hand_on(self, bundle: Bundle) -> Iterator[None]:
        stamps = bundle.timestamp_list()
        bundle.bounds = span = (min(stamps), max(stamps))
        check_extent(self, bundle, stamps, *span)
        state = self._states.get(bundle.split)
        if state is None:
            state = self._create()
        before = self.watermark
        others = self.splits.others(bundle.split)
        marks = None
        if self._by_column is None:
            after, own, marks = self._observe_each(state, bundle, stamps, others)
        else:
            after = self._by_column.observe(state, None, span[1])  # the latest of them tells what all of them do
            own = self._by_column.current(after)
        self._states[bundle.split] = after
        self._observed += 1
        bundle.watermarks = None  # what a watermark upstream may have said ends here
        if not self._may_travel_whole(span[0], len(stamps), before, max(before, min(others, own))):
            yield from self._cut(bundle, stamps, marks or self._running(state, stamps, others))
        else:
            self.scheduler.note_bundle(self.scheduler.intake, len(stamps))
            self.emit(bundle)
            yield
        self.forward(self.splits.update(bundle.split, own))

    def _create(self) -> EstimatorState:
        try:
            return self.estimator.create()
        except Exception as error:
            raise self.life_cycle_failure(self.estimator, "create", error) from error

    def _observe_each(
        self, state: EstimatorState, bundle: Bundle, stamps: list[int], others: int
    ) -> tuple[EstimatorState, int, list[int]]:
        """The state after all elements, the highest watermark of the split, and the watermark after each element.

        Each is shown to the estimator only once: what is called may be user code, which may count.
        """
        estimator, mark, own = self.estimator, self.watermark, MIN_MICROS
        marks: list[int] = []
        try:
            for value, stamp in zip(bundle.values, stamps, strict=True):
                state = estimator.observe(state, value, stamp)
                own = max(own, estimator.current(state))
                mark = max(mark, min(others, own))
                marks.append(mark)
        except Exception as error:
            raise self.failure(bundle, len(marks), error, _observing(estimator)) from error
        return state, own, marks

    def _running(self, state: EstimatorState, stamps: list[int], others: int) -> list[int]:
        """The watermark after each element, where it follows from the timestamps."""
        assert self._by_column is not None
        before, marks = self.watermark, self._by_column.running(state, stamps)
        if marks[0] < before or marks[-1] > others:
            return [max(before, min(others, mark)) for mark in marks]
        return marks

    def _may_travel_whole(self, earliest: int, count: int, before: int, final: int) -> bool:
        if not self.reduces:
            return True
        if self.one_by_one:
            return count == 1
        if final <= before:
            return True
        for reduce in self.reduces:
            if reduce.wants_watermarks:
                return False
            if reduce.earliest_end(earliest) <= final or (reduce.timer_sensitive and reduce.next_timer() <= final):
                return False
        return True

    def _cut(self, bundle: Bundle, stamps: list[int], marks: list[int]) -> Iterator[None]:
        """Emits the elements in bundles within which no watermark and no timer makes a difference."""
        column = [self.watermark, *marks[:-1]]
        start = 0
        while start < len(stamps):
            stop = self._next_cut(stamps, marks, start)
            self.scheduler.note_bundle(self.scheduler.intake, stop - start)
            part = bundle if stop - start == len(stamps) else bundle.slice(start, stop)
            self.emit(part.with_watermarks(column[start:stop]))
            yield
            self.forward(marks[stop - 1])
            yield
            start = stop

    def _next_cut(self, stamps: list[int], marks: list[int], start: int) -> int:
        """The end of the longest exact bundle from `start` on."""
        if self.one_by_one:
            return start + 1
        cutting = [reduce for reduce in self.reduces if not reduce.wants_watermarks]
        if not cutting:
            return len(stamps)
        sensitive = [reduce for reduce in cutting if reduce.timer_sensitive]
        due = min((reduce.next_timer() for reduce in sensitive), default=MAX_MICROS)
        for position in range(start, len(stamps)):
            stamp = stamps[position]
            before = marks[position - 1] if position > start else stamp
            # No window ends before its elements, so most need no closer look.
            if stamp < before and min(reduce.earliest_end(stamp) for reduce in cutting) <= before:
                return position
            if sensitive and stamp < marks[-1]:
                due = min(due, min(reduce.earliest_end(stamp) for reduce in sensitive))
            if due <= marks[position]:
                return position + 1
        return len(stamps)


def is_estimated(node: Node) -> bool:
    """Whether all that a node hands on goes to estimators, which look at the times themselves."""
    behind = node.consumers[None]
    return bool(behind) and all(isinstance(consumer, EstimatorNode) for consumer in behind)


def _by_column(estimator: WatermarkEstimator) -> BoundedOutOfOrderness | None:
    """The estimator if it can be asked about many elements at once; a subclass may look at each in its own way."""
    kind = type(estimator)
    if not isinstance(estimator, BoundedOutOfOrderness) or kind.observe is not BoundedOutOfOrderness.observe:
        return None
    return estimator if kind.current is BoundedOutOfOrderness.current else None


def _observing(estimator: WatermarkEstimator) -> str:
    """What the user code of an estimator is called in errors."""
    return "the function of Punctuated" if isinstance(estimator, Punctuated) else f"{type(estimator).__name__}.observe"
