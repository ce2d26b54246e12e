"""The board while it fills: a live table in a terminal, a line a month where there is none."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from examples.flights.board import AIRPORTS, Board, Latest, airports, local, month_of
from streamcore import PaneInfoTiming

if TYPE_CHECKING:
    from rich.table import Table

ROWS: Final = 12
SECONDS_PER_FRAME: Final = 0.1
MARKS: Final = {PaneInfoTiming.EARLY: "early", PaneInfoTiming.ON_TIME: "", PaneInfoTiming.LATE: "corrected"}
STYLES: Final = {PaneInfoTiming.EARLY: "dim", PaneInfoTiming.ON_TIME: "green", PaneInfoTiming.LATE: "yellow"}


class Progress(Protocol):
    """What a display may ask of the run."""

    def watermark(self) -> int:
        """How far event time has come, in microseconds."""
        ...

    def flights(self) -> int:
        """How many flights have been read."""
        ...


class Lines:
    """Prints a line for every month."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._month: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._print_month()

    def show(self, hour: int, progress: Progress) -> None:
        """The board has news of an hour."""
        month = month_of(hour)
        if self._month is None or month > self._month:
            self._print_month()
            self._month = month

    def _print_month(self) -> None:
        if self._month is not None:
            print(f"{self._month}     {airports(self._board, self._month)}", flush=True)


class LiveTable:
    """Shows the latest hours as a table that changes in place."""

    def __init__(self, board: Board) -> None:
        from rich.live import Live

        self._board = board
        self._live = Live(auto_refresh=False)
        self._began = self._shown = time.monotonic()

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._live.__exit__(*error)

    def show(self, hour: int, progress: Progress) -> None:
        """The board has news of an hour; draws at most ten frames a second."""
        now = time.monotonic()
        if now - self._shown >= SECONDS_PER_FRAME:
            self._shown = now
            self._live.update(self.table(progress, now - self._began), refresh=True)

    def table(self, progress: Progress, seconds: float) -> Table:
        """The latest hours, after so many seconds of the run."""
        from rich.table import Table

        flights = progress.flights()
        caption = (
            f"watermark {local(progress.watermark()):%Y-%m-%d %H:%M}   {flights:,} flights, {flights / seconds:,.0f} a "
            f"second\n{sum(self._board.panes.values()):,} panes   {len(self._board.too_late):,} flights too late"
        )
        table = Table("hour", *AIRPORTS, title="Departures from New York and their mean delay", caption=caption)
        for start in sorted(self._board.hours)[-ROWS:]:
            row = self._board.hours[start]
            table.add_row(f"{local(start):%Y-%m-%d %H:%M}", *(_cell(row.get(airport)) for airport in AIRPORTS))
        return table


def _cell(latest: Latest | None) -> str:
    if latest is None:
        return ""
    (count, delay), timing = latest
    return f"[{STYLES[timing]}]{count:>3} {round(delay):+5} min {MARKS[timing]:9}[/]"


def choose_display(board: Board) -> Lines | LiveTable:
    """A live table if stdout is a terminal that can show one and rich is installed, else lines."""
    if not sys.stdout.isatty():
        return Lines(board)
    try:
        from rich.console import Console
    except ImportError:
        return Lines(board)
    return Lines(board) if Console().is_dumb_terminal else LiveTable(board)
