"""The sources of a run: their splits, the tasks that read them, and how far they have come."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from streamcore.engine.awaitables import awaitable, result_of
from streamcore.engine.cancellation import check_cancelled
from streamcore.engine.core.ingress import SourceNode
from streamcore.engine.core.node import NEVER
from streamcore.engine.intake import Arrivals, SplitReading, find_starts, list_splits, open_split, position_of
from streamcore.engine.positions import Positions
from streamcore.engine.source_failures import naming_step
from streamcore.engine.source_results import check_new_splits
from streamcore.model.clock import Clock
from streamcore.model.source import Source

StartReading: TypeAlias = Callable[[Callable[[], Coroutine[Any, Any, None]]], None]


class Input:
    """One source.

    Args:
        node: Where its batches go.
        source: What is read.
        arrivals: Where batches wait.
        clock: The clock of the run.
        start_reading: Starts a task of the run.
        is_durable: Whether positions are kept.

    Attributes:
        positions: How far its splits have been processed.
        readings: The splits that have been opened.
    """

    def __init__(
        self,
        node: SourceNode,
        source: Source[Any],
        arrivals: Arrivals,
        clock: Clock,
        start_reading: StartReading,
        is_durable: bool,
    ) -> None:
        self.node = node
        self.source = source
        self.positions = Positions(node.label)
        self.readings: list[SplitReading] = []
        self._arrivals = arrivals
        self._clock = clock
        self._start_reading = start_reading
        self._is_durable = is_durable
        # The search for new splits counts as one that is open.
        self._open = 0

    async def find(self) -> None:
        """Finds the splits of a run that starts for the first time, and where they begin."""
        splits = await self._list()
        starts = await find_starts(self.node, self.source, splits)
        self.positions.begin()
        for split in splits:
            self.positions.note(split, starts.get(split))

    async def open(self) -> None:
        """Opens the splits that are known, at their positions, and those that have been added since."""
        if self.positions.is_new:
            await self.find()
        else:
            with naming_step(self.node.label, "open its source"):
                self.source.resume(self.positions.open_splits())
            for split in await self._list():
                if not self.positions.is_known(split):
                    self.positions.note(split, None)
        self._open = 1
        for split, position in self.positions.open_splits().items():
            self._open_split(split, position)
        self._start_reading(self._find_more)

    async def _list(self) -> Sequence[str]:
        with naming_step(self.node.label, "open its source"):
            self.source.attach_clock(self._clock)
        return await list_splits(self.node, self.source)

    async def _find_more(self) -> None:
        with naming_step(self.node.label, "look for new splits"):
            async for split in check_new_splits(self.source.new_splits(), self.node.label):
                check_cancelled()
                if not self.positions.is_known(split):
                    self.positions.note(split, None)
                    self._open_split(split, None)
        self._arrivals.put((self.node, None, None))

    def _open_split(self, split: str, position: Any) -> None:
        self.node.add_split(split)
        reader = open_split(self.node, self.source, split, position)
        reading = SplitReading(self.node, split, reader, self._arrivals, self._clock, self._is_durable)
        self.readings.append(reading)
        if self._is_durable:
            position_of(self.node, split, reader)
        self._open += 1
        self._start_reading(reading.run)
        self._arrivals.held.append(reading)
        self._arrivals.wake.set()

    def is_open(self) -> bool:
        """Whether more may come."""
        return self._open > 0

    def take(self, reading: SplitReading) -> None:
        """The last batch of a split goes to the core."""
        if self._is_durable:
            self.positions.note(reading.split, reading.position)

    async def tell_checkpoint(self, positions: Mapping[str, Any]) -> None:
        """Tells the source that a checkpoint with these positions holds."""
        with naming_step(self.node.label, "note a checkpoint"):
            await result_of(self.source.checkpointed(positions), "checkpointed")

    async def close(self) -> None:
        """Closes the source, after its readers."""
        with naming_step(self.node.label, "close its source"):
            await awaitable(self.source.close(), "close")

    def end(self, reading: SplitReading | None) -> None:
        """A split has ended, or the search for new ones."""
        self._open -= 1
        if reading is not None:
            self.positions.end(reading.split)


def next_idle(inputs: Iterable[Input]) -> int:
    """The processing time at which a split becomes idle next."""
    return min((reading.idle_at() for one in inputs for reading in one.readings), default=NEVER)
