"""What tests of sources need: a reader polled by hand, and what a pipeline reads."""

from __future__ import annotations

from typing import Any

from streamcore import Map, Pipeline
from streamcore.graph.ptransform import PTransform
from streamcore.io import WriteToCallable
from streamcore.model.source import Reader, Source


def read_all(transform: PTransform[Any, Any]) -> list[Any]:
    """The elements of a source transform, in the order of their arrival."""
    found: list[Any] = []
    with Pipeline() as p:
        _ = p | transform | Map(lambda element: element) | WriteToCallable(found.append)
    return found


async def poll_all(reader: Reader[Any], limit: int) -> list[list[Any]]:
    """All batches of a reader."""
    batches = []
    while (batch := await reader.poll(limit)) is not None:
        batches.append(batch.values)
    await reader.close()
    return batches


async def poll_and_restore(source: Source[Any], split: str, limit: int) -> list[Any]:
    """All elements of a split, with a new reader from the last one's position after every batch."""
    found: list[Any] = []
    position: object = None
    while True:
        reader = source.open(split, position)
        batch = await reader.poll(limit)
        if batch is None:
            await reader.close()
            return found
        found += batch.values
        position = reader.position()
        await reader.close()
