"""The node where a source's batches come in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from streamcore.engine.core.estimate import EstimatorNode, is_estimated
from streamcore.engine.core.extent import check_times
from streamcore.engine.core.node import Node, Scheduler
from streamcore.engine.core.pace import BUNDLE_SIZE
from streamcore.engine.core.watermarks import SplitWatermarks
from streamcore.model.bundle import Bundle, WindowColumn
from streamcore.model.pane import PANE_INFO_UNKNOWN
from streamcore.model.source import Batch
from streamcore.timestamp import MAX_MICROS, MIN_MICROS


class SourceNode(Node):
    """Takes the batches of all splits of a source.

    Attributes:
        splits: The watermarks that the source itself gives.
        estimators: Where new watermarks start from this source's splits; set by the planner.
        bundle_size: The most elements of a bundle.
        one_by_one: As soon as the source has told a watermark, no bundle of more than one element makes no difference
            behind this; set by the planner.
    """

    kind = "source"

    def __init__(self, label: str, scheduler: Scheduler, windows: WindowColumn, bundle_size: int = BUNDLE_SIZE) -> None:
        super().__init__(label, scheduler)
        self.splits = SplitWatermarks()
        self.estimators: list[EstimatorNode] = []
        self.bundle_size = bundle_size
        self.one_by_one = False
        self._windows = windows

    def scalars(self) -> dict[str, Any]:
        """The splits, too."""
        return super().scalars() | {"splits": self.splits.snapshot()}

    def restore_scalars(self, scalars: dict[str, Any]) -> None:
        """Puts the splits back, too."""
        super().restore_scalars(scalars)
        self.splits.restore(scalars["splits"])

    def add_split(self, split: str) -> None:
        """A split that will be read."""
        self.splits.add(split)
        for estimator in self.estimators:
            estimator.splits.add(split)

    def take(self, split: str, batch: Batch[Any]) -> None:
        """Takes what one poll of a split brought."""
        self.scheduler.spawn(self._hand_on(split, batch))

    def end_split(self, split: str) -> None:
        """A split has ended."""
        self.scheduler.spawn(self._end(split))

    def end(self) -> None:
        """Nothing more will come from any split."""
        self.forward(MAX_MICROS)

    def is_ahead(self, split: str) -> bool:
        """Whether a split should not be polled before others have caught up."""
        return any(estimator.is_ahead(split) for estimator in self.estimators)

    def has_idle_timeout(self) -> bool:
        """Whether there is an estimator for which splits may become idle."""
        return any(estimator.estimator.idle_timeout is not None for estimator in self.estimators)

    def idle_timeouts(self, split: str) -> list[int]:
        """The idle timeouts of the estimators for which the split still counts, in microseconds."""
        return [
            estimator.estimator.idle_timeout
            for estimator in self.estimators
            if estimator.estimator.idle_timeout is not None and not estimator.splits.is_idle(split)
        ]

    def watermarks_of(self, split: str) -> list[int]:
        """How far a split is for each of the estimators."""
        return [estimator.splits.of(split) for estimator in self.estimators]

    def note_idle(self, split: str, waited: int) -> None:
        """A split was asked and has had nothing for so many microseconds."""
        for estimator in self.estimators:
            timeout = estimator.estimator.idle_timeout
            if timeout is not None and waited >= timeout and not estimator.splits.is_idle(split):
                estimator.idle(split)

    def note_active(self, split: str) -> None:
        """Nobody knows any more whether a split that was idle has something: it counts again."""
        self.splits.set_active(split)
        for estimator in self.estimators:
            estimator.splits.set_active(split)

    def _hand_on(self, split: str, batch: Batch[Any]) -> Iterator[None]:
        count, start = len(batch.values), 0
        self.metrics.elements += count
        whole = Bundle(batch.values, batch.timestamps, self._windows, PANE_INFO_UNKNOWN, split)
        if count and not is_estimated(self):
            check_times(self, whole, batch.timestamps)
        most = 1 if self.one_by_one and self.watermark > MIN_MICROS else self.bundle_size
        while start < count:
            stop = min(start + most, start + self.scheduler.intake.size, count)
            self.scheduler.note_bundle(self.scheduler.intake, stop - start)
            self.emit(whole if stop - start == count else whole.slice(start, stop))
            start = stop
            yield
        if batch.watermark is not None:
            self.forward(self.splits.update(split, batch.watermark))
            yield
        elif count:
            self.splits.update(split, self.splits.of(split))
        if batch.idle:
            self.forward(self.splits.set_idle(split))
            yield
            for estimator in self.estimators:
                estimator.idle(split)
                yield

    def _end(self, split: str) -> Iterator[None]:
        self.forward(self.splits.set_ended(split))
        yield
        for estimator in self.estimators:
            estimator.end(split)
            yield
