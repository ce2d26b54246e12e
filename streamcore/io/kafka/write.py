"""WriteToKafka: elements as records of a topic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from streamcore.errors import PipelineError
from streamcore.graph.pipeline import require_pcollection
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PCollection, PDone
from streamcore.io.kafka.clients import ClientName, choose_client
from streamcore.io.kafka.options import Serialize, check_serializer, make_settings
from streamcore.io.kafka.outgoing import RecordFormat
from streamcore.io.kafka.records import Headers
from streamcore.io.kafka.sink import KafkaSink
from streamcore.io.kafka.transactional_sink import TransactionalKafkaSink
from streamcore.model.functions import require_plain
from streamcore.model.sink import Sink
from streamcore.timestamp import DurationTypes, TimestampTypes
from streamcore.transforms.write import Write


class WriteToKafka(PTransform[PCollection[Any], PDone]):
    """Writes elements as records of a topic, in their order within a partition.

    Elements are pairs of key and value, unless `key` or `value` tells them. Keys and values are bytes or None, unless a
    serializer makes bytes of them. Retries of the client write nothing twice. A record that cannot be written stops the
    pipeline.

    With `delivery="at_least_once"` records are seen as soon as they are written; after a crash those since the last
    checkpoint are written again. With `delivery="exactly_once"` they are written in transactions, one for each
    checkpoint, and readers of committed records see each of them once, whatever is killed. That needs a state directory
    (`PipelineOptions(state_dir=...)`), and records are seen when the next checkpoint has been taken.

    Args:
        topic: The topic of all elements, or a function of an element that tells it; with `delivery="exactly_once"` only
            a name.
        bootstrap_servers: Addresses of brokers, `host:port`; may be given in `producer_config`, too.
        key: A function that tells the key of an element; without it, but with `value`, records have no key.
        value: A function that tells the value; without it, but with `key`, the value is the element.
        headers: A function that tells the headers: pairs of a name and bytes.
        timestamp: A function that tells the timestamp (seconds or `Timestamp`), or `element` for the element's own;
            None for the time of writing.
        partitioner: A function that tells the partition, or None where the client is to choose. Without it the client
            chooses by the key.
        key_serializer: A serde, or a function that makes bytes of keys. It is never given None.
        value_serializer: The same for values.
        producer_config: Properties of the client, under its own names.
        delivery: `at_least_once` or `exactly_once`.
        client: `confluent` or `aiokafka`; None for the one that is installed, confluent-kafka if both are.
        connect_timeout: How long no broker may answer at the start before that is an error, in seconds.

    >>> from streamcore.io.kafka import WriteToKafka
    >>> from streamcore.io.kafka.serde import JsonSerde, StrSerde
    >>> p = Pipeline()
    >>> _ = (
    ...     p
    ...     | Create([("home", {"visits": 3})])
    ...     | WriteToKafka(
    ...         "totals",
    ...         bootstrap_servers="localhost:9092",
    ...         key_serializer=StrSerde(),
    ...         value_serializer=JsonSerde(),
    ...     )
    ... )
    """

    def __init__(
        self,
        topic: str | Callable[[Any], str],
        bootstrap_servers: str | Iterable[str] | None = None,
        *,
        key: Callable[[Any], Any] | None = None,
        value: Callable[[Any], Any] | None = None,
        headers: Callable[[Any], Headers] | None = None,
        timestamp: Literal["element"] | Callable[[Any], TimestampTypes] | None = None,
        partitioner: Callable[[Any], int | None] | None = None,
        key_serializer: Serialize = None,
        value_serializer: Serialize = None,
        producer_config: Mapping[str, Any] | None = None,
        delivery: Literal["at_least_once", "exactly_once"] = "at_least_once",
        client: ClientName | None = None,
        connect_timeout: DurationTypes = 30,
    ) -> None:
        super().__init__()
        if not callable(topic) and (not isinstance(topic, str) or not topic):
            msg = f"`topic` must be the name of a topic, or a function of an element that returns it, got {topic!r}"
            raise PipelineError(msg)
        for option, given in (("key", key), ("value", value), ("headers", headers), ("partitioner", partitioner)):
            if given is not None and not callable(given):
                msg = f"`{option}` must be a function of an element, got {given!r}"
                raise PipelineError(msg)
        if timestamp is not None and timestamp != "element" and not callable(timestamp):
            msg = f"`timestamp` must be 'element' or a function of an element, got {timestamp!r}"
            raise PipelineError(msg)
        functions = {"topic": topic, "key": key, "value": value, "headers": headers, "partitioner": partitioner}
        for option, given in (functions | {"timestamp": timestamp}).items():
            if callable(given):
                require_plain(f"`{option}`", given)
        if delivery not in ("at_least_once", "exactly_once"):
            msg = f"`delivery` must be 'at_least_once' or 'exactly_once', got {delivery!r}"
            raise PipelineError(msg)
        self._topic = topic
        self._format = RecordFormat(
            topic,
            key,
            value,
            headers,
            timestamp,
            partitioner,
            check_serializer(key_serializer, "key_serializer"),
            check_serializer(value_serializer, "value_serializer"),
        )
        self._settings = make_settings(bootstrap_servers, producer_config, "producer_config", None, connect_timeout)
        self._client = choose_client(client if delivery == "at_least_once" else _transactional_client(client))
        self._client.check_producer(self._settings)
        self._marker_topic = None if delivery == "at_least_once" else _marker_topic(topic)

    def default_label(self) -> str:
        """`WriteToKafka(totals)`."""
        name = self._topic if isinstance(self._topic, str) else getattr(self._topic, "__name__", "...")
        return self.label or f"WriteToKafka({name})"

    def expand(self, pvalue: PCollection[Any]) -> PDone:
        """Nothing follows."""
        return require_pcollection(self, pvalue) | Write(self._sink())

    def _sink(self) -> Sink[Any]:
        if self._marker_topic is None:
            return KafkaSink(self._format, self._settings, self._client.producer)
        return TransactionalKafkaSink(self._format, self._settings, self._client, self._marker_topic)


def _transactional_client(client: ClientName | None) -> ClientName:
    if client == "aiokafka":
        msg = (
            "delivery='exactly_once' needs client='confluent': with aiokafka a commit that got no answer in time "
            "cannot be waited for again"
        )
        raise PipelineError(msg)
    return "confluent"


def _marker_topic(topic: str | Callable[[Any], str]) -> str:
    if isinstance(topic, str):
        return topic
    msg = (
        "delivery='exactly_once' needs one topic by name, on which the checkpoint is noted; split the elements with "
        "Partition and write each part by a WriteToKafka of its own"
    )
    raise PipelineError(msg)
