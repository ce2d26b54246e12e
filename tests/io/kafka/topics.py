"""Topics with contents, for tests of reading and writing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from confluent_kafka import Producer

from streamcore import Pipeline
from streamcore.graph.ptransform import PTransform
from streamcore.io import WriteToCallable
from streamcore.io.kafka import ReadFromKafka
from streamcore.model.source import Reader, Source
from tests.servers.broker import Broker

Row = tuple[Any, Any, int, int]


def fill(broker: Broker, topic: str, values: list[Any], *, insists: bool = False, **columns: Any) -> None:
    """Writes values by another client than the one that is tested; `keys`, `partitions`, `millis`, `headers`.

    A broker that has just started refuses some batches, and one that stood still answers late: unless it `insists`,
    batches overtake others, or are written twice.
    """
    properties = {"bootstrap.servers": broker.bootstrap, "enable.idempotence": insists, "linger.ms": 0, "log_level": 0}
    client = Producer(properties)
    for number, value in enumerate(values):
        options = {"partition": columns.get("partitions", [0] * len(values))[number]}
        if "millis" in columns:
            options["timestamp"] = columns["millis"][number]
        if "headers" in columns:
            options["headers"] = columns["headers"][number]
        client.produce(topic, value, columns["keys"][number] if "keys" in columns else None, **options)
    if client.flush(30):
        raise AssertionError("the topic could not be filled")


async def collect(transform: PTransform[Any, Any]) -> list[Any]:
    """The elements of a bounded read."""
    found: list[Any] = []
    async with asyncio.timeout(60), Pipeline() as p:
        _ = p | transform | WriteToCallable(found.append)
    return found


class Watched:
    """A run of an unbounded read, and the elements that have come so far."""

    def __init__(self, transform: PTransform[Any, Any]) -> None:
        self.found: list[Any] = []
        self._changed = asyncio.Event()
        self._transform = transform
        self.handle: Any = None

    async def __aenter__(self) -> Watched:
        p = Pipeline()
        _ = p | self._transform | WriteToCallable(self._take)
        self.handle = await p.run_async()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.handle.cancel()

    def _take(self, element: Any) -> None:
        self.found.append(element)
        self._changed.set()

    async def until(self, done: Callable[[list[Any]], bool], seconds: float = 60) -> list[Any]:
        """Waits until the elements are as wanted; raises what the run fails with."""
        async with asyncio.timeout(seconds):
            while not done(self.found):
                self._changed.clear()
                changed = asyncio.ensure_future(self._changed.wait())
                ended = asyncio.ensure_future(self.handle.wait())
                await asyncio.wait({changed, ended}, return_when=asyncio.FIRST_COMPLETED)
                changed.cancel()
                if ended.done():
                    ended.result()
                ended.cancel()
        return self.found

    async def until_count(self, count: int) -> list[Any]:
        """Waits for a number of elements."""
        return await self.until(lambda found: len(found) >= count)


async def read_split(source: Source[Any], split: str, position: Any, count: int) -> tuple[list[Any], Any]:
    """Elements of a split, and the position behind them."""
    reader: Reader[Any] = source.open(split, position)
    found: list[Any] = []
    async with asyncio.timeout(60):
        while len(found) < count:
            batch = await reader.poll(count - len(found))
            if batch is None:
                break
            found += batch.values
    at = reader.position()
    await reader.close()
    return found, at


def read(broker: Broker, client: Any, *topics: str, **options: Any) -> ReadFromKafka:
    """A bounded read, unless it is said otherwise."""
    options = {"until": "latest", "client": client, **options}
    return ReadFromKafka(topics or None, broker.bootstrap, **options)
