"""AvroSerde: payloads in Avro's binary encoding."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

from streamcore.errors import MissingExtraError, PipelineError, shorten
from streamcore.io.kafka.serde.framing import FRAME, FramedPayloads, PayloadError, frame
from streamcore.io.kafka.serde.registry import Schema, SchemaRegistry
from streamcore.io.kafka.serde.serde import Deserializer, RecordPart, Serde
from streamcore.io.kafka.serde.subjects import SubjectNameStrategy

KIND = "AVRO"


@dataclasses.dataclass(frozen=True, slots=True)
class AvroSerde(Serde[Any]):
    r"""Avro records as dicts, with logical types as Python values: dates, times, decimals, UUIDs.

    With a registry each payload names the schema it was written with. Without one, all were written with the same:
    `writer_schema`, or `schema` if that is not given. Needs `pip install 'streamcore-engine[avro]'`.

    Args:
        schema: How values look in the pipeline, as JSON text or what it stands for. Payloads of another schema are
            converted as Avro's rules of schema resolution say: new fields get their defaults, dropped ones vanish. None
            if a registry shall tell: values then come as they were written, and none can be written.
        writer_schema: Without a registry: the schema the payloads were written with, if it is not `schema`.
        registry: Keeps the schemas.
        subject_name_strategy: Under which subject `schema` is kept.
        auto_register: Whether a writer registers `schema` under its subject. If not, it must be there.

    Raises:
        PipelineError: If a schema is none, or the arguments do not go together.
        MissingExtraError: If fastavro is not installed.

    >>> from streamcore.io.kafka.serde import AvroSerde
    >>> click = {"type": "record", "name": "Click", "fields": [{"name": "user", "type": "string"}]}
    >>> AvroSerde(click).deserializer().deserialize(b"\x06ann")
    {'user': 'ann'}
    """

    schema: Any = None
    writer_schema: Any = None
    registry: SchemaRegistry | None = None
    subject_name_strategy: SubjectNameStrategy = SubjectNameStrategy.TOPIC
    auto_register: bool = True

    def __post_init__(self) -> None:
        if self.registry is None and self.schema is None:
            msg = "AvroSerde needs `schema` or `registry`; without a registry, payloads do not tell their schema"
            raise PipelineError(msg)
        if self.registry is not None and self.writer_schema is not None:
            msg = "`writer_schema` and `registry` exclude each other: the registry has what payloads were written with"
            raise PipelineError(msg)
        schema = _parsed("schema", self.schema)
        _parsed("writer_schema", self.writer_schema)
        if self.registry is not None and self.subject_name_strategy is not SubjectNameStrategy.TOPIC:
            _record_name(schema)

    def deserializer(self) -> Deserializer[Any]:
        """Reads a value of each payload; bytes that are left over are an error."""
        schema = _parsed("schema", self.schema)
        if self.registry is None:
            written = schema if self.writer_schema is None else _parsed("writer_schema", self.writer_schema)
            return Deserializer(_reader(written, schema))
        payloads = FramedPayloads(_RegistryReaders(self.registry, schema).load)
        return Deserializer(payloads.deserialize, payloads.prepare)

    async def serializer(self, topic: str, part: RecordPart) -> Callable[[Any], bytes]:
        """Writes values of `schema`; fields that it does not have are an error.

        Raises:
            PipelineError: If there is no schema.
            SchemaRegistryError: If the registry refuses the schema, does not have it, or cannot be asked.
        """
        if self.schema is None:
            msg = f"AvroSerde needs `schema` to write to topic {topic!r}; a registry alone is enough for reading only"
            raise PipelineError(msg)
        schema = _parsed("schema", self.schema)
        if self.registry is None:
            return _writer(schema, b"")
        name = "" if self.subject_name_strategy is SubjectNameStrategy.TOPIC else _record_name(schema)
        subject = self.subject_name_strategy.subject(topic, part, name)
        schema_id = await self.registry.id_of(subject, Schema(KIND, _text(self.schema)), self.auto_register)
        return _writer(schema, frame(schema_id))


class _RegistryReaders:
    """Makes readers of the schemas in a registry."""

    def __init__(self, registry: SchemaRegistry, schema: Any) -> None:
        self._registry = registry
        self._schema = schema

    async def load(self, schema_id: int) -> Callable[[bytes], Any] | None:
        """What reads the payloads of a schema."""
        found = await self._registry.schema(schema_id)
        if found is None:
            return None
        if found.kind != KIND:
            msg = f"schema {schema_id} of the schema registry is of kind {found.kind}, not {KIND}"
            raise PayloadError(msg)
        known: dict[str, Any] = {}
        await self._add_references(found, known)
        written = _parsed_from_registry(found.text, known)
        return _reader(written, written if self._schema is None else self._schema, FRAME.size)

    async def _add_references(self, schema: Schema, known: dict[str, Any]) -> None:
        for reference in schema.references:
            if reference.name not in known:
                found = await self._registry.version(reference)
                await self._add_references(found, known)
                _parsed_from_registry(found.text, known)


def _reader(written: Any, schema: Any, start: int = 0) -> Callable[[bytes], Any]:
    read = _fastavro().schemaless_reader
    # Resolution takes as long as reading.
    wanted = None if schema == written else schema

    def deserialize(payload: bytes) -> Any:
        file = io.BytesIO(payload)
        file.seek(start)
        value = read(file, written, wanted)
        if file.tell() != len(payload):
            msg = f"{len(payload) - file.tell()} bytes are left behind the value; it was written with another schema"
            raise PayloadError(msg)
        return value

    return deserialize


def _writer(schema: Any, start: bytes) -> Callable[[Any], bytes]:
    write = _fastavro().schemaless_writer

    def serialize(value: Any) -> bytes:
        file = io.BytesIO()
        file.write(start)
        write(file, schema, value, strict_allow_default=True)
        return file.getvalue()

    return serialize


def _parsed(name: str, schema: Any) -> Any:
    """What fastavro makes of a schema; None of None."""
    fastavro = _fastavro()
    if schema is None:
        return None
    try:
        return fastavro.parse_schema(json.loads(schema) if isinstance(schema, str) else schema)
    except Exception as error:  # fastavro lets through whatever a malformed schema leads to
        msg = f"`{name}` must be an Avro schema, got {shorten(schema)}: {type(error).__name__}: {error}"
        raise PipelineError(msg) from error


def _parsed_from_registry(text: str, known: dict[str, Any]) -> Any:
    """What fastavro makes of a schema, whose types are then known to those that refer to it."""
    try:
        return _fastavro().parse_schema(json.loads(text), known)
    except Exception as error:  # as above
        msg = f"the schema registry has a schema that fastavro cannot use: {type(error).__name__}: {error}"
        raise PayloadError(msg) from error


def _text(schema: Any) -> str:
    if isinstance(schema, str):
        return schema
    if isinstance(schema, dict):  # fastavro marks what it has parsed, as load_schema() does
        schema = {name: value for name, value in schema.items() if not name.startswith("__")}
    return json.dumps(schema)


def _record_name(schema: Any) -> str:
    name = schema.get("name") if isinstance(schema, dict) else None
    if name is None:
        msg = (
            f"a subject named after the record needs a `schema` with a name, got {shorten(schema)}; "
            "use SubjectNameStrategy.TOPIC"
        )
        raise PipelineError(msg)
    return str(name)


def _fastavro() -> ModuleType:
    try:
        import fastavro  # noqa: PLC0415
    except ImportError as error:
        msg = "Avro needs the library `fastavro`; install it with: pip install 'streamcore-engine[avro]'"
        raise MissingExtraError(msg) from error
    return fastavro
