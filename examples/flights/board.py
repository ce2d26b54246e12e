"""What has come out so far: the last pane of every airport and hour, and how many panes there were."""

from __future__ import annotations

import datetime
import zoneinfo
from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from examples.flights.pipeline import Departures
from examples.flights.replay import Flight
from streamcore import IntervalWindow, PaneInfoTiming, WindowedValue

NEW_YORK: Final = zoneinfo.ZoneInfo("America/New_York")
AIRPORTS: Final = ("EWR", "JFK", "LGA")
BUSY: Final = 10


class Latest(NamedTuple):
    """The last pane of an airport and hour.

    Attributes:
        departures: What it says.
        timing: Whether it came before, at or after the moment the hour was taken for complete.
    """

    departures: Departures
    timing: PaneInfoTiming


class Board:
    """Keeps what has come out.

    Attributes:
        hours: The last pane by beginning of the hour (microseconds) and airport.
        panes: How many panes there were of each timing.
        too_late: The flights that came too late to be counted.
    """

    def __init__(self) -> None:
        self.hours: dict[int, dict[str, Latest]] = {}
        self.panes: Counter[PaneInfoTiming] = Counter()
        self.too_late: list[Flight] = []

    def take(self, pane: WindowedValue[tuple[str, Departures]]) -> int:
        """Takes a pane in; returns the beginning of its hour."""
        window = pane.windows[0]
        assert isinstance(window, IntervalWindow)
        airport, departures = pane.value
        timing = pane.pane_info.timing
        self.hours.setdefault(window.start_micros, {})[airport] = Latest(departures, timing)
        self.panes[timing] += 1
        return window.start_micros

    def total(self, airport: str, month: str | None = None) -> Departures:
        """All departures of an airport, or those of a month such as `2013-07`, and their mean delay."""
        rows = [row[airport].departures for start, row in self._of_month(month) if airport in row]
        flights = sum(row.flights for row in rows)
        return Departures(flights, sum(row.flights * row.mean_delay for row in rows) / flights if flights else 0.0)

    def worst(self) -> tuple[int, str, Departures] | None:
        """The hour and airport with the longest mean delay, among those with at least ten departures."""
        busy = [
            (start, airport, latest.departures)
            for start, row in self.hours.items()
            for airport, latest in row.items()
            if latest.departures.flights >= BUSY
        ]
        return max(busy, key=lambda found: found[2].mean_delay, default=None)

    def _of_month(self, month: str | None) -> Iterator[tuple[int, dict[str, Latest]]]:
        return ((start, row) for start, row in self.hours.items() if month is None or month_of(start) == month)


def local(micros: int) -> datetime.datetime:
    """A moment on New York's clocks."""
    return datetime.datetime.fromtimestamp(micros // 1_000_000, NEW_YORK)


def month_of(micros: int) -> str:
    """The month of a moment in New York."""
    return f"{local(micros):%Y-%m}"


def summary(board: Board, seconds: float) -> Iterator[str]:
    """The closing lines."""
    counted = sum(board.total(airport).flights for airport in AIRPORTS)
    flights, early = counted + len(board.too_late), board.panes[PaneInfoTiming.EARLY]
    on_time, late = board.panes[PaneInfoTiming.ON_TIME], board.panes[PaneInfoTiming.LATE]
    yield f"flights     {flights:,} in {seconds:.1f} s, {flights / seconds:,.0f} a second"
    yield f"panes       {early + on_time + late:,}: {early:,} early, {on_time:,} on time, {late:,} late"
    yield f"late        {late:,} flights left when their hour had been taken for complete, and corrected it"
    yield f"dropped     {len(board.too_late):,} flights left four hours after that or more; see the late output"
    yield "year        " + airports(board)
    worst = board.worst()
    if worst is not None:
        start, airport, (count, delay) = worst
        yield f"worst hour  {local(start):%Y-%m-%d %H:%M} {airport}: {count} departures, {delay:+.0f} min on average"


def airports(board: Board, month: str | None = None) -> str:
    """Departures and mean delay of each airport in one line."""
    totals = [(airport, board.total(airport, month)) for airport in AIRPORTS]
    return "   ".join(f"{airport} {total.flights:>7,} {total.mean_delay:+6.1f} min" for airport, total in totals)
