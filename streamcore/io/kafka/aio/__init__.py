"""The Kafka client on aiokafka."""

from __future__ import annotations

from streamcore.io.kafka.aio import client_log as client_log
from streamcore.io.kafka.aio.consumer import AioConsumer as AioConsumer
from streamcore.io.kafka.aio.producer import AioProducer as AioProducer
from streamcore.io.kafka.aio.properties import check_consumer as check_consumer, check_producer as check_producer
from streamcore.io.kafka.aio.transactions import AioTransactionalProducer as AioTransactionalProducer
