"""Kafka without Java: topics as sources and sinks, by confluent-kafka or aiokafka."""

from __future__ import annotations

from streamcore.io.kafka.errors import (
    KafkaAuthenticationError as KafkaAuthenticationError,
    KafkaAuthorizationError as KafkaAuthorizationError,
    KafkaConnectionError as KafkaConnectionError,
    KafkaDeliveryError as KafkaDeliveryError,
    KafkaError as KafkaError,
    KafkaOffsetError as KafkaOffsetError,
    KafkaTopicError as KafkaTopicError,
)
from streamcore.io.kafka.read import ReadFromKafka as ReadFromKafka
from streamcore.io.kafka.record import KafkaRecord as KafkaRecord
from streamcore.io.kafka.serde import (
    AvroSerde as AvroSerde,
    BytesSerde as BytesSerde,
    DeadLetter as DeadLetter,
    JsonSerde as JsonSerde,
    ProtobufSerde as ProtobufSerde,
    SchemaRegistry as SchemaRegistry,
    Serde as Serde,
    StrSerde as StrSerde,
)
from streamcore.io.kafka.write import WriteToKafka as WriteToKafka
