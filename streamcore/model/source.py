"""The contract of a source: splits that are polled for batches, with a position to go on from.

A source is written in some thirty lines::

    class Ticks(Source[int]):
        bounded = True

        def open(self, split: str, position: object) -> Reader[int]:
            return TicksReader(start=position or 0)


    class TicksReader(Reader[int]):
        def __init__(self, start: int) -> None:
            self.next = start

        async def poll(self, limit: int) -> Batch[int] | None:
            if self.next == 1000:
                return None
            values = list(range(self.next, min(self.next + limit, 1000)))
            self.next += len(values)
            return Batch(values, timestamps=[v * 1_000_000 for v in values], watermark=values[-1] * 1_000_000)

        def position(self) -> object:
            return self.next
"""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from streamcore.model.clock import Clock
from streamcore.timestamp import MIN_MICROS

T = TypeVar("T")


@dataclasses.dataclass(slots=True)
class Batch(Generic[T]):
    """What one poll of a split brought.

    Attributes:
        values: The elements, in the order of their arrival; empty if only the watermark moved.
        timestamps: Event times in microseconds, one per value, or one for all.
        watermark: After these elements none older than this (microseconds) is expected; None: it did not move.
        idle: The split was asked and had nothing: it stops counting for the watermark until its next element.
    """

    values: list[T]
    timestamps: list[int] | int = MIN_MICROS
    watermark: int | None = None
    idle: bool = False


class Reader(abc.ABC, Generic[T]):
    """Reads one split."""

    @abc.abstractmethod
    async def poll(self, limit: int, /) -> Batch[T] | None:
        """Waits until there is something and returns at most `limit` elements, or None at the end of the split.

        Never waits to fill a batch. Called again only when the previous batch has been processed whole; may be
        cancelled while it waits, and must then lose nothing.
        """

    def poll_nowait(self, limit: int, /) -> Batch[T] | None:
        """What `poll` would return, if that needs no waiting; None if it does, and at the end: then `poll` is called.

        For readers that often have the next batch at hand: a change of tasks costs as much as some ten elements.
        """
        return None

    async def drain(self, limit: int, /) -> Batch[T] | None:
        """At most `limit` of the elements that the reader has taken in and not yet given; None if there are none left.

        Called in place of `poll` when the run is drained, until it returns no elements; each time the previous batch
        has been processed whole. Takes in nothing more. Readers of what can be read again, such as files, need not
        care.
        """
        return None

    def position(self) -> object:
        """Where to go on after the last polled batch: plain data that `Source.open` takes back.

        Asked in runs with a state directory, before the first poll and after each one that brought something. None:
        the reader cannot tell, and such a run is refused.
        """
        return None

    def is_connected(self) -> bool:
        """Whether a poll that waits does so because the split has nothing; else the split is not idle."""
        return True

    def lag(self) -> int | None:
        """How many elements wait behind the last polled batch; None if that is not known. Must not wait."""
        return None

    async def close(self) -> None:
        """Frees what the reader holds; called once, also after an error."""


class Source(abc.ABC, Generic[T]):
    """Where a pipeline's elements come from.

    Attributes:
        bounded: Whether the source ends by itself.
        tells_watermark: Whether its batches may tell a watermark. A run warns of steps that wait for one that neither
            the source nor an estimator tells.
        clock: A clock that the source drives, as a replay does; None for the pipeline's clock.

    >>> class Countdown(Reader):
    ...     def __init__(self, start):
    ...         self.left = start
    ...
    ...     async def poll(self, limit):
    ...         values = list(range(self.left, 0, -1))[:limit]
    ...         self.left -= len(values)
    ...         return Batch(values) if values else None
    >>> class FromThree(Source):
    ...     bounded = True
    ...
    ...     def open(self, split, position):
    ...         return Countdown(3)
    >>> with Pipeline() as p:
    ...     _ = p | Read(FromThree()) | Map(print)
    3
    2
    1
    """

    bounded: bool = False
    tells_watermark: bool = True
    clock: Clock | None = None

    def for_run(self) -> Source[T]:
        """What one run reads; called first of all, once in each run, and the other methods on what it returns.

        A pipeline may run several times, also at once. So a source that keeps in itself what it opens returns a copy;
        one that hands all of it to its readers need not.
        """
        return self

    def attach_clock(self, clock: Clock, /) -> None:
        """Hands over the clock of the run; called before `splits`, for sources that tell the time or wait for it."""

    def resume(self, positions: Mapping[str, Any], /) -> None:
        """Hands over the positions that a checkpoint has kept of the splits that have not ended.

        Called before `splits` when a run goes on from a checkpoint, also if there are none. Splits that no checkpoint
        knows are read from their beginning. `splits` refuses a position from which it cannot go on.
        """

    async def splits(self) -> Sequence[str]:
        """Names of the parts that are read, and have a watermark, each for itself; called once at the start."""
        return ["all"]

    async def new_splits(self) -> AsyncIterator[str]:
        """Splits that are found while the pipeline runs; ends at once where there are never any."""
        return
        yield

    async def start_positions(self, splits: Sequence[str], /) -> Mapping[str, Any]:
        """Where splits begin that are there when a run starts for the first time, if that is not at their beginning.

        A run that goes on from a checkpoint does not ask again. So what depends on the moment, such as "latest", is
        told here as a position that means the same later.
        """
        return {}

    @abc.abstractmethod
    def open(self, split: str, position: Any, /) -> Reader[T]:
        """A reader of one split, from a position, or from the beginning if that is None."""

    async def checkpointed(self, positions: Mapping[str, Any], /) -> None:
        """A checkpoint holds, in which the splits are at these positions; None: not yet read.

        For telling others how far the run has come. It is called some time after the checkpoint was taken.
        """

    async def close(self) -> None:
        """Frees what the source holds, after its readers are closed."""
