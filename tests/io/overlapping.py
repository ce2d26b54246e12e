"""Two runs of one pipeline at once, for sinks: neither may write by, or close, what the other has opened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from streamcore import Pipeline, PTransform
from streamcore.io import ReadFromAsyncIterable
from tests.engine.sources import until


async def run_overlapping(write: PTransform[Any, Any], element: Callable[[int], Any]) -> None:
    """Runs a pipeline twice; the second run writes once more when the first has ended.

    Args:
        write: Writes the elements.
        element: Makes an element of a number; the runs write those of 0 and 1, and of 2 and 3.
    """
    gates: list[asyncio.Event] = []

    async def elements() -> AsyncIterator[Any]:
        gates.append(asyncio.Event())
        number = len(gates)
        yield element(2 * number - 2)
        await gates[number - 1].wait()
        yield element(2 * number - 1)

    p = Pipeline()
    _ = p | ReadFromAsyncIterable(elements, bounded=True) | write
    first = await p.run_async()
    await until(lambda: len(gates) == 1)
    second = await p.run_async()
    await until(lambda: len(gates) == 2)
    for gate, run in zip(gates, (first, second), strict=True):
        gate.set()
        assert await run.wait() == "DONE"
