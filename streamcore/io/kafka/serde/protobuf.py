"""ProtobufSerde: payloads that are Protobuf messages."""

from __future__ import annotations

import base64
import binascii
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from streamcore.errors import MissingExtraError, TransformTypeError, describe
from streamcore.io.kafka.serde.framing import FRAME, FramedPayloads, PayloadError, frame
from streamcore.io.kafka.serde.message_indexes import Indexes, read_indexes, write_indexes
from streamcore.io.kafka.serde.registry import Schema, SchemaReference, SchemaRegistry
from streamcore.io.kafka.serde.serde import Deserializer, RecordPart, Serde
from streamcore.io.kafka.serde.subjects import SubjectNameStrategy

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import DescriptorProto
    from google.protobuf.message import Message

M = TypeVar("M", bound="Message")

KIND: Final = "PROTOBUF"
# Every registry has these files built in.
BUILT_IN: Final = ("google/protobuf/", "google/type/", "confluent/")


@dataclasses.dataclass(frozen=True, slots=True)
class ProtobufSerde(Serde[M], Generic[M]):
    """Protobuf messages of one type.

    With a registry each payload names the schema it was written with, and which message of it it holds; a payload that
    holds another message is an error. Needs `pip install 'streamcore-engine[protobuf]'`.

    Args:
        message_type: The class of the messages, as protoc generates it.
        registry: Keeps the schemas.
        schema: The text of the .proto file, to be registered or looked up. None for the compiled form that the class
            holds; Confluent's registry reads it, while Apicurio keeps it but cannot check it for compatibility.
        subject_name_strategy: Under which subject the schema of the messages is kept.
        auto_register: Whether a writer registers the schema, and the files it imports under their own paths. If not,
            they must be there.

    Raises:
        TransformTypeError: If `message_type` is no class of messages.
        MissingExtraError: If protobuf is not installed.

    >>> from google.protobuf.wrappers_pb2 import StringValue
    >>> from streamcore.io.kafka.serde import ProtobufSerde
    >>> ProtobufSerde(StringValue).deserializer().deserialize(bytes([10, 3]) + b"ann").value
    'ann'
    """

    message_type: type[M]
    registry: SchemaRegistry | None = None
    schema: str | None = None
    subject_name_strategy: SubjectNameStrategy = SubjectNameStrategy.TOPIC
    auto_register: bool = True

    def __post_init__(self) -> None:
        message = _message_class()
        if not (isinstance(self.message_type, type) and issubclass(self.message_type, message)):
            msg = (
                f"`message_type` must be a class of Protobuf messages, got {describe(self.message_type)}; "
                "give the class that protoc generated, not an instance"
            )
            raise TransformTypeError(msg)

    def deserializer(self) -> Deserializer[M]:
        """Parses each payload; fields that the message does not know are kept in it."""
        if self.registry is None:
            return Deserializer(self.message_type.FromString)
        payloads = FramedPayloads(_RegistryReaders(self.registry, self.message_type).load)
        return Deserializer(payloads.deserialize, payloads.prepare)

    async def serializer(self, topic: str, part: RecordPart) -> Callable[[M], bytes]:
        """Takes messages of the type only, and writes equal ones as equal bytes.

        Raises:
            SchemaRegistryError: If the registry refuses the schema, does not have it, or cannot be asked.
        """
        if self.registry is None:
            return _writer(self.message_type, b"")
        descriptor = self.message_type.DESCRIPTOR
        subject = self.subject_name_strategy.subject(topic, part, descriptor.full_name)
        schema = await self._schema(self.registry, descriptor.file, self.schema)
        schema_id = await self.registry.id_of(subject, schema, self.auto_register)
        return _writer(self.message_type, frame(schema_id) + write_indexes(_indexes_of(self.message_type)))

    async def _schema(self, registry: SchemaRegistry, file: Any, text: str | None = None) -> Schema:
        """The schema of a file; those of the files that it imports are registered or looked up first."""
        references = []
        for imported in file.dependencies:
            if not imported.name.startswith(BUILT_IN):
                schema = await self._schema(registry, imported)
                await registry.id_of(imported.name, schema, self.auto_register)
                _, version = await registry.lookup(imported.name, schema)
                references.append(SchemaReference(imported.name, imported.name, version))
        return Schema(KIND, text or base64.b64encode(file.serialized_pb).decode(), tuple(references))


