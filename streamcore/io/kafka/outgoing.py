"""From the elements of a bundle to the columns of records that are written."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

from streamcore.errors import SinkError, shorten
from streamcore.io.kafka.client import Headers, Outgoing
from streamcore.io.kafka.options import Serialize
from streamcore.io.kafka.serde import RecordPart, Serde, serialize_column
from streamcore.model.bundle import Bundle
from streamcore.timestamp import TimestampTypes, to_micros

OfElement: TypeAlias = Callable[[Any], Any]
RecordTime: TypeAlias = Literal["event"] | Callable[[Any], TimestampTypes] | None


@dataclasses.dataclass(frozen=True, slots=True)
class RecordFormat:
    """What records are made of elements; the functions take an element.

    Attributes:
        topic: The topic, or a function that tells it.
        key: Tells the key; None with `value` for elements that are pairs of key and value.
        value: Tells the value; None with `key` for the element itself.
        key_serializer: A serde, or a function that returns bytes, for keys; None for keys that are bytes.
        value_serializer: The same for values.
        headers: Tells the headers.
        timestamp: Tells the record's time; "event" for the element's event time; None for the time of writing.
        partition: Tells the partition; None leaves that to the client, which goes by the key.
    """

    topic: str | Callable[[Any], str]
    key: OfElement | None
    value: OfElement | None
    key_serializer: Serialize
    value_serializer: Serialize
    headers: Callable[[Any], Headers] | None
    timestamp: RecordTime
    partition: Callable[[Any], int | None] | None


class RecordMaker:
    """Makes the records of a run.

    Args:
        format: What records are made of elements.
    """

    def __init__(self, format: RecordFormat) -> None:
        self._format = format
        self._serializers: dict[tuple[str, RecordPart], Callable[[Any], bytes]] = {}

    async def records(self, bundle: Bundle) -> Outgoing:
        """The records of a bundle.

        Raises:
            SinkError: For an element that no record can be made of; it is named.
        """
        form, elements = self._format, bundle.values
        topics = form.topic if isinstance(form.topic, str) else _each(form.topic, elements, "topic")
        keys, values = self._pairs(elements)
        return Outgoing(
            topics,
            await self._serialized(form.key_serializer, RecordPart.KEY, topics, keys, elements),
            await self._serialized(form.value_serializer, RecordPart.VALUE, topics, values, elements),
            self._timestamps(bundle),
            None if form.headers is None else _each(form.headers, elements, "headers"),
            None if form.partition is None else _each(form.partition, elements, "partition"),
        )

    def _pairs(self, elements: list[Any]) -> tuple[list[Any], list[Any]]:
        form = self._format
        if form.key is None and form.value is None:
            for element in elements:
                if not isinstance(element, tuple | list) or len(element) != 2:
                    raise _refusal(element, "it is no pair (key, value); say how to make one by `key` and `value`")
            return [element[0] for element in elements], [element[1] for element in elements]
        keys = [None] * len(elements) if form.key is None else _each(form.key, elements, "key")
        return keys, elements if form.value is None else _each(form.value, elements, "value")

    def _timestamps(self, bundle: Bundle) -> list[int] | None:
        timestamp = self._format.timestamp
        if timestamp is None:
            return None
        if timestamp == "event":
            return bundle.timestamp_list()
        return _each(lambda element: to_micros(timestamp(element)), bundle.values, "timestamp")

    async def _serialized(
        self, serialize: Serialize, part: RecordPart, topics: str | list[str], column: list[Any], elements: list[Any]
    ) -> list[bytes | None]:
        if serialize is None:
            return column
        if isinstance(topics, str):
            return await self._serialized_for(topics, serialize, part, column, elements)
        out: list[bytes | None] = [None] * len(column)
        for topic in dict.fromkeys(topics):
            places = [place for place, other in enumerate(topics) if other == topic]
            some, whole = [column[place] for place in places], [elements[place] for place in places]
            for place, written in zip(
                places, await self._serialized_for(topic, serialize, part, some, whole), strict=True
            ):
                out[place] = written
        return out

    async def _serialized_for(
        self,
        topic: str,
        serialize: Serde[Any] | Callable[[Any], bytes],
        part: RecordPart,
        column: list[Any],
        elements: list[Any],
    ) -> list[bytes | None]:
        serializer = self._serializers.get((topic, part))
        if serializer is None:
            serializer = await serialize.serializer(topic, part) if isinstance(serialize, Serde) else serialize
            self._serializers[topic, part] = serializer
        converted = serialize_column(serializer, column)
        for failure in converted.failures:
            raise _refusal(elements[failure.position], f"its {part.value} for topic {topic!r}: {failure.error}")
        return list(converted.values)


def _each(fn: OfElement, elements: Sequence[Any], what: str) -> list[Any]:
    out: list[Any] = []
    try:
        out.extend(map(fn, elements))
    except Exception as error:
        reason = f"the function for its {what} raised {type(error).__name__}: {error}"
        raise _refusal(elements[len(out)], reason) from error
    if len(out) != len(elements):
        raise _refusal(elements[len(out)], f"the function for its {what} raised StopIteration; return a value instead")
    return out


def _refusal(element: Any, reason: str) -> SinkError:
    return SinkError(f"element {shorten(element)} cannot be written to Kafka: {reason}")
