"""The Kafka client on confluent-kafka, the default one."""

from __future__ import annotations

from streamcore.io.kafka.confluent.consumer import ConfluentConsumer as ConfluentConsumer
from streamcore.io.kafka.confluent.producer import ConfluentProducer as ConfluentProducer
from streamcore.io.kafka.confluent.transactions import ConfluentTransactionalProducer as ConfluentTransactionalProducer
