"""The program: replays the flights, shows what comes out, and sums up."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

from examples.flights.board import Board, summary
from examples.flights.display import Lines, LiveTable, choose_display
from examples.flights.pipeline import READ, STAMP, Departures, build
from examples.flights.replay import Flight, FlightReplay
from streamcore import JobHandle, Pipeline, SourceError, WindowedValue

INTERRUPTED = 130


class Run:
    """A run under way, as the display sees it."""

    def __init__(self, handle: JobHandle) -> None:
        self._handle = handle

    def watermark(self) -> int:
        """How far event time has come, in microseconds."""
        return self._handle.watermarks[STAMP]

    def flights(self) -> int:
        """How many flights have been read."""
        return self._handle.metrics[READ].elements


async def replay(board: Board, limit: int | None = None, display: Lines | LiveTable | None = None) -> None:
    """Replays the flights and fills the board; cancelled, it ends the run."""
    pipeline = Pipeline()
    results = build(pipeline, FlightReplay(limit=limit))
    handle = await pipeline.run_async()
    run = Run(handle)
    # Streams give what comes out from now on, so they are asked for before anything has.
    hours, too_late = handle.stream(results.hours), handle.stream(results.too_late)
    try:
        await asyncio.gather(_take_hours(hours, board, display, run), _take_late(too_late, board))
        await handle.wait()
    except asyncio.CancelledError:
        await handle.cancel()
        raise


async def _take_hours(
    panes: AsyncIterator[WindowedValue[tuple[str, Departures]]],
    board: Board,
    display: Lines | LiveTable | None,
    run: Run,
) -> None:
    async for pane in panes:
        hour = board.take(pane)
        if display is not None:
            display.show(hour, run)


async def _take_late(late: AsyncIterator[WindowedValue[tuple[str, Flight]]], board: Board) -> None:
    async for one in late:
        board.too_late.append(one.value[1])


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the demo; returns the exit status."""
    arguments = _parse(argv)
    board = Board()
    began = time.perf_counter()
    status = 0
    try:
        with choose_display(board) as display:
            asyncio.run(replay(board, arguments.limit, display))
    except SourceError as error:
        print(f"the flights could not be replayed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        status = INTERRUPTED
        print("stopped by Ctrl-C; so far:")
    for line in summary(board, time.perf_counter() - began):
        print(line)
    return status


def _parse(argv: Sequence[str] | None) -> Any:
    parser = argparse.ArgumentParser(
        prog="python -m examples.flights",
        description="Replays the flights that left New York in 2013, in the order in which they left, and shows "
        "departures and mean delay per airport and hour of scheduled departure as they become known.",
    )
    parser.add_argument("--limit", type=_positive, metavar="N", help="replay only the first N flights")
    return parser.parse_args(argv)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        msg = f"must be a whole number from 1 on, got {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return int(text)
