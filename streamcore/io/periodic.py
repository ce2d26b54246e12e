"""PeriodicImpulse: elements by the clock."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from streamcore.engine.clock import WallClock
from streamcore.errors import PipelineError
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PBegin, PCollection
from streamcore.model.clock import Clock
from streamcore.model.source import Batch, Reader, Source
from streamcore.model.spans import moment_argument, span_argument
from streamcore.timestamp import MAX_MICROS, MAX_TIMESTAMP, MICROS_PER_SECOND, DurationTypes, Timestamp, TimestampTypes
from streamcore.transforms.read import Read
from streamcore.transforms.window_into import WindowInto
from streamcore.windowing import FixedWindows


class RebaseMode(enum.Enum):
    """Whether the times of a `PeriodicImpulse` are moved to when the run starts.

    Attributes:
        REBASE_NONE: They are as they were given.
        REBASE_ALL: The first element comes when the run starts, and the last one as much later as was given.
        REBASE_START: The first element comes when the run starts, the end is as it was given.
    """

    REBASE_NONE = 0
    REBASE_ALL = 1
    REBASE_START = 2


class PeriodicImpulse(PTransform[PBegin, PCollection[Any]]):
    """An element every `fire_interval`, each when the pipeline's clock has come to its timestamp.

    Those whose time lies in the past when the run starts come at once. The watermark is the time of the next element,
    or, where data tell their event times, the earliest one that is still to come.

    Args:
        start_timestamp: Time of the first element, in seconds since the epoch; None: when the run starts.
        stop_timestamp: Time at which no element comes any more.
        fire_interval: From one element to the next, in seconds.
        apply_windowing: Whether each element gets a window of its own: fixed windows of `fire_interval`.
        data: The elements, over and over again until `stop_timestamp`; without that once, as in Beam. None: the times
            in seconds since the epoch, which are whole numbers where `start_timestamp` and `fire_interval` are. Pairs
            of a `Timestamp` and an element give the event times themselves, and must be enough for the whole time.
        rebase: Whether start and stop are moved to when the run starts.

    >>> from streamcore.io import PeriodicImpulse
    >>> with Pipeline() as p:
    ...     _ = p | PeriodicImpulse(0, 30, 10, data=["tick", "tock"]) | Map(print)
    tick
    tock
    tick
    """

    def __init__(
        self,
        start_timestamp: TimestampTypes | None = None,
        stop_timestamp: TimestampTypes = MAX_TIMESTAMP,
        fire_interval: DurationTypes = 360.0,
        apply_windowing: bool = False,
        data: Sequence[Any] | None = None,
        rebase: RebaseMode = RebaseMode.REBASE_NONE,
    ) -> None:
        super().__init__()
        interval = span_argument("fire_interval", fire_interval)
        if interval <= 0:
            msg = f"`fire_interval` must be positive, got {fire_interval!r}"
            raise PipelineError(msg)
        if not isinstance(rebase, RebaseMode):
            msg = f"`rebase` must be a RebaseMode, got {rebase!r}; write RebaseMode.REBASE_START"
            raise PipelineError(msg)
        if data is not None and not data:
            msg = f"`data` must have at least one element, got {data!r}; give None for the timestamps themselves"
            raise PipelineError(msg)
        start = None if start_timestamp is None else moment_argument("start_timestamp", start_timestamp)
        stop = moment_argument("stop_timestamp", stop_timestamp)
        whole = isinstance(start_timestamp, int) and isinstance(fire_interval, int)
        self._schedule = Schedule(start, stop, interval, data, rebase, whole)
        self._schedule.check()
        self._interval = fire_interval
        self._apply_windowing = apply_windowing

    def expand(self, pvalue: PBegin) -> PCollection[Any]:
        """The elements."""
        elements: PCollection[Any] = pvalue | Read(PeriodicSource(self._schedule))
        return elements | WindowInto(FixedWindows(self._interval)) if self._apply_windowing else elements


@dataclasses.dataclass(frozen=True, slots=True)
class Timetable:
    """When the elements of a run come, and which; times in microseconds.

    Attributes:
        start: Time of the first.
        stop: Time at which no element comes any more.
        interval: From one to the next.
        data: The elements; None: the times in seconds.
        whole: Whether times in seconds are whole numbers.
    """

    start: int
    stop: int
    interval: int
    data: Sequence[Any] | None
    whole: bool

    def time_of(self, index: int) -> int:
        """When an element comes."""
        return self.start + index * self.interval

    def count(self) -> int:
        """How many elements there are in all."""
        return max(0, -((self.start - self.stop) // self.interval))

    def has_event_times(self) -> bool:
        """Whether the data tell their timestamps."""
        first = self.data[0] if self.data else None
        return isinstance(first, tuple) and len(first) == 2 and isinstance(first[0], Timestamp)

    def element(self, index: int) -> tuple[Any, int]:
        """An element and its event time."""
        time = self.time_of(index)
        if self.data is None:
            return time // MICROS_PER_SECOND if self.whole else time / MICROS_PER_SECOND, time
        value = self.data[index % len(self.data)]
        return (value[1], value[0].micros) if self.has_event_times() else (value, time)

    def watermarks(self) -> list[int]:
        """Before each element, where data tell their times: the earliest time that is still to come; else empty."""
        if self.data is None or not self.has_event_times():
            return []
        times = [stamp.micros for stamp, _ in self.data[: self.count()]]
        return [*accumulate(reversed(times), min)][::-1]


@dataclasses.dataclass(frozen=True, slots=True)
class Schedule:
    """What the timetable of a run is made of.

    Attributes:
        start: Time of the first element in microseconds; None: when the run starts.
        stop: Time at which no element comes any more.
        interval: From one to the next.
        data: The elements; None: the times in seconds.
        rebase: What is moved to when the run starts.
        whole: Whether times in seconds are whole numbers.
    """

    start: int | None
    stop: int
    interval: int
    data: Sequence[Any] | None
    rebase: RebaseMode
    whole: bool = False

    def check(self) -> None:
        """Finds what cannot be carried out.

        Raises:
            PipelineError: If the end is before the beginning, or data with timestamps do not suffice.
        """
        if self.start is None:
            return
        start, stop = Timestamp.of_micros(self.start), Timestamp.of_micros(self.stop)
        if self.start > self.stop:
            msg = f"`stop_timestamp` must not be before `start_timestamp`, got {stop!r} and {start!r}"
            raise PipelineError(msg)
        table = self.begin_at(self.start)
        if self.data is not None and table.has_event_times() and table.count() > len(self.data):
            msg = f"`data` with timestamps must have {table.count()} elements, got {len(self.data)}; stop earlier"
            raise PipelineError(msg)

    def begin_at(self, now: int) -> Timetable:
        """The timetable of a run that starts now."""
        start, stop = self.start, self.stop
        if start is not None and self.rebase == RebaseMode.REBASE_ALL:
            stop = min(stop - start + now, MAX_MICROS)
        if start is None or self.rebase != RebaseMode.REBASE_NONE:
            start = now
        if self.data is not None and stop == MAX_MICROS:
            stop = start + len(self.data) * self.interval
        return Timetable(start, stop, self.interval, self.data, self.whole)


class PeriodicSource(Source[Any]):
    """Elements by the clock of the run."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._run_clock: Clock = WallClock()

    def attach_clock(self, clock: Clock) -> None:
        """Keeps the clock."""
        self._run_clock = clock

    def open(self, split: str, position: Sequence[int] | None) -> Reader[Any]:
        """A reader from the first element that has not come."""
        began, index = position or (self._run_clock.now(), 0)
        return PeriodicReader(self._schedule.begin_at(began), self._run_clock, began, index)


