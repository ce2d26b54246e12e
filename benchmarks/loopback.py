"""How long a neighbour in the event loop waits: an echo server next to a pipeline, asked by another process."""

from __future__ import annotations

import asyncio
import json
import socket
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import streamcore as sc
from benchmarks.data import input_of
from benchmarks.jobs import add_j1
from benchmarks.measuring import Options, child_command
from benchmarks.pairs import Pairs, Totals, add_totals, make_pairs

ROOT: Final = Path(__file__).parent.parent

# What the server answers tells the client which phase the round trip belongs to.
UNCOUNTED, IDLE, BUSY, FIRING = b"-", b"i", b"b", b"f"

GOAL: Final = "goal: p99 < 20 ms, max < 50 ms"


class Echo(asyncio.Protocol):
    """Answers every byte with the present phase."""

    def __init__(self) -> None:
        self.phase = UNCOUNTED
        self.is_asked = asyncio.Event()
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(self.phase)
        self.is_asked.set()

    async def end_phase(self) -> None:
        """Answer once more, as the last question may have come in the phase, and then count no more."""
        self.is_asked.clear()
        await self.is_asked.wait()
        self.phase = UNCOUNTED

    def hang_up(self) -> None:
        """Let the client end."""
        if self._transport is not None:
            self._transport.close()


def run(options: Options) -> None:
    """Print the round trips of each phase."""
    source = input_of("j1", options.events, options.data)
    pairs = make_pairs(options.events, visits=1)
    found, rate = asyncio.run(_measure(source, pairs, options))
    report("idle", found.get(IDLE.decode(), []))
    report(f"j1 at {rate:,.0f} events/s", found.get(BUSY.decode(), []))
    report(f"a window of {options.events:,} keys fires", found.get(FIRING.decode(), []))
    print(f"loopback {GOAL}")


def report(phase: str, round_trips: list[float]) -> None:
    """Print percentiles of round trips in milliseconds."""
    ordered = sorted(round_trips)
    if not ordered:
        print(f"loopback, {phase}: too short for a round trip")
        return
    p50, p99 = (ordered[int(len(ordered) * part)] for part in (0.50, 0.99))
    print(f"loopback, {phase}: p50 {p50:.2f}, p99 {p99:.2f}, max {ordered[-1]:.2f} ms ({len(ordered):,} round trips)")


async def _measure(source: Path, pairs: Pairs, options: Options) -> tuple[dict[str, Any], float]:
    async with asked() as (echo, client):
        echo.phase = IDLE
        await asyncio.sleep(min(1.0, options.events / 100_000))
        await echo.end_phase()
        seconds = 0.0
        for _ in range(options.rounds):
            seconds += await _run_j1(echo, source)
        for _ in range(options.rounds):
            await _fire(echo, pairs)
        echo.hang_up()
        shown, _ = await client.communicate()
    return json.loads(shown), options.events * options.rounds / seconds


@asynccontextmanager
async def asked() -> AsyncIterator[tuple[Echo, asyncio.subprocess.Process]]:
    """An echo server in this event loop, and a client in a process of its own that has begun to ask."""
    echo = Echo()
    server = await asyncio.get_running_loop().create_server(lambda: echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = await asyncio.create_subprocess_exec(
        *child_command("benchmarks.loopback_client", port), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    try:
        await asyncio.wait_for(echo.is_asked.wait(), 30)
        yield echo, client
    finally:
        echo.hang_up()
        server.close()
        await client.wait()


async def _run_j1(echo: Echo, source: Path) -> float:
    """Count round trips while j1 runs; return the seconds it took."""
    p = sc.Pipeline()
    with tempfile.TemporaryDirectory() as folder:
        add_j1(p, source, Path(folder, "rows.jsonl"))
        job = await p.run_async()
        # Once round the loop and the pipeline is at work.
        await asyncio.sleep(0)
        echo.phase, began = BUSY, time.perf_counter()
        await job.wait()
        seconds = time.perf_counter() - began
        await echo.end_phase()
    return seconds


async def _fire(echo: Echo, pairs: Pairs) -> None:
    """Count round trips from when all keys are open until all their results are written."""

    def begin() -> None:
        echo.phase = FIRING

    p = sc.Pipeline()
    totals = Totals()
    add_totals(p, pairs, totals.take, begin)
    job = await p.run_async()
    await job.wait()
    await echo.end_phase()
    assert totals.elements == len(pairs.values)
