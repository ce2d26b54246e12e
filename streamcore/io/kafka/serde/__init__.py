"""How the keys and values of records are written: bytes, text, JSON, Avro, Protobuf, with and without a registry."""

from __future__ import annotations

from streamcore.io.kafka.serde.avro import AvroSerde as AvroSerde
from streamcore.io.kafka.serde.columns import (
    Converted as Converted,
    Failure as Failure,
    deserialize_column as deserialize_column,
    serialize_column as serialize_column,
)
from streamcore.io.kafka.serde.dead_letters import (
    BadRecordHandler as BadRecordHandler,
    BadTimestampError as BadTimestampError,
    DeadLetter as DeadLetter,
    reason_of as reason_of,
    refuse_record as refuse_record,
    set_record_aside as set_record_aside,
)
from streamcore.io.kafka.serde.json import JsonSerde as JsonSerde
from streamcore.io.kafka.serde.primitives import BytesSerde as BytesSerde, StrSerde as StrSerde
from streamcore.io.kafka.serde.protobuf import ProtobufSerde as ProtobufSerde
from streamcore.io.kafka.serde.registry import SchemaRegistry as SchemaRegistry
from streamcore.io.kafka.serde.registry_errors import (
    IncompatibleSchemaError as IncompatibleSchemaError,
    SchemaRegistryError as SchemaRegistryError,
)
from streamcore.io.kafka.serde.serde import Deserializer as Deserializer, RecordPart as RecordPart, Serde as Serde
from streamcore.io.kafka.serde.subjects import SubjectNameStrategy as SubjectNameStrategy