class _RegistryReaders(Generic[M]):
    """Makes readers of the schemas in a registry."""

    def __init__(self, registry: SchemaRegistry, message_type: type[M]) -> None:
        self._registry = registry
        self._message_type = message_type

    async def load(self, schema_id: int) -> Callable[[bytes], M] | None:
        """What reads the payloads of a schema."""
        found = await self._registry.schema(schema_id)
        if found is None:
            return None
        if found.kind != KIND:
            msg = f"schema {schema_id} of the schema registry is of kind {found.kind}, not {KIND}"
            raise PayloadError(msg)
        names = _names_in(found) or _names_in(await self._registry.schema(schema_id, serialized=True))
        if names is None:
            # The registry tells the schema as text only: what it holds is taken to stand in the order of our own file.
            names = {_indexes_of(self._message_type): self._message_type.DESCRIPTOR.full_name}
        return _reader(self._message_type, names)


def _reader(message_type: type[M], names: Mapping[Indexes, str]) -> Callable[[bytes], M]:
    parse = message_type.FromString
    wanted = message_type.DESCRIPTOR.full_name

    def deserialize(payload: bytes) -> M:
        indexes, start = read_indexes(payload, FRAME.size)
        name = names.get(indexes)
        if name != wanted:
            held = f"a message {name}" if name else f"the message with the indexes {list(indexes)} of its schema"
            msg = f"a message {wanted} is expected, got {held}"
            raise PayloadError(msg)
        return parse(payload[start:])

    return deserialize


def _writer(message_type: type[M], start: bytes) -> Callable[[M], bytes]:
    def serialize(message: M) -> bytes:
        if not isinstance(message, message_type):
            msg = f"a message {message_type.DESCRIPTOR.full_name} is needed, got {type(message).__name__}"
            raise TypeError(msg)
        return start + message.SerializeToString(deterministic=True)

    return serialize


def _indexes_of(message_type: type[Message]) -> Indexes:
    descriptor = message_type.DESCRIPTOR
    names = _names_in_file(descriptor.file.serialized_pb)
    return next(indexes for indexes, name in names.items() if name == descriptor.full_name)


def _names_in(schema: Schema | None) -> Mapping[Indexes, str] | None:
    """The full names of the messages in a schema, or None if it is not a serialized one."""
    from google.protobuf.message import DecodeError  # noqa: PLC0415

    if schema is None:
        return None
    try:
        return _names_in_file(base64.b64decode(schema.text, validate=True))
    except (binascii.Error, ValueError, DecodeError):
        return None


def _names_in_file(serialized: bytes) -> Mapping[Indexes, str]:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto  # noqa: PLC0415

    file = FileDescriptorProto.FromString(serialized)
    return dict(_walk(file.message_type, (), file.package))


def _walk(messages: Iterable[DescriptorProto], outer: Indexes, scope: str) -> Iterator[tuple[Indexes, str]]:
    for index, message in enumerate(messages):
        name = f"{scope}.{message.name}" if scope else message.name
        yield (*outer, index), name
        yield from _walk(message.nested_type, (*outer, index), name)


def _message_class() -> type[Any]:
    try:
        from google.protobuf.message import Message  # noqa: PLC0415
    except ImportError as error:
        msg = "Protobuf needs the library `protobuf`; install it with: pip install 'streamcore-engine[protobuf]'"
        raise MissingExtraError(msg) from error
    return Message
