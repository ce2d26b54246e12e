"""A web service that counts page visits per minute, with the pipeline in its own event loop.

    python -m examples.service
    curl 'http://127.0.0.1:8080/visit?page=home'
    curl 'http://127.0.0.1:8080/minutes'

Visits go into a queue that the pipeline reads; what it counts comes back through `handle.stream` and is served at
once, as every visit makes an early pane. The server speaks just enough HTTP for that; with a web framework the three
calls are the same: `run_async` and `stream` when the application starts, `drain` when it ends.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Coroutine
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from streamcore import (
    AccumulationMode,
    AfterCount,
    AfterWatermark,
    BoundedOutOfOrderness,
    CombinePerKey,
    FixedWindows,
    JobHandle,
    Map,
    PCollection,
    Pipeline,
    WindowedValue,
    WindowInto,
    WithTimestamps,
)
from streamcore.io import ReadFromQueue

WAITING_VISITS = 10_000


class Visit(NamedTuple):
    """Somebody has looked at a page.

    Attributes:
        page: Which one.
        at: When, in seconds since the epoch.
    """

    page: str
    at: float


def count_visits(pipeline: Pipeline, visits: asyncio.Queue[Visit]) -> PCollection[tuple[str, int]]:
    """Visits per page and minute: a pane for every visit, and one when the minute is complete.

    When nobody visits for five seconds the watermark goes on with the clock, so that a minute also ends at night.
    """
    watermark = BoundedOutOfOrderness(5, idle_timeout=5, follow_clock=5)
    return (
        pipeline
        | ReadFromQueue(visits)
        | WithTimestamps(lambda visit: visit.at, watermark=watermark)
        | WindowInto(
            FixedWindows(60),
            trigger=AfterWatermark(early=AfterCount(1)),
            accumulation_mode=AccumulationMode.ACCUMULATING,
        )
        | Map(lambda visit: (visit.page, 1))
        | CombinePerKey(sum)
    )


class Service:
    """The server and its results.

    Attributes:
        visits: What the pipeline reads; when it is full, requests wait.
        minutes: Visits by beginning of the minute and page.
    """

    def __init__(self) -> None:
        self.visits: asyncio.Queue[Visit] = asyncio.Queue(WAITING_VISITS)
        self.minutes: dict[int, dict[str, int]] = {}
        self._end: asyncio.Task[None]  # ends with the pipeline; set by `run`

    @contextlib.asynccontextmanager
    async def run(self, port: int) -> AsyncIterator[int]:
        """Serves until the block ends; gives the port. What is open then is counted to the end.

        Raises what made the pipeline fail, if it has.
        """
        pipeline = Pipeline()
        counts = count_visits(pipeline, self.visits)
        handle = await pipeline.run_async()
        self._end = asyncio.create_task(_end_of(handle))
        keeping = asyncio.create_task(self._keep(handle.stream(counts)))
        with contextlib.closing(await asyncio.start_server(self._answer, "127.0.0.1", port)) as server:
            yield server.sockets[0].getsockname()[1]
        await self._before_end(self.visits.join())
        try:
            await handle.drain()
        finally:
            await asyncio.gather(keeping, return_exceptions=True)  # it ends with the run, and is told the same

    async def _keep(self, panes: AsyncIterator[WindowedValue[tuple[str, int]]]) -> None:
        async for pane in panes:
            page, count = pane.value
            self.minutes.setdefault(int(pane.windows[0].start), {})[page] = count

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            request = (await reader.readline()).decode("latin-1").split()
            while (await reader.readline()).strip():
                pass
            url = urlsplit(request[1] if len(request) == 3 else "")
            status, body = await self._respond(url.path, parse_qs(url.query))
            content = json.dumps(body).encode()
            head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n"
            writer.write(head.encode() + b"Connection: close\r\n\r\n" + content)
            await writer.drain()

    async def _respond(self, path: str, query: dict[str, list[str]]) -> tuple[str, Any]:
        if path == "/visit" and "page" in query:
            now = time.time()
            try:
                at = float(query.get("at", [now])[0])
            except ValueError as error:
                return "400 Bad Request", {"error": str(error)}
            if not 0 <= at <= now:  # what lies ahead would make all that follows late, and nan is no time at all
                return "400 Bad Request", {"error": "`at` must be a time in the past, in seconds since the epoch"}
            if not await self._before_end(self.visits.put(Visit(query["page"][0], at))):
                return "503 Service Unavailable", {"error": "the pipeline has ended"}
            return "202 Accepted", {}
        if path == "/minutes":
            return "200 OK", self.minutes
        return "404 Not Found", {"error": "ask for /visit?page=... or /minutes"}

    async def _before_end(self, waiting: Coroutine[Any, Any, None]) -> bool:
        """Waits for what only a pipeline that runs can bring about; False if it ends before."""
        task = asyncio.create_task(waiting)
        await asyncio.wait([task, self._end], return_when=asyncio.FIRST_COMPLETED)
        if self._end.done():
            task.cancel()
        return not self._end.done()


async def _end_of(handle: JobHandle) -> None:
    with contextlib.suppress(Exception):  # `drain` tells it
        await handle.wait()


async def serve(port: int) -> None:
    """Serves until it is cancelled."""
    service = Service()
    async with service.run(port) as bound:
        print(
            f"http://127.0.0.1:{bound}/visit?page=home and http://127.0.0.1:{bound}/minutes; Ctrl-C to stop", flush=True
        )
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
    print(json.dumps(service.minutes))


def main() -> None:
    """Serves until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m examples.service", description="Counts page visits per minute.")
    parser.add_argument("--port", type=int, default=8080, help="8080 by default; 0 for any that is free")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
