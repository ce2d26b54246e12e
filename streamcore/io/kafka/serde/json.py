"""JsonSerde: payloads that are JSON documents."""

from __future__ import annotations

import builtins
import dataclasses
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar, overload

import msgspec
import orjson

from streamcore.errors import PipelineError
from streamcore.io.json_text import plain, unknown
from streamcore.io.kafka.serde.serde import Deserializer, RecordPart, Serde

T = TypeVar("T")

ANY_KEYS: Final = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


@dataclasses.dataclass(frozen=True, slots=True, init=False)
class JsonSerde(Serde[T], Generic[T]):
    """JSON documents, as dicts, lists and plain values, or as values of a type.

    Args:
        type: What each document is deserialized to, and checked against: a `msgspec.Struct` (the fastest), a dataclass,
            a `TypedDict`, and what else msgspec knows; None for dicts, lists and plain values.

    Raises:
        PipelineError: If msgspec cannot decode JSON to the type.

    >>> import dataclasses
    >>> @dataclasses.dataclass
    ... class Click:
    ...     user: str
    ...     at: int
    >>> JsonSerde(Click).deserializer().deserialize(b'{"user": "ann", "at": 12}')
    Click(user='ann', at=12)
    """

    type: Any

    @overload
    def __init__(self: JsonSerde[Any], type: None = None) -> None: ...

    @overload
    def __init__(self, type: builtins.type[T]) -> None: ...

    def __init__(self, type: Any = None) -> None:
        try:
            msgspec.json.Decoder(Any if type is None else type)
        except TypeError as error:
            msg = f"`type` must be one that msgspec can decode JSON to, got {type!r}: {error}"
            raise PipelineError(msg) from error
        object.__setattr__(self, "type", type)

    def deserializer(self) -> Deserializer[T]:
        """Decodes by orjson, or with a type by msgspec."""
        if self.type is None:
            return Deserializer(orjson.loads)
        return Deserializer(msgspec.json.Decoder(self.type).decode)

    async def serializer(self, topic: str, part: RecordPart) -> Callable[[T], bytes]:
        """Encodes what orjson or, with a type, msgspec knows, and timestamps; it does not check the type."""
        return _to_json if self.type is None else msgspec.json.Encoder(enc_hook=unknown).encode


def _to_json(value: Any) -> bytes:
    try:
        return orjson.dumps(value, plain)
    except TypeError:
        return orjson.dumps(value, plain, ANY_KEYS)
