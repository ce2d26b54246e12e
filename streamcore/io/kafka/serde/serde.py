"""What a serde is: how the bytes of a record's key or value become a Python value, and back."""

from __future__ import annotations

import dataclasses
import enum
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class RecordPart(enum.Enum):
    """The part of a record that a serde works on."""

    KEY = "key"
    VALUE = "value"


@dataclasses.dataclass(frozen=True, slots=True)
class Deserializer(Generic[T]):
    """Makes values of bytes.

    Attributes:
        deserialize: The value of one payload; it is never given None. What it raises is what is wrong with the
            payload. A C function is called straight from a C loop.
        prepare: Awaited with a column of payloads before the first of them is deserialized, or None where there is
            nothing to prepare. It fetches what they need from elsewhere, such as schemas not seen before. What it
            raises is no fault of a single payload and stops the pipeline. It can be cancelled, and then be called
            again with the same payloads.
    """

    deserialize: Callable[[bytes], T]
    prepare: Callable[[Sequence[bytes | None]], Awaitable[None]] | None = None


class Serde(ABC, Generic[T]):
    """Tells how the keys or values of a topic are written; it is given to a reader or a writer of records.

    A record without a key, or with a null value (a tombstone), has None there; a serde never gets to see it.

    >>> class LongSerde(Serde[int]):
    ...     def deserializer(self) -> Deserializer[int]:
    ...         return Deserializer(int.from_bytes)
    ...
    ...     async def serializer(self, topic: str, part: RecordPart) -> Callable[[int], bytes]:
    ...         return lambda value: value.to_bytes(8)
    >>> LongSerde().deserializer().deserialize(bytes([0, 0, 1, 0]))
    256
    """

    @abstractmethod
    def deserializer(self) -> Deserializer[T]:
        """What deserializes the payloads of a run; all readers of the run can share one."""

    @abstractmethod
    async def serializer(self, topic: str, part: RecordPart, /) -> Callable[[T], bytes]:
        """The function that makes bytes of a value; it is asked for once per topic, and never called with None.

        Args:
            topic: Where the records go.
            part: What the bytes will be in the record.
        """
