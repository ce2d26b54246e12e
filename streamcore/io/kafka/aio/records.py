"""Records of aiokafka by columns."""

from __future__ import annotations

from typing import Any

from streamcore.io.kafka.client import Headers
from streamcore.timestamp import MIN_MICROS


class AioRecords:
    """Records of one partition; implements `Records`."""

    __slots__ = ("_records", "next_offset")

    def __init__(self, records: list[Any], next_offset: int) -> None:
        self._records = records
        self.next_offset = next_offset

    def __len__(self) -> int:
        return len(self._records)

    def keys(self) -> list[bytes | None]:
        return [record.key for record in self._records]

    def values(self) -> list[bytes | None]:
        return [record.value for record in self._records]

    def timestamps(self) -> list[int]:
        return [record.timestamp * 1000 if record.timestamp >= 0 else MIN_MICROS for record in self._records]

    def timestamp_types(self) -> list[int]:
        return [0 if record.timestamp < 0 else record.timestamp_type + 1 for record in self._records]

    def offsets(self) -> list[int]:
        return [record.offset for record in self._records]

    def headers(self) -> list[Headers]:
        return [record.headers for record in self._records]

    def slice(self, start: int, stop: int) -> AioRecords:
        if stop >= len(self._records):
            return AioRecords(self._records[start:], self.next_offset)
        return AioRecords(self._records[start:stop], self._records[stop].offset)
