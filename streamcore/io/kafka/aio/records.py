"""Records of aiokafka by columns."""

from __future__ import annotations

from typing import Any, Final

from streamcore.io.kafka.records import Records
from streamcore.timestamp import MIN_MICROS

# How Kafka writes that there is no timestamp.
NONE: Final = -1


def columns_of(records: list[Any], next_offset: int) -> Records:
    """The columns of records of one partition."""
    return Records(
        keys=[record.key for record in records],
        values=[record.value for record in records],
        timestamps=[MIN_MICROS if record.timestamp == NONE else record.timestamp * 1000 for record in records],
        timestamp_types=[0 if record.timestamp == NONE else record.timestamp_type + 1 for record in records],
        offsets=[record.offset for record in records],
        headers=[record.headers for record in records],
        next_offset=next_offset,
    )
