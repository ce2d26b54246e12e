"""Producers on aiokafka."""

from __future__ import annotations

import asyncio
import contextlib
from itertools import repeat
from typing import Any, Final

from aiokafka import AIOKafkaProducer, errors as theirs

from streamcore.io.kafka import advice
from streamcore.io.kafka.aio.client_log import ConnectionLog
from streamcore.io.kafka.aio.connecting import call, start_client
from streamcore.io.kafka.aio.failures import FENCED, failure_of
from streamcore.io.kafka.aio.properties import producer_properties
from streamcore.io.kafka.client import Outgoing
from streamcore.io.kafka.errors import KafkaError, KafkaTopicError
from streamcore.io.kafka.settings import ClientSettings
from streamcore.timestamp import MIN_MICROS

# How long closing waits for records that are on their way, in seconds, and how long a topic that the broker makes on
# demand may take.
LEAVE: Final = 1.0
CREATION: Final = 2.0
# What is wrong with records of a batch; aiokafka knows no name for a record that is not valid.
BATCH_REFUSED: Final = (
    theirs.MessageSizeTooLargeError,
    theirs.RecordListTooLargeError,
    theirs.CorruptRecordException,
    theirs.InvalidTimestampError,
    theirs.UnknownError,
)


class AioProducer:
    """Implements `Producer`; idempotent unless the properties say otherwise."""

    def __init__(self, settings: ClientSettings) -> None:
        self._settings = settings
        self._properties = producer_properties(settings)
        self._failure: KafkaError | None = None
        self._log = ConnectionLog(settings)
        self._client: Any = None

    async def connect(self) -> None:
        if self._client is None:
            self._client = await start_client(lambda: AIOKafkaProducer(**self._properties), self._settings)
            self._log.attach(self._client.client)

    async def partitions(self, topic: str) -> int:
        doing = f"write to topic {topic!r}"
        try:
            async with asyncio.timeout(CREATION):
                return len(await call(doing, self._settings, lambda: self._client.partitions_for(topic)))
        except TimeoutError:
            msg = f"cannot {doing} at {self._settings.bootstrap_servers}: there is no such topic"
            raise KafkaTopicError(msg) from None

    async def send(self, records: Outgoing) -> None:
        count, topics, stamps = len(records.values), records.topics, records.timestamps
        rows = zip(
            repeat(topics, count) if isinstance(topics, str) else topics,
            records.values,
            records.keys,
            repeat(None, count) if records.partitions is None else records.partitions,
            repeat(None, count) if stamps is None else [_millis(micros) for micros in stamps],
            repeat(None, count) if records.headers is None else records.headers,
        )
        for row in rows:
            self._check()
            await self._send(row)
        self._check()

    async def flush(self) -> None:
        await self._client.flush()
        self._check()

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LEAVE):
                    await client.stop()

    async def _send(self, row: tuple[Any, ...]) -> None:
        topic, value, key, *_ = row
        if key is None and value is None:
            raise advice.refusal(row, "aiokafka writes no record without both; use client='confluent'")
        try:
            delivery = await self._client.send(*row)
        except (*FENCED, theirs.IllegalOperation) as error:
            raise failure_of(error, f"write to topic {topic!r}", self._settings) from None
        except (theirs.KafkaError, AssertionError, TypeError, ValueError) as error:
            raise advice.refusal(row, f"{type(error).__name__}: {self._settings.hide(str(error))}") from error
        delivery.add_done_callback(lambda done: self._note_delivery(done, row))

    def _note_delivery(self, delivery: asyncio.Future[Any], row: tuple[Any, ...]) -> None:
        if delivery.cancelled() or self._failure is not None:
            return
        error = delivery.exception()
        if isinstance(error, FENCED):
            self._failure = failure_of(error, f"write to topic {row[0]!r}", self._settings)
        elif error is not None:
            hint = f"; {advice.BATCH}" if isinstance(error, BATCH_REFUSED) else ""
            self._failure = advice.refusal(row, f"{type(error).__name__}: {self._settings.hide(str(error))}{hint}")

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure


def _millis(micros: int) -> int | None:
    """None, which aiokafka takes for the time of writing, for an element without a time."""
    return None if micros == MIN_MICROS else micros // 1000
