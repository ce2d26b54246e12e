"""Which Kafka client is used: the one asked for, or the one that is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from streamcore.errors import MissingExtraError, PipelineError
from streamcore.io.kafka.client import Consumer, Producer, TransactionalProducer
from streamcore.io.kafka.settings import ClientSettings

ClientName: TypeAlias = Literal["confluent", "aiokafka"]

# Each client's module and the extra that installs it, the preferred one first.
CLIENTS: Final[Mapping[str, tuple[str, str]]] = {
    "confluent": ("confluent_kafka", "kafka"),
    "aiokafka": ("aiokafka", "aiokafka"),
}


class Client(NamedTuple):
    """The classes of a client.

    Attributes:
        consumer: Makes a consumer.
        producer: Makes a producer.
        transactional_producer: Makes a producer with a transactional id.
        check_consumer: Refuses settings that a consumer cannot have, without a connection.
        check_producer: Refuses settings that a producer cannot have.
    """

    consumer: Callable[[ClientSettings], Consumer]
    producer: Callable[[ClientSettings], Producer]
    transactional_producer: Callable[[ClientSettings, str], TransactionalProducer]
    check_consumer: Callable[[ClientSettings], None]
    check_producer: Callable[[ClientSettings], None]


def choose_client(name: ClientName | None) -> Client:
    """The client of a name, or for None the first that is installed.

    Raises:
        PipelineError: If there is no client of that name.
        MissingExtraError: If it is not installed.
    """
    if name is not None and name not in CLIENTS:
        msg = f"`client` must be 'confluent' or 'aiokafka', got {name!r}"
        raise PipelineError(msg)
    chosen: str = name or next((known for known in CLIENTS if _is_installed(known)), "confluent")
    if not _is_installed(chosen):
        module, extra = CLIENTS[chosen]
        msg = f"Kafka needs {module}, which is not installed; pip install 'streamcore-engine[{extra}]'"
        raise MissingExtraError(msg)
    if chosen == "confluent":
        from streamcore.io.kafka import confluent  # noqa: PLC0415

        return Client(
            confluent.ConfluentConsumer,
            confluent.ConfluentProducer,
            confluent.ConfluentTransactionalProducer,
            confluent.check_consumer,
            confluent.check_producer,
        )
    from streamcore.io.kafka import aio  # noqa: PLC0415

    return Client(
        aio.AioConsumer,
        aio.AioProducer,
        aio.AioTransactionalProducer,
        aio.check_consumer,
        aio.check_producer,
    )


def _is_installed(client: str) -> bool:
    return importlib.util.find_spec(CLIENTS[client][0]) is not None
