"""WriteToKafka: elements as records of Kafka topics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from streamcore.errors import PipelineError
from streamcore.graph.pipeline import require_pcollection
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PCollection, PDone
from streamcore.io.kafka.client import Headers
from streamcore.io.kafka.clients import ClientName, choose_client
from streamcore.io.kafka.options import Serialize, check_serializer, make_settings
from streamcore.io.kafka.outgoing import OfElement, RecordFormat, RecordTime
from streamcore.io.kafka.settings import ClientSettings
from streamcore.io.kafka.sinks import KafkaSink, TransactionalKafkaSink
from streamcore.model.sink import Sink
from streamcore.timestamp import DurationTypes
from streamcore.transforms.write import Write

DELIVERIES = ("at_least_once", "exactly_once")


class WriteToKafka(PTransform[PCollection[Any], PDone]):
    """Writes each element as a record.

    An element is a pair of key and value, unless `key` or `value` say how to make them. Keys and values are bytes,
    unless a serializer makes bytes of them.

    With `delivery="at_least_once"` records are written by an idempotent producer, as soon as they come: after a crash
    those since the last checkpoint are written again. With `"exactly_once"` they are written in transactions, one for
    each checkpoint, and readers of committed records see each once, whatever is killed; that needs a `state_dir`, and
    results show only when a checkpoint is taken.

    Args:
        topic: The topic, or a function from an element to its topic.
        bootstrap_servers: Addresses of brokers, `host:port`; may be given in `producer_config`, too.
        key: From an element to its record's key; the key is None if only `value` is given.
        value: From an element to its record's value; the element itself if only `key` is given.
        key_serializer: A serde, or a function that returns bytes, for keys; None for keys that are bytes.
        value_serializer: The same for values.
        headers: From an element to its headers, pairs of a name and bytes.
        timestamp: The time of a record: `"event"` for the element's event time, a function from an element to seconds
            or a `Timestamp`, or None for the time of writing. Brokers refuse times that lie in the future, and remove
            old ones soon.
        partition: From an element to its partition; by default records with the same key go to the same one, the one
            that Kafka's Java clients choose.
        delivery: `"at_least_once"` or `"exactly_once"`.
        producer_config: Further properties of the client, under its own names.
        client: `"confluent"` or `"aiokafka"`; by default what is installed.
        connect_timeout: How long no broker may answer at the start before that is an error, in seconds.

    >>> from streamcore.io.kafka import JsonSerde, WriteToKafka
    >>> WriteToKafka("totals", "localhost:9092", key=lambda row: row["user"].encode(), value_serializer=JsonSerde())
    <WriteToKafka('WriteToKafka(totals)')>
    """

    def __init__(
        self,
        topic: str | Callable[[Any], str],
        bootstrap_servers: str | Iterable[str] | None = None,
        *,
        key: OfElement | None = None,
        value: OfElement | None = None,
        key_serializer: Serialize = None,
        value_serializer: Serialize = None,
        headers: Callable[[Any], Headers] | None = None,
        timestamp: RecordTime = None,
        partition: Callable[[Any], int | None] | None = None,
        delivery: Literal["at_least_once", "exactly_once"] = "at_least_once",
        producer_config: Mapping[str, Any] | None = None,
        client: ClientName | None = None,
        connect_timeout: DurationTypes = 30,
    ) -> None:
        super().__init__()
        if delivery not in DELIVERIES:
            msg = f"`delivery` must be 'at_least_once' or 'exactly_once', got {delivery!r}"
            raise PipelineError(msg)
        if not isinstance(topic, str) and not callable(topic):
            msg = f"`topic` must be a name, or a function from an element to a name, got {topic!r}"
            raise PipelineError(msg)
        if timestamp is not None and timestamp != "event" and not callable(timestamp):
            msg = f"`timestamp` must be 'event', a function of an element, or None, got {timestamp!r}"
            raise PipelineError(msg)
        self._topic = topic
        check_serializer(key_serializer, "key_serializer")
        check_serializer(value_serializer, "value_serializer")
        form = RecordFormat(topic, key, value, key_serializer, value_serializer, headers, timestamp, partition)
        settings = make_settings(bootstrap_servers, producer_config, "producer_config", None, connect_timeout)
        self._sink: Sink[Any]
        if delivery == "at_least_once":
            self._sink = KafkaSink(choose_client(client), settings, form)
        else:
            self._sink = _transactional_sink(client, settings, form)

    def default_label(self) -> str:
        """`WriteToKafka(totals)`."""
        return self.label or f"WriteToKafka({self._topic if isinstance(self._topic, str) else '...'})"

    def expand(self, pvalue: PCollection[Any]) -> PDone:
        """Nothing follows."""
        return require_pcollection(self, pvalue) | Write(self._sink)


def _transactional_sink(client: ClientName | None, settings: ClientSettings, form: RecordFormat) -> Sink[Any]:
    if client == "aiokafka":
        msg = (
            "delivery='exactly_once' needs client='confluent': aiokafka cannot wait for offsets that a transaction "
            "holds, so after a crash it could miss that a checkpoint was committed"
        )
        raise PipelineError(msg)
    if not isinstance(form.topic, str):
        msg = (
            "delivery='exactly_once' needs one topic by name, on which the checkpoint is noted; split the elements "
            "with Partition and write each part by a WriteToKafka of its own"
        )
        raise PipelineError(msg)
    return TransactionalKafkaSink(choose_client("confluent"), settings, form, form.topic)
