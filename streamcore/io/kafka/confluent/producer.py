"""A producer on confluent-kafka."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from itertools import repeat, starmap
from operator import length_hint
from typing import Any, Final

from confluent_kafka import KafkaError as ClientError, KafkaException, Message, Producer as Client

from streamcore.engine.slices import Slices
from streamcore.io.kafka import advice
from streamcore.io.kafka.client import Outgoing
from streamcore.io.kafka.confluent.bounded_call import end_soon
from streamcore.io.kafka.confluent.client_log import ClientLog
from streamcore.io.kafka.confluent.connecting import Calls
from streamcore.io.kafka.confluent.failures import failure_of
from streamcore.io.kafka.confluent.properties import make_client, producer_properties
from streamcore.io.kafka.errors import (
    KafkaAbortableError,
    KafkaAuthorizationError,
    KafkaError,
    KafkaFatalError,
    KafkaFencedError,
)
from streamcore.io.kafka.settings import ClientSettings
from streamcore.timestamp import MIN_MICROS

# How long a thread waits for room in the queue or for deliveries in one go, in seconds.
WAIT: Final = 0.1
# How often librdkafka may report, in seconds.
SERVE: Final = 0.02
# How many records are handed over before it is looked whether other tasks of the event loop should get their turn.
CHUNK: Final = 200
ANY_PARTITION: Final = -1
# The timestamp that stands for the time of writing, in librdkafka and, as that of an element without a time, in ours.
NOW: Final = 0
NO_TIME: Final = MIN_MICROS // 1000
# How long a topic that the broker makes on demand may take, in seconds.
CREATION: Final = 2.0
NOT_YET: Final = frozenset({ClientError.UNKNOWN_TOPIC_OR_PART, ClientError.LEADER_NOT_AVAILABLE})
# What is wrong with records of a batch. `produce` tells the first of one record, before there is a batch.
BATCH_REFUSED: Final = frozenset(
    {
        ClientError.MSG_SIZE_TOO_LARGE,
        ClientError.RECORD_LIST_TOO_LARGE,
        ClientError.INVALID_MSG,
        ClientError.INVALID_RECORD,
        ClientError.INVALID_TIMESTAMP,
        ClientError._INVALID_DIFFERENT_RECORD,
    }
)
# What is wrong with the record itself; writing it again in another transaction would not help.
RECORD_REFUSED: Final = BATCH_REFUSED | frozenset(
    {
        ClientError._UNKNOWN_TOPIC,
        ClientError._UNKNOWN_PARTITION,
        ClientError.UNKNOWN_TOPIC_OR_PART,
        ClientError.TOPIC_AUTHORIZATION_FAILED,
    }
)
DROPPED: Final = frozenset({ClientError._PURGE_QUEUE, ClientError._PURGE_INFLIGHT})

# Arguments of `produce`: topic, value and key, and all others if any record needs more. By position it takes half the
# time of naming them, and three of them two thirds of that.
Row = tuple[Any, ...]


class ConfluentProducer:
    """Implements `Producer`; idempotent unless the properties say otherwise."""

    def __init__(self, settings: ClientSettings, transactional_id: str | None = None) -> None:
        self._settings = settings
        self._log = ClientLog(settings)
        self._calls = Calls(settings, self._log)
        self._lock = threading.Lock()
        self._failure: KafkaError | None = None
        self._closed = False
        self._served = 0.0
        self._is_transactional = transactional_id is not None
        properties = producer_properties(settings, self._log.report, self._note_delivery)
        if transactional_id is not None:
            properties["transactional.id"] = transactional_id
            properties.setdefault("logger", self._log)
        self._client = make_client(Client, properties, settings)

    async def connect(self) -> None:
        await self._calls.connect(self._client)

    async def partitions(self, topic: str) -> int:
        doing, deadline = f"write to topic {topic!r}", time.monotonic() + CREATION
        while True:
            found = await self._calls.call(doing, self._client.list_topics, topic, timeout=self._settings.timeout)
            error = found.topics[topic].error
            if error is None:
                return len(found.topics[topic].partitions)
            if error.code() not in NOT_YET or time.monotonic() > deadline:
                raise failure_of(error, doing, self._settings)
            await asyncio.sleep(WAIT)

    async def send(self, records: Outgoing) -> None:
        rows, at = _rows(records), 0
        slices = Slices()
        while at < len(rows):
            try:
                reached = self._produce(rows, at)
            except KafkaAbortableError:
                await self._hear_why()
                raise
            if self._serve():
                await self._calls.look_for_broker(self._client)
            self._check()
            if reached == at:  # the queue is full
                await self._calls.call("write", self._client.poll, WAIT)
            else:
                await slices.give_way()
            at = reached

    async def flush(self) -> None:
        while await self._calls.call("write", self._client.flush, WAIT):
            self._check()
        await self._calls.look_for_broker(self._client)
        self._check()

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            await end_soon(self._discard)

    def _produce(self, rows: list[Row], start: int) -> int:
        """Hands over some rows; returns the index of the first that is left."""
        chunk = rows[start : start + CHUNK]
        left = iter(chunk)
        try:
            deque(starmap(self._client.produce, left), maxlen=0)
        except BufferError:
            return start + len(chunk) - length_hint(left) - 1
        except KafkaException as error:
            raise self._failure_of(chunk[-length_hint(left) - 1], self._reason_of(error.args[0])) from None
        except (TypeError, ValueError, OverflowError) as error:
            row = chunk[-length_hint(left) - 1]
            raise advice.refusal(row, f"{error}; keys and values must be bytes, str or None") from error
        return start + len(chunk)

    async def _hear_why(self) -> None:
        """Raises what was wrong with a record that was handed over before.

        librdkafka takes nothing more for its transaction as soon as the broker has refused one, and reports that record
        a little later: it says by itself whether another transaction would help.
        """
        deadline = time.monotonic() + WAIT
        while self._failure is None and time.monotonic() < deadline:
            await self._calls.call("write", self._client.poll, WAIT)
        self._check()

    def _note_delivery(self, error: ClientError | None, message: Message) -> None:
        """Called by librdkafka for a record that it gives up, in a thread or in `poll`."""
        if error is None or error.code() in DROPPED or self._failure is not None:
            return
        row = (message.topic() or "", message.value(), message.key())
        failure = self._failure_of(row, error, f"; {advice.BATCH}" if error.code() in BATCH_REFUSED else "")
        with self._lock:
            self._failure = self._failure or failure

    def _serve(self) -> bool:
        """Has librdkafka make the calls to us that are due, now and then; whether it was time for that."""
        now = time.monotonic()
        if now - self._served < SERVE:
            return False
        self._served = now
        try:
            self._client.poll(0)
        except KafkaException as error:
            raise failure_of(error, "write", self._settings) from None
        return True

    def _reason_of(self, error: ClientError) -> ClientError:
        """The error itself, or, where it only tells that the client has failed for good, what it has failed with."""
        if error.code() == ClientError._FATAL:
            try:
                self._client.poll(0)
            except KafkaException as reason:
                fatal: ClientError = reason.args[0]
                return fatal
        return error

    def _failure_of(self, row: tuple[Any, ...], error: ClientError, hint: str = "") -> KafkaError:
        refusal = advice.refusal(row, self._settings.hide(error.str()) + hint)
        cause = failure_of(error, f"write to topic {row[0]!r}", self._settings)
        if isinstance(cause, KafkaAuthorizationError):
            return cause
        if isinstance(cause, KafkaFencedError | KafkaFatalError):
            return type(cause)(str(refusal))
        if self._is_transactional and error.code() not in RECORD_REFUSED:
            return KafkaAbortableError(str(refusal))
        return refusal

    def _check(self) -> None:
        refusal = self._failure or self._log.refusal()
        if refusal is not None:
            raise refusal

    def _discard(self) -> None:
        """Ends the client without writing what is left; its own `close` would wait for that."""
        with contextlib.suppress(KafkaException):  # of a client that was fenced, and has told so
            self._client.purge()
            self._client.flush(0)
        del self._client


def _rows(records: Outgoing) -> list[Row]:
    stamps, partitions = records.timestamps, records.partitions
    topics = repeat(records.topics) if isinstance(records.topics, str) else records.topics
    if stamps is None and partitions is None and records.headers is None:
        return list(zip(topics, records.values, records.keys))
    return list(
        zip(
            topics,
            records.values,
            records.keys,
            repeat(ANY_PARTITION) if partitions is None else [ANY_PARTITION if p is None else p for p in partitions],
            repeat(None),  # called on delivery is what the properties say
            repeat(None),
            repeat(NOW) if stamps is None else _millis(records, stamps),
            repeat(None) if records.headers is None else [list(h) if h else None for h in records.headers],
        )
    )


def _millis(records: Outgoing, stamps: list[int]) -> list[int]:
    millis = [micros // 1000 for micros in stamps]
    if NOW in millis:
        index = millis.index(NOW)
        topic = records.topics if isinstance(records.topics, str) else records.topics[index]
        reason = (
            "its timestamp is 0, the beginning of 1970, which librdkafka takes for the time of writing; "
            "give it another one, or use client='aiokafka'"
        )
        raise advice.refusal((topic, records.values[index], records.keys[index]), reason)
    return [NOW if milli == NO_TIME else milli for milli in millis] if NO_TIME in millis else millis
