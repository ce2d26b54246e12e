"""Aggregation by sessions where only the watermark fires.

A key has one open session nearly always, so that is what the loop looks for; the rest is done one element at a time.
Sessions end all the time, so the watermark does not wait for each: an element that finds its key's session over, by the
watermark just before it, closes it first. Timers are kept in coarse buckets and are re-armed when
their bucket falls due, as most sessions have been extended by then.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from streamcore.engine.core.kernels import compile_loop, extractor, single_functions, update
from streamcore.engine.core.node import BUNDLE_SIZE, Scheduler
from streamcore.engine.core.reduce import ReduceNode
from streamcore.model.bundle import Bundle, Windows
from streamcore.model.pane import ONLY_FIRING
from streamcore.model.window import IntervalWindow
from streamcore.model.windowing import Windowing
from streamcore.timestamp import MAX_MICROS
from streamcore.transforms.combine_fn import Kernel
from streamcore.windowing import Sessions


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

    wants_watermarks = True

    def __init__(self, label: str, scheduler: Scheduler, windowing: Windowing, kernel: Kernel) -> None:
        super().__init__(label, scheduler, windowing)
        assert isinstance(windowing.windowfn, Sessions)
        self.order_sensitive = kernel.ordered
        self._gap = windowing.windowfn.gap_micros
        self._bucket_size = max(self._gap // 16, 1)
        self._single: dict[Any, Session] = {}
        self._several: dict[Any, list[Session]] = {}
        self._over: list[Session] = []
        self._buckets: dict[int, list[Session]] = {}
        self._bucket_order: list[int] = []
        self._due: list[tuple[int, int, Session]] = []
        self._opened = 0
        self._add = _compile_add(kernel, self._gap)
        self._functions = single_functions(kernel)
        self._extract = extractor(kernel)

    def earliest_end(self, timestamp: int) -> int:
        """The end of a session of this element alone."""
        return timestamp + self._gap

    def next_timer(self) -> int:
        """A bound: no session ends before it."""
        buckets = self._bucket_order[0] * self._bucket_size if self._bucket_order else MAX_MICROS
        return min(self._due[0][0] if self._due else MAX_MICROS, max(buckets, self.input_watermark + 1))

    def push(self, bundle: Bundle) -> None:
        """Adds the elements to the sessions of their keys."""
        self.metrics.elements += len(bundle.values)
        marks = bundle.watermarks or [self.input_watermark] * len(bundle.values)
        elements = iter(bundle.values)
        try:
            if bundle.windows == self.windowing.windowfn:
                self._add(elements, bundle.timestamp_list(), marks, self._single.get, self._place)
            else:
                self._add_windowed(elements, bundle, marks)
        except Exception as error:
            position = self.position(bundle, elements)
            raise self.element_failure(bundle, position, error) from error
        self.emit_late()

    def advance(self, watermark: int) -> None:
        """Puts out the sessions that are over."""
        self.input_watermark = watermark
        self._collect_due(watermark)
        if self._over or (self._due and self._due[0][0] <= watermark):
            self.scheduler.spawn(self._fire(watermark))
        else:
            self.forward(watermark)

    def _add_windowed(self, elements: Iterator[Any], bundle: Bundle, marks: list[int]) -> None:
        """Adds elements whose windows are given, such as the panes of an aggregation before this one."""
        rows = zip(elements, bundle.timestamp_list(), bundle.window_list(), marks, strict=True)
        for element, timestamp, windows, mark in rows:
            for window in windows:
                self._place(element, timestamp, mark, window.start.micros, window.end_micros)

    def _place(
        self, element: Any, timestamp: int, mark: int, start: int | None = None, end: int | None = None
    ) -> None:
        """Adds one element, in whatever state the sessions of its key are."""
        key, value = element
        start = timestamp if start is None else start
        end = start + self._gap if end is None else end
        touched, apart = [], []
        for session in self._sessions_of(key):
            if session.end <= mark:
                session.is_open = False
                self._over.append(session)
            elif session.start < end and start < session.end:
                touched.append(session)
            else:
                apart.append(session)
        if touched:
            session = self._unite(touched)
            session.acc = self._functions.add(session.acc, value)
            session.start = min(session.start, start)
            session.end = max(session.end, end)
        elif end <= mark:
            self.drop_late(element, timestamp, (IntervalWindow.of_micros(start, end),))
            self._keep(key, apart)
            return
        else:
            self._opened += 1
            session = Session(start, end, self._functions.first(value), key, self._opened)
            self._arm(session)
        self._keep(key, [*apart, session])

    def _sessions_of(self, key: Any) -> list[Session]:
        session = self._single.get(key)
        return self._several.get(key, []) if session is None else [session]

    def _keep(self, key: Any, sessions: list[Session]) -> None:
        """Says which sessions of a key are open."""
        self._single.pop(key, None)
        self._several.pop(key, None)
        if len(sessions) == 1:
            self._single[key] = sessions[0]
        elif sessions:
            self._several[key] = sessions

    def _unite(self, sessions: list[Session]) -> Session:
        united = min(sessions, key=lambda session: session.number)
        for session in sessions:
            if session is not united:
                united.acc = self._functions.merge(united.acc, session.acc)
                united.start = min(united.start, session.start)
                united.end = max(united.end, session.end)
                session.is_open = False
        return united

    def _arm(self, session: Session) -> None:
        """Sets the timer of a session, to the bucket that its end lies in."""
        bucket = session.end // self._bucket_size
        sessions = self._buckets.get(bucket)
        if sessions is None:
            self._buckets[bucket] = [session]
            heapq.heappush(self._bucket_order, bucket)
        else:
            sessions.append(session)

    def _collect_due(self, watermark: int) -> None:
        """Empties the buckets that the watermark has reached: what ends there is due, the rest is armed again."""
        reached = watermark // self._bucket_size
        while self._bucket_order and self._bucket_order[0] <= reached:
            bucket = heapq.heappop(self._bucket_order)
            for session in self._buckets.pop(bucket):
                if not session.is_open:
                    continue
                if session.end // self._bucket_size > bucket:
                    self._arm(session)
                else:
                    heapq.heappush(self._due, (session.end, session.number, session))

    def _fire(self, watermark: int) -> Iterator[None]:
        for session in self._over:
            heapq.heappush(self._due, (session.end, session.number, session))
        over = {session.number for session in self._over}
        self._over = []
        ready: list[Session] = []
        while self._due and self._due[0][0] <= watermark:
            end, number, session = heapq.heappop(self._due)
            if number not in over:
                if not session.is_open:
                    continue
                if session.end > end:
                    self._rearm(session)
                    continue
                session.is_open = False
                self._keep(session.key, [other for other in self._sessions_of(session.key) if other is not session])
            else:
                over.discard(number)
            if ready and (len(ready) == BUNDLE_SIZE or (self.stepwise and ready[-1].end != end)):
                self._put_out(ready)
                ready = []
                yield
            if self.stepwise and not ready:
                self.forward(end - 1)
                yield
            ready.append(session)
        if ready:
            self._put_out(ready)
            yield
        self.forward(watermark)

    def _rearm(self, session: Session) -> None:
        if session.end // self._bucket_size <= self.input_watermark // self._bucket_size:
            heapq.heappush(self._due, (session.end, session.number, session))
        else:
            self._arm(session)

    def _put_out(self, sessions: list[Session]) -> None:
        self.metrics.panes_on_time += len(sessions)
        values = self._extract([(session.key, session.acc) for session in sessions])
        stamps = [session.end - 1 for session in sessions]
        windows: list[Windows] = [(IntervalWindow.of_micros(session.start, session.end),) for session in sessions]
        self.emit(Bundle(values, stamps, windows, ONLY_FIRING))


def _compile_add(kernel: Kernel, gap: int) -> Callable[..., None]:
    """The loop that adds pairs of key and value whose key has one open session that they fall into."""
    source = f"""
    def add_pairs(pairs, stamps, marks, get, place):
        for pair, t, mark in zip(pairs, stamps, marks):
            k, v = pair
            session = get(k)
            if session is not None and mark < session.end and session.start - {gap} < t < session.end:
                a = session.acc
                {update(kernel, "session.acc")}
                if t + {gap} > session.end:
                    session.end = t + {gap}
                if t < session.start:
                    session.start = t
            else:
                place(pair, t, mark)
    """
    return compile_loop(source, "add_pairs", kernel)
