"""Aggregation by sessions where only the watermark fires.

A key has one open session nearly always, so that is what the loop looks for; the rest is done one element at a time.
Sessions end all the time, so the watermark does not wait for each: an element that finds its key's session over, by the
watermark just before it, closes it first. Timers are kept in coarse buckets and are re-armed when
their bucket falls due, as most sessions have been extended by then.
"""

from __future__ import annotations

import heapq
import operator
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from streamcore.engine.core.changes import Change
from streamcore.engine.core.entry_log import EntryLog
from streamcore.engine.core.kernels import compile_loop, first, single_functions, update
from streamcore.engine.core.node import Scheduler
from streamcore.engine.core.reduce import Aggregation, ReduceNode
from streamcore.model.bundle import Bundle, Windows
from streamcore.model.pane import ONLY_FIRING
from streamcore.model.window import LAST_END, IntervalWindow
from streamcore.model.windowing import Windowing
from streamcore.timestamp import MAX_MICROS
from streamcore.transforms.combine_fn import Kernel
from streamcore.windowing import Sessions

_NUMBER = operator.attrgetter("number")
_START = operator.attrgetter("start")
_END = operator.attrgetter("end")


class Session(msgspec.Struct, gc=False):
    """An open session of one key.

    Attributes:
        start: First moment, in microseconds.
        end: First moment after it, if no element extends it.
        acc: The accumulator.
        key: The key.
        number: Sessions are numbered as they are opened, so that those that end together come out in that order.
        is_open: False once it was put out, or went up in another.
    """

    start: int
    end: int
    acc: Any
    key: Any
    number: int
    is_open: bool = True


