"""An endless source in front of a slow sink: `python -m benchmarks.slow_sink ELEMENTS` prints memory as JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
from typing import Any

import streamcore as sc
from benchmarks.measuring import resident_bytes
from streamcore.model.bundle import Bundle
from streamcore.model.sink import Sink
from streamcore.model.source import Batch, Reader, Source

Event = dict[str, Any]

SAMPLES = 100
PAUSE = 0.001


class Ticks(Source[Event]):
    """As many events as anybody takes, at once; for the benchmark it ends after `elements` of them.

    Attributes:
        made: How many there have been.
    """

    def __init__(self, elements: int) -> None:
        self.elements = elements
        self.made = 0

    def open(self, split: str, position: Any) -> Reader[Event]:
        return TickReader(self)


class TickReader(Reader[Event]):
    """Makes events."""

    def __init__(self, ticks: Ticks) -> None:
        self._ticks = ticks

    async def poll(self, limit: int) -> Batch[Event] | None:
        begin = self._ticks.made
        end = min(begin + limit, self._ticks.elements)
        if begin == end:
            return None
        self._ticks.made = end
        return Batch([{"number": number, "text": f"event {number}"} for number in range(begin, end)])


class SlowSink(Sink[Event]):
    """Takes a millisecond a batch, and samples the memory of the process.

    Attributes:
        resident: Bytes in RAM at the start and after each hundredth of the elements.
        ahead: The most elements that had been made and not yet written.
    """

    def __init__(self, ticks: Ticks) -> None:
        self.resident = [resident_bytes()]
        self.ahead = 0
        self._ticks = ticks
        self._written = 0

    async def write(self, bundle: Bundle) -> None:
        self.ahead = max(self.ahead, self._ticks.made - self._written)
        await asyncio.sleep(PAUSE)
        self._written += len(bundle.values)
        while self._written * SAMPLES >= len(self.resident) * self._ticks.elements:
            self.resident.append(resident_bytes())


def measure(elements: int) -> SlowSink:
    """Run it and return the sink."""
    ticks = Ticks(elements)
    sink = SlowSink(ticks)
    with sc.Pipeline() as p:
        _ = p | sc.Read(ticks) | sc.Map(lambda event: {**event, "seen": True}) | sc.Write(sink)
    return sink


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.slow_sink", description="Measure a slow sink.")
    parser.add_argument("elements", type=int)
    sink = measure(parser.parse_args().elements)
    print(json.dumps({"resident": sink.resident, "ahead": sink.ahead}))


if __name__ == "__main__":
    main()
