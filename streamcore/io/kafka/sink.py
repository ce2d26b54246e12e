"""The sink behind WriteToKafka: every record is written, and after a crash some may be written again."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from typing import Any

from streamcore.errors import InvariantError
from streamcore.io.kafka.client import Producer
from streamcore.io.kafka.outgoing import RecordFormat, RecordMaker
from streamcore.io.kafka.settings import ClientSettings
from streamcore.model.bundle import Bundle
from streamcore.model.sink import Sink


class KafkaSink(Sink[Any]):
    """Writes at least once: a checkpoint is taken only when all that was written before it has arrived.

    Args:
        record_format: Makes records of elements.
        settings: How clients are set up.
        make_producer: Makes a producer.
    """

    def __init__(
        self, record_format: RecordFormat, settings: ClientSettings, make_producer: Callable[[ClientSettings], Producer]
    ) -> None:
        self._format = record_format
        self._settings = settings
        self._make_producer = make_producer
        self._producer: Producer | None = None
        self._maker = RecordMaker(record_format)

    def for_run(self) -> KafkaSink:
        """A sink with a producer of its own."""
        return copy.copy(self)

    async def open(self) -> None:
        """Waits for a broker, and looks whether the topic is there.

        Raises:
            KafkaError: If no broker answers, or there is no such topic.
        """
        # A client that needs a token may wait for it.
        self._producer = await asyncio.to_thread(self._make_producer, self._settings)
        self._maker = RecordMaker(self._format)
        try:
            await self._producer.connect()
            if isinstance(self._format.topic, str):
                await self._producer.partitions(self._format.topic)
        except BaseException:
            await self.abort()
            raise

    async def write(self, bundle: Bundle) -> None:
        """Hands the records to the client, and waits while its queue is full."""
        await self._open_producer.send(await self._maker.records(bundle))

    async def sync(self) -> None:
        """Waits until all records have arrived; those behind the last checkpoint stay, and are written again."""
        await self._open_producer.flush()

    async def close(self) -> None:
        """Waits until all records have arrived, and ends the client."""
        if self._producer is not None:
            await self._producer.flush()
            await self.abort()

    async def abort(self) -> None:
        """Ends the client."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.close()

    @property
    def _open_producer(self) -> Producer:
        if self._producer is None:
            what = "a Kafka sink is written to before it is opened"
            raise InvariantError(what)
        return self._producer
