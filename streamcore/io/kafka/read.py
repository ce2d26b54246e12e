"""ReadFromKafka: the records of topics."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from streamcore.errors import PipelineError
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PBegin, PCollection
from streamcore.io.dead_letters import ReadWithDeadLetters, refuse_estimator
from streamcore.io.kafka.clients import ClientName, choose_client
from streamcore.io.kafka.elements import ElementFormat, TimestampFn
from streamcore.io.kafka.extent import Start, Until, check_start, check_until
from streamcore.io.kafka.options import Deserialize, deserializer_of, make_settings
from streamcore.io.kafka.serde import BadRecordHandler, DeadLetter, refuse_record, set_record_aside
from streamcore.io.kafka.source import KafkaSource
from streamcore.io.kafka.subscription import Subscription
from streamcore.model.functions import require_plain
from streamcore.model.spans import span_argument
from streamcore.model.watermark import WatermarkEstimator
from streamcore.timestamp import DurationTypes
from streamcore.transforms.read import Read


class ReadFromKafka(PTransform[PBegin, PCollection[Any]]):
    """The records of topics, as pairs of key and value, or as `KafkaRecord`.

    Each partition is a split with a watermark of its own, read in order. Partitions that are added while the run goes
    on are found, and read from their beginning. Records of transactions are read when they have been committed. The
    timestamp of an element is that of its record; no window fires by time without `watermark`, or one that
    `WithTimestamps` starts later.

    Args:
        topics: A topic or several.
        bootstrap_servers: Addresses of brokers, `host:port`; may be given in `consumer_config`, too.
        topic_pattern: In place of `topics`: a regular expression for whole names of topics, also of those made later.
        start: Where to begin if there is no checkpoint to go on from: `saved` (where the group has committed; at the
            beginning where it has not), `earliest`, `latest`, a `Timestamp` (the first record that is not older), or
            offsets `{(topic, partition): offset}` (other partitions from their beginning). It is made to numbers when
            the run starts.
        until: Where to end: `latest` (where the partitions end when the run starts), or a `Timestamp` (before the first
            record that is not older; of those that are there when the run starts). None: never.
        group_id: A consumer group for which offsets are committed with each checkpoint, so that Kafka's own tools show
            the progress; without a state directory nothing is committed. No partitions are shared out by it.
        key_deserializer: A serde, or a function of bytes, for keys; None for bytes. It is never given None.
        value_deserializer: The same for values.
        with_metadata: Whether elements are `KafkaRecord`, with topic, partition, offset, timestamp and headers.
        timestamp: `record`, or a function that takes an element and returns its event time (seconds or `Timestamp`).
        watermark: An estimator that tells the watermark from the timestamps, as in `Read`.
        consumer_config: Properties of the client, under its own names.
        client: `confluent` or `aiokafka`; None for the one that is installed, confluent-kafka if both are.
        connect_timeout: How long no broker may answer at the start before that is an error, in seconds.
        discovery_interval: How often new partitions are looked for, and topics that are gone, in seconds.

    >>> from streamcore.io.kafka import ReadFromKafka
    >>> from streamcore.io.kafka.serde import JsonSerde
    >>> p = Pipeline()
    >>> clicks = p | ReadFromKafka(
    ...     "clicks",
    ...     bootstrap_servers="localhost:9092",
    ...     value_deserializer=JsonSerde(),
    ...     watermark=BoundedOutOfOrderness(5, idle_timeout=60),
    ... )
    """

    def __init__(
        self,
        topics: str | Iterable[str] | None = None,
        bootstrap_servers: str | Iterable[str] | None = None,
        *,
        topic_pattern: str | re.Pattern[str] | None = None,
        start: Start = "saved",
        until: Until = None,
        group_id: str | None = None,
        key_deserializer: Deserialize = None,
        value_deserializer: Deserialize = None,
        with_metadata: bool = False,
        timestamp: str | TimestampFn = "record",
        watermark: WatermarkEstimator | None = None,
        consumer_config: Mapping[str, Any] | None = None,
        client: ClientName | None = None,
        connect_timeout: DurationTypes = 30,
        discovery_interval: DurationTypes = 30,
    ) -> None:
        super().__init__()
        self._subscription = Subscription(topics, topic_pattern)
        check_start(start)
        check_until(until)
        self._extent = (start, until)
        self._settings = make_settings(bootstrap_servers, consumer_config, "consumer_config", group_id, connect_timeout)
        chosen = choose_client(client)
        chosen.check_consumer(self._settings)
        self._make_consumer = chosen.consumer
        self._deserializers = (
            deserializer_of(key_deserializer, "key_deserializer"),
            deserializer_of(value_deserializer, "value_deserializer"),
        )
        self._with_metadata = with_metadata
        self._timestamp = _timestamp_function(timestamp)
        self._watermark = watermark
        self._discovery = span_argument("discovery_interval", discovery_interval)
        if self._discovery <= 0:
            msg = f"`discovery_interval` must be positive, got {discovery_interval!r}"
            raise PipelineError(msg)

    def default_label(self) -> str:
        """`ReadFromKafka(clicks)`."""
        return self.label or f"ReadFromKafka({self._subscription})"

    def with_dead_letters(self) -> ReadWithDeadLetters[Any, DeadLetter]:
        """Two outputs: the elements, and a `DeadLetter` for every record that no element could be made of.

        That is one that cannot be deserialized, or that has no event time. Without this it stops the pipeline.

        Raises:
            PipelineError: If the transform has a watermark: its estimator would have to know both outputs.
        """
        refuse_estimator(self._watermark)
        return ReadWithDeadLetters(self._source(set_record_aside), self.default_label())

    def expand(self, pvalue: PBegin) -> PCollection[Any]:
        """The elements."""
        return pvalue | Read(self._source(refuse_record), watermark=self._watermark)

    def _source(self, on_bad_record: BadRecordHandler) -> KafkaSource:
        key, value = self._deserializers
        elements = ElementFormat(key, value, self._with_metadata, self._timestamp, on_bad_record)
        return KafkaSource(
            self._subscription, self._settings, self._make_consumer, elements, *self._extent, self._discovery
        )


def _timestamp_function(timestamp: Any) -> Callable[[Any], Any] | None:
    if timestamp == "record":
        return None
    if callable(timestamp):
        require_plain("`timestamp`", timestamp)
        function: Callable[[Any], Any] = timestamp
        return function
    msg = f"`timestamp` must be 'record' or a function of an element, got {timestamp!r}"
    raise PipelineError(msg)