class PeriodicReader(Reader[Any]):
    """Waits for the time of the next element.

    Args:
        table: The timetable.
        clock: The clock.
        began: When the run has started for the first time, in microseconds.
        index: Number of the next element.
    """

    def __init__(self, table: Timetable, clock: Clock, began: int, index: int) -> None:
        self._table = table
        self._clock = clock
        self._began = began
        self._index = index
        self._has_started = False
        self._watermarks = table.watermarks()

    async def poll(self, limit: int) -> Batch[Any] | None:
        """The elements whose time has come; waits for the next one. The first batch is only a watermark."""
        table = self._table
        if not self._has_started:
            self._has_started = True
            return self._batch([])
        if self._index >= table.count():
            return None
        next_time = table.time_of(self._index)
        await self._clock.sleep_until(next_time)
        due = (self._clock.now() - next_time) // table.interval + 1
        last = min(self._index + min(due, limit), table.count())
        rows = [table.element(index) for index in range(self._index, last)]
        self._index = last
        return self._batch(rows)

    def position(self) -> tuple[int, int]:
        """When the run has started for the first time, and the number of the next element."""
        return self._began, self._index

    def _batch(self, rows: list[tuple[Any, int]]) -> Batch[Any]:
        return Batch([value for value, _ in rows], [stamp for _, stamp in rows], self._watermark())

    def _watermark(self) -> int | None:
        if not self._table.has_event_times():
            return self._table.time_of(self._index)
        return self._watermarks[self._index] if self._index < len(self._watermarks) else None
