"""Makes elements of records, column by column."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from itertools import repeat
from typing import Any

from streamcore.errors import shorten
from streamcore.io.kafka.client import TopicPartition
from streamcore.io.kafka.record import KafkaRecord
from streamcore.io.kafka.records import Records
from streamcore.io.kafka.serde import (
    BadRecordHandler,
    BadTimestampError,
    DeadLetter,
    Deserializer,
    RecordPart,
    deserialize_column,
    reason_of,
    refuse_record,
)
from streamcore.timestamp import MAX_MICROS, MIN_MICROS, Timestamp, TimestampTypes, to_micros

TimestampFn = Callable[[Any], TimestampTypes]
# Positions of the records that no element can be made of, with what is wrong with them.
Bad = dict[int, tuple[str, Exception]]


@dataclasses.dataclass(frozen=True, slots=True)
class ElementFormat:
    """What the elements of a topic are.

    Attributes:
        key: Makes keys of bytes; None for the bytes themselves.
        value: Makes values of bytes; None for the bytes themselves.
        with_metadata: Whether an element is a `KafkaRecord` and not a pair of key and value.
        timestamp: Tells the timestamp of an element; None for the timestamp of the record.
        on_bad_record: Stands in for a record that cannot be deserialized or has no event time, or raises.
    """

    key: Deserializer[Any] | None = None
    value: Deserializer[Any] | None = None
    with_metadata: bool = False
    timestamp: TimestampFn | None = None
    on_bad_record: BadRecordHandler = refuse_record

    @property
    def needs_preparing(self) -> bool:
        """Whether `prepare` may have something to do."""
        return any(one is not None and one.prepare is not None for one in (self.key, self.value))

    async def prepare(self, records: Records) -> None:
        """Fetches what the deserializers need for these records; may be cancelled and called again."""
        if self.key is not None and self.key.prepare is not None:
            await self.key.prepare(records.keys)
        if self.value is not None and self.value.prepare is not None:
            await self.value.prepare(records.values)

    def elements(self, records: Records, partition: TopicPartition) -> tuple[list[Any], list[int]]:
        """The elements and their timestamps in microseconds."""
        keys, values, bad = records.keys, records.values, Bad()
        if self.key is not None:
            keys, failures = deserialize_column(self.key.deserialize, keys)
            bad |= {failure.position: (reason_of(RecordPart.KEY, failure.error), failure.error) for failure in failures}
        if self.value is not None:
            values, failures = deserialize_column(self.value.deserialize, values)
            bad |= {
                failure.position: (reason_of(RecordPart.VALUE, failure.error), failure.error) for failure in failures
            }
        stamps = records.timestamps
        elements: list[Any]
        if self.with_metadata:
            elements = list(map(KafkaRecord._make, self._rows(records, partition, stamps, keys, values)))
        else:
            elements = list(zip(keys, values))
        if self.timestamp is not None:
            stamps = self._timestamps(elements, stamps, bad, records, partition)
        if stamps and (max(stamps) > MAX_MICROS or min(stamps) < MIN_MICROS):
            stamps = _usable(stamps, bad, records, partition)
        for position, (reason, error) in sorted(bad.items()):
            elements[position] = self.on_bad_record(_letter(records, partition, position, reason), error)
        return elements, stamps

    def _rows(
        self, records: Records, partition: TopicPartition, stamps: list[int], keys: list[Any], values: list[Any]
    ) -> Iterable[tuple[Any, ...]]:
        return zip(
            repeat(partition.topic),
            repeat(partition.partition),
            records.offsets,
            map(Timestamp.of_micros, stamps),
            records.timestamp_types,
            keys,
            values,
            (tuple(headers or ()) for headers in records.headers),
        )

    def _timestamps(
        self,
        elements: list[Any],
        stamps: list[int],
        bad: Bad,
        records: Records,
        partition: TopicPartition,
    ) -> list[int]:
        """The timestamps that the user's function tells; records that it tells none of keep their own."""
        tell, told = self.timestamp, list(stamps)
        for position, element in enumerate(elements):
            if tell is None or position in bad:
                continue
            try:
                told[position] = to_micros(tell(element))
            except Exception as error:
                what = f"{type(error).__name__}: {error}"
                failure = BadTimestampError(
                    f"`timestamp` failed on {_name(records, partition, position)}: {what}; "
                    f"the element is {shorten(element)}"
                )
                failure.__cause__ = error
                bad[position] = (f"timestamp: {what}", failure)
        return told


def _usable(stamps: list[int], bad: Bad, records: Records, partition: TopicPartition) -> list[int]:
    """Timestamps without those that no event time can be; their records are bad."""
    kept = list(stamps)
    for position, micros in enumerate(stamps):
        if MIN_MICROS <= micros <= MAX_MICROS:
            continue
        kept[position] = MIN_MICROS
        what = f"{micros // 1000} ms since 1970 is out of range"
        failure = BadTimestampError(
            f"the timestamp of {_name(records, partition, position)} cannot be an event time: {what}; Kafka counts "
            "milliseconds, a function of `timestamp` tells seconds; give one that reads what was meant, or set such "
            "records aside by with_dead_letters()"
        )
        bad.setdefault(position, (f"timestamp: {what}", failure))
    return kept


def _name(records: Records, partition: TopicPartition, position: int) -> str:
    where = f"partition {partition.partition} of topic {partition.topic!r}"
    return f"the record at offset {records.offsets[position]} of {where}"


def _letter(records: Records, partition: TopicPartition, position: int, reason: str) -> DeadLetter:
    one = records.slice(position, position + 1)
    micros = one.timestamps[0]
    return DeadLetter(
        topic=partition.topic,
        partition=partition.partition,
        offset=one.offsets[0],
        timestamp=Timestamp.of_micros(micros if MIN_MICROS <= micros <= MAX_MICROS else MIN_MICROS),
        key=one.keys[0],
        value=one.values[0],
        headers=tuple(one.headers[0] or ()),
        reason=reason,
    )
