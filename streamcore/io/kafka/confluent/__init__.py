"""The Kafka client on confluent-kafka, the default one."""

from __future__ import annotations

from streamcore.io.kafka.confluent.consumer import ConfluentConsumer as ConfluentConsumer
from streamcore.io.kafka.confluent.producer import ConfluentProducer as ConfluentProducer
from streamcore.io.kafka.confluent.properties import check_consumer as check_consumer, check_producer as check_producer
from streamcore.io.kafka.confluent.transactions import ConfluentTransactionalProducer as ConfluentTransactionalProducer