class SessionReduce(ReduceNode):
    """Aggregates by sessions; every session has exactly one pane, on time."""

    kind = "sessions"
    wants_watermarks = True

    def __init__(self, label: str, scheduler: Scheduler, windowing: Windowing, aggregation: Aggregation) -> None:
        super().__init__(label, scheduler, windowing, aggregation)
        kernel = aggregation.kernel()
        assert isinstance(windowing.windowfn, Sessions)
        self._gap = windowing.windowfn.gap_micros
        self._bucket_size = max(self._gap // 64, 1)
        self._single: dict[Any, Session] = {}
        self._several: dict[Any, list[Session]] = {}
        self._over: list[Session] = []
        self._buckets: dict[int, list[Session]] = {}
        self._bucket_order: list[int] = []
        self._opened = 0
        self._add = _compile_add(kernel, self._gap)
        self._functions = single_functions(kernel)
        self._log = EntryLog(self._sessions_of, _columns, _sessions)

    def earliest_end(self, timestamp: int) -> int:
        """The end of a session of this element alone."""
        return min(timestamp + self._gap, LAST_END)

    def next_timer(self) -> int:
        """A bound: no session ends before it."""
        if not self._bucket_order:
            return MAX_MICROS
        return max(self._bucket_order[0] * self._bucket_size, self.input_watermark + 1)

    def push(self, bundle: Bundle) -> None:
        """Adds the elements to the sessions of their keys."""
        self.metrics.elements += len(bundle.values)
        marks = bundle.watermarks or [self.input_watermark] * len(bundle.values)
        stamps = bundle.timestamp_list()
        latest = max(stamps) if bundle.bounds is None else bundle.bounds[1]
        elements = iter(bundle.values)
        pairs = self.pairs(elements)
        try:
            # The loop does not look whether a session goes beyond the end of time, where the window function cuts it.
            if latest + self._gap <= LAST_END and bundle.windows == self.windowing.windowfn:
                self._add(pairs, stamps, marks, self._single, self._several, self._place, self._open)
            else:
                self._add_windowed(pairs, bundle, marks)
        except Exception as error:
            position = self.position(bundle, elements)
            raise self.element_failure(bundle, position, error) from error
        if self.tracks:
            self._log.touch(self.keys_of(bundle))
        self.emit_late()

    def advance(self, watermark: int) -> None:
        """Puts out the sessions that are over."""
        self.input_watermark = watermark
        if self._bucket_order and self._bucket_order[0] <= watermark // self._bucket_size:
            self.scheduler.spawn(self._fire(watermark))
        else:
            self.forward(watermark)

    def _add_windowed(self, pairs: Iterator[Any], bundle: Bundle, marks: list[int]) -> None:
        """Adds elements whose windows are given, such as the panes of an aggregation before this one."""
        rows = zip(pairs, bundle.timestamp_list(), bundle.window_list(), marks, strict=True)
        for pair, timestamp, windows, mark in rows:
            for window in windows:
                self._place(pair, timestamp, mark, window.start.micros, window.end_micros)

    def _place(
        self, pair: tuple[Any, Any], timestamp: int, mark: int, start: int | None = None, end: int | None = None
    ) -> None:
        """Adds one element, in whatever state the sessions of its key are."""
        key, value = pair
        start = timestamp if start is None else start
        end = start + self._gap if end is None else end
        sessions = self._sessions_of(key)
        for session in sessions:
            if session.end <= mark:
                self._close(session)
                self._over.append(session)
        touched = [session for session in sessions if session.is_open and session.start < end and start < session.end]
        if touched:
            session = self._unite(touched)
            session.acc = self._functions.add(session.acc, value)
            session.start = min(session.start, start)
            session.end = max(session.end, end)
        elif end <= mark:
            self.drop_late(pair, timestamp, (IntervalWindow.of_micros(start, end),))
        else:
            self._keep(self._open(start, end, self._functions.first(value), key))

    def _open(self, start: int, end: int, acc: Any, key: Any) -> Session:
        """A new session with its timer set."""
        self._opened += 1
        session = Session(start, end, acc, key, self._opened)
        self._arm((session,))
        return session

    def _sessions_of(self, key: Any) -> list[Session]:
        session = self._single.get(key)
        if session is not None:
            return [session]
        return list(self._several.get(key, ())) if self._several else []

    def _keep(self, session: Session) -> None:
        """Puts a new session with the others of its key."""
        others = self._sessions_of(session.key)
        if not others:
            self._single[session.key] = session
        else:
            self._single.pop(session.key, None)
            self._several[session.key] = [*others, session]

    def _close(self, session: Session) -> None:
        """Takes a session out of those that are open."""
        session.is_open = False
        if self.tracks:
            self._log.close(session.number)
        key = session.key
        if self._single.get(key) is session:
            del self._single[key]
            return
        others = [other for other in self._several.pop(key) if other is not session]
        if len(others) == 1:
            self._single[key] = others[0]
        else:
            self._several[key] = others

    def _unite(self, sessions: list[Session]) -> Session:
        """Puts what sessions of a key hold together, in the order of their starts."""
        united = sessions[0]  # the sessions of a key are kept in the order of their numbers
        first, *others = sorted(sessions, key=_START)
        acc, end = first.acc, first.end
        for session in others:
            acc = self._functions.merge(acc, session.acc)
            end = max(end, session.end)
        united.acc, united.start, united.end = acc, first.start, end
        for session in sessions:
            if session is not united:
                self._close(session)
        return united

    def _arm(self, sessions: Iterable[Session]) -> None:
        """Sets the timers of sessions, to the buckets that their ends lie in."""
        buckets, size = self._buckets, self._bucket_size
        for session in sessions:
            bucket = session.end // size
            if bucket in buckets:
                buckets[bucket].append(session)
            else:
                buckets[bucket] = [session]
                heapq.heappush(self._bucket_order, bucket)

    def _take_over(self, watermark: int) -> list[Session]:
        """Closes the sessions that are over and gives them in the order of their ends; arms anew what goes on."""
        over, self._over = self._over, []
        go_on = []
        reached = watermark // self._bucket_size
        while self._bucket_order and self._bucket_order[0] <= reached:
            for session in self._buckets.pop(heapq.heappop(self._bucket_order)):
                if not session.is_open:
                    continue  # it was put out, or went up in another
                if session.end > watermark:
                    go_on.append(session)
                else:
                    self._close(session)
                    over.append(session)
        self._arm(go_on)
        over.sort(key=_NUMBER)
        over.sort(key=_END)  # twice by one number is faster than once by two
        return over

    def _fire(self, watermark: int) -> Iterator[None]:
        over = self._take_over(watermark)
        start = 0
        while start < len(over):
            stop = min(start + self.pace.size, len(over))
            if self.stepwise:
                end = over[start].end
                self.forward(end - 1)
                yield
                stop = next((i for i in range(start, stop) if over[i].end != end), stop)
            self.scheduler.note_bundle(self.pace, stop - start)
            self._put_out(over[start:stop])
            yield
            start = stop
        self.forward(watermark)

    def _put_out(self, sessions: list[Session]) -> None:
        self.metrics.panes_on_time += len(sessions)
        pairs = [(session.key, session.acc) for session in sessions]
        stamps = [session.end - 1 for session in sessions]
        windows: list[Windows] = [(IntervalWindow.of_micros(session.start, session.end),) for session in sessions]
        self.emit(Bundle(self.results(pairs, windows[0][0]), stamps, windows, ONLY_FIRING))

    # Its state: the open sessions. Timers follow from them.

    def scalars(self) -> dict[str, Any]:
        """How many sessions there have been, too."""
        return super().scalars() | {"opened": self._opened}

    def restore_scalars(self, scalars: dict[str, Any]) -> None:
        """Puts the number of sessions back, too."""
        super().restore_scalars(scalars)
        self._opened = scalars["opened"]

    def changes(self) -> Iterator[Change | None]:
        """The sessions that have changed, too."""
        yield from self._log.changes()
        yield from super().changes()

    def restore_rows(self, change: Change) -> None:
        """Puts sessions back."""
        self._log.restore(change)

    def resume(self) -> Iterator[None]:
        """Sets the timers of the sessions."""
        for sessions in self._log.resume():
            for session in sessions:
                self._keep(session)
            self._arm(sessions)
            yield


def _columns(sessions: list[Session]) -> tuple[list[Any], ...]:
    return (
        [one.key for one in sessions],
        [one.start for one in sessions],
        [one.end for one in sessions],
        [one.acc for one in sessions],
    )


def _sessions(numbers: list[int], columns: tuple[list[Any], ...]) -> list[Session]:
    rows = zip(numbers, *columns, strict=True)
    return [Session(start, end, acc, key, number) for number, key, start, end, acc in rows]


def _compile_add(kernel: Kernel, gap: int) -> Callable[..., None]:
    """The loop that adds pairs of key and value whose key has one open session that they fall into."""
    source = f"""
    def add_pairs(pairs, stamps, marks, single, several, place, open_session):
        get = single.get
        for (k, v), t, mark in zip(pairs, stamps, marks):
            session = get(k)
            if session is None:
                if k not in several and mark < t + {gap}:
                    single[k] = open_session(t, t + {gap}, {first(kernel)}, k)
                    continue
            else:
                end = session.end
                if mark < end and t < end and t >= session.start:
                    a = session.acc
                    {update(kernel, "session.acc")}
                    t += {gap}
                    if t > end:
                        session.end = t
                    continue
            place((k, v), t, mark)
    """
    return compile_loop(source, "add_pairs", kernel)
