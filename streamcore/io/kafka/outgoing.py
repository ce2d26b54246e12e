"""Makes records of elements, column by column."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from operator import index
from types import NoneType
from typing import Any, Final

from streamcore.errors import SinkError, shorten
from streamcore.io.kafka.client import Outgoing
from streamcore.io.kafka.options import Serialize
from streamcore.io.kafka.records import Headers
from streamcore.io.kafka.serde import RecordPart, Serde, serialize_column
from streamcore.model.bundle import Bundle
from streamcore.timestamp import MAX_MICROS, MIN_MICROS, TimestampTypes, to_micros

Serializer = Callable[[Any], bytes]
# In milliseconds.
NO_TIMESTAMP: Final = -1
PLAIN_TYPES: Final = (bytes, NoneType)
PLAIN: Final = frozenset(PLAIN_TYPES)
LAST_PARTITION: Final = 2**31 - 1


@dataclasses.dataclass(frozen=True, slots=True)
class RecordFormat:
    """What records are made of elements.

    Attributes:
        topic: The topic of all, or a function of an element that tells it.
        key: Tells the key of an element; None, if `value` is None as well: elements are pairs; else: no key.
        value: Tells the value of an element; None, if `key` is None as well: elements are pairs; else: the element.
        headers: Tells the headers; None for none.
        timestamp: Tells the timestamp; `element` for that of the element; None for the time of writing.
        partition: Tells the partition, or None where the client is to choose; None: it chooses always.
        key_serializer: Makes bytes of keys; None where keys are bytes.
        value_serializer: Makes bytes of values; None where values are bytes.
    """

    topic: str | Callable[[Any], str]
    key: Callable[[Any], Any] | None = None
    value: Callable[[Any], Any] | None = None
    headers: Callable[[Any], Headers] | None = None
    timestamp: str | Callable[[Any], TimestampTypes] | None = None
    partition: Callable[[Any], int | None] | None = None
    key_serializer: Serialize = None
    value_serializer: Serialize = None


class RecordMaker:
    """Makes records in one run, in which it remembers the serializers of topics."""

    def __init__(self, record_format: RecordFormat) -> None:
        self._format = record_format
        self._serializers: dict[tuple[str, RecordPart], Serializer] = {}

    async def records(self, bundle: Bundle) -> Outgoing:
        """The records of a bundle.

        Raises:
            SinkError: If a function fails, or its result is not what it should be; it tells of which element.
        """
        elements = bundle.values
        keys, values = self._keys_and_values(elements)
        topics = self._topics(elements)
        return Outgoing(
            topics,
            await self._serialized(topics, keys, RecordPart.KEY, self._format.key_serializer, elements),
            await self._serialized(topics, values, RecordPart.VALUE, self._format.value_serializer, elements),
            self._timestamps(bundle),
            self._headers(elements),
            self._partitions(elements),
        )

    def _keys_and_values(self, elements: list[Any]) -> tuple[list[Any], list[Any]]:
        key, value = self._format.key, self._format.value
        if key is None and value is None:
            try:
                return [k for k, _ in elements], [v for _, v in elements]
            except (TypeError, ValueError):
                wrong = next(element for element in elements if not _is_pair(element))
                msg = (
                    f"WriteToKafka takes pairs of key and value, got {shorten(wrong)}; "
                    "give value=, and key=, as functions of an element"
                )
                raise SinkError(msg) from None
        keys = [None] * len(elements) if key is None else _told("key", key, elements)
        return keys, elements if value is None else _told("value", value, elements)

    def _topics(self, elements: list[Any]) -> str | list[str]:
        topic = self._format.topic
        if isinstance(topic, str):
            return topic
        topics = _told("topic", topic, elements)
        if set(map(type, topics)) != {str} or "" in topics:
            position = next(at for at, name in enumerate(topics) if not isinstance(name, str) or not name)
            msg = f"`topic` must return the name of a topic, got {topics[position]!r} for {shorten(elements[position])}"
            raise SinkError(msg)
        return topics

    def _headers(self, elements: list[Any]) -> list[Headers] | None:
        if self._format.headers is None:
            return None
        columns = _told("headers", self._format.headers, elements)
        for headers, element in zip(columns, elements):
            if headers and not _are_headers(headers):
                msg = (
                    "`headers` must return pairs of a name, a str, and bytes or None, as [('trace', b'1')], got "
                    f"{shorten(headers)} for {shorten(element)}"
                )
                raise SinkError(msg)
        return columns

    def _partitions(self, elements: list[Any]) -> list[int | None] | None:
        if self._format.partition is None:
            return None
        numbers = _told("partitioner", self._format.partition, elements)
        for number, element in zip(numbers, elements):
            if number is not None and not _is_partition(number):
                msg = (
                    "`partitioner` must return the number of a partition, or None where the client is to choose, got "
                    f"{shorten(number)} for {shorten(element)}"
                )
                raise SinkError(msg)
        return numbers

    def _timestamps(self, bundle: Bundle) -> list[int] | None:
        timestamp = self._format.timestamp
        if timestamp is None:
            return None
        if isinstance(timestamp, str):
            stamps = bundle.timestamp_list()
        else:
            tell = timestamp
            stamps = _told("timestamp", lambda element: to_micros(tell(element)), bundle.values)
        _refuse_unwritable(stamps, bundle.values)
        return stamps

    async def _serialized(
        self,
        topics: str | list[str],
        column: list[Any],
        part: RecordPart,
        serialize: Serialize,
        elements: list[Any],
    ) -> list[bytes | None]:
        if serialize is None:
            return _bytes_only(column, part, elements)
        if isinstance(topics, list) and isinstance(serialize, Serde):
            functions = {topic: await self._serializer(topic, part, serialize) for topic in set(topics)}
            pairs = [None if v is None else (functions[topic], v) for topic, v in zip(topics, column)]
            return _converted(lambda pair: pair[0](pair[1]), pairs, part, elements)
        one = topics if isinstance(topics, str) else ""
        return _converted(await self._serializer(one, part, serialize), column, part, elements)

    async def _serializer(self, topic: str, part: RecordPart, serialize: Serde[Any] | Serializer) -> Serializer:
        if not isinstance(serialize, Serde):
            return serialize
        known = self._serializers.get((topic, part))
        if known is None:
            making: Awaitable[Serializer] = serialize.serializer(topic, part)
            known = self._serializers[topic, part] = await making
        return known


def _converted(
    serialize: Serializer, column: Sequence[Any], part: RecordPart, elements: list[Any]
) -> list[bytes | None]:
    values, failures = serialize_column(serialize, column)
    if failures:
        position, error = failures[0]
        msg = f"the {part.value} of {shorten(elements[position])} cannot be serialized: {type(error).__name__}: {error}"
        raise SinkError(msg) from error
    return values


def _bytes_only(column: list[Any], part: RecordPart, elements: list[Any]) -> list[bytes | None]:
    if set(map(type, column)) <= PLAIN:
        return column
    for position, item in enumerate(column):
        if item is not None and not isinstance(item, bytes):
            msg = (
                f"the {part.value} of a record must be bytes or None, got {shorten(item)} for "
                f"{shorten(elements[position])}; give {part.value}_serializer=, such as JsonSerde()"
            )
            raise SinkError(msg)
    return column


def _refuse_unwritable(stamps: list[int], elements: list[Any]) -> None:
    if min(stamps, default=0) >= 0 and max(stamps, default=0) <= MAX_MICROS:
        return
    for micros, element in zip(stamps, elements):
        if micros // 1000 == NO_TIMESTAMP:
            msg = (
                f"the timestamp of {shorten(element)} is one millisecond before 1970, by which Kafka means that there "
                "is none; give it another one"
            )
            raise SinkError(msg)
        if not MIN_MICROS <= micros <= MAX_MICROS:
            msg = f"the timestamp of {shorten(element)} is out of range, got {micros / 1_000_000:.6g} s; give seconds"
            raise SinkError(msg)


def _told(option: str, function: Callable[[Any], Any], elements: list[Any]) -> list[Any]:
    """What a function of the user tells of each element."""
    told: list[Any] = []
    try:
        told.extend(map(function, elements))
        if len(told) < len(elements):
            what = "it raised StopIteration"
            raise RuntimeError(what)
    except Exception as error:
        msg = f"`{option}` failed on {shorten(elements[len(told)])}: {type(error).__name__}: {error}"
        raise SinkError(msg) from error
    return told


def _are_headers(headers: Any) -> bool:
    return isinstance(headers, list | tuple) and all(
        _is_pair(header) and isinstance(header[0], str) and isinstance(header[1], PLAIN_TYPES) for header in headers
    )


def _is_partition(number: Any) -> bool:
    try:
        return 0 <= index(number) <= LAST_PARTITION
    except TypeError:
        return False


def _is_pair(element: Any) -> bool:
    try:
        _, _ = element
    except (TypeError, ValueError):
        return False
    return True
