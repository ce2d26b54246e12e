"""Reading and writing Apache Kafka."""

from __future__ import annotations

from streamcore.io.kafka.errors import (
    KafkaAbortableError as KafkaAbortableError,
    KafkaAuthenticationError as KafkaAuthenticationError,
    KafkaConnectionError as KafkaConnectionError,
    KafkaDeliveryError as KafkaDeliveryError,
    KafkaError as KafkaError,
    KafkaFatalError as KafkaFatalError,
    KafkaFencedError as KafkaFencedError,
    KafkaOffsetError as KafkaOffsetError,
    KafkaRetriableError as KafkaRetriableError,
    KafkaTopicError as KafkaTopicError,
)
from streamcore.io.kafka.read import ReadFromKafka as ReadFromKafka
from streamcore.io.kafka.record import KafkaRecord as KafkaRecord
from streamcore.io.kafka.write import WriteToKafka as WriteToKafka
