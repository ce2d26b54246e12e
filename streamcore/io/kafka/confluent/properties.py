"""The properties of librdkafka: which streamcore sets, and what is told of a wrong one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from confluent_kafka import Consumer, KafkaError as ClientError, KafkaException, Producer

from streamcore.errors import PipelineError
from streamcore.io.kafka.confluent.failures import failure_of
from streamcore.io.kafka.settings import ClientSettings, refuse_owned

C = TypeVar("C")
# Called with what librdkafka reports, and with what has caused that where it is known.
ErrorCallback = Callable[..., None]

OWNED: Final = {
    "metadata.broker.list": "give `bootstrap_servers`",
    "error_cb": "errors are raised, and lost connections logged as 'streamcore.io.kafka'",
}
CONSUMER_OWNED: Final = {
    **OWNED,
    "enable.auto.commit": "offsets are committed with checkpoints",
    "auto.commit.enable": "offsets are committed with checkpoints",
    "enable.auto.offset.store": "offsets are committed with checkpoints",
    "enable.partition.eof": "streamcore sets it",
    "auto.offset.reset": "give `start`",
}
PRODUCER_OWNED: Final = {
    **OWNED,
    "transactional.id": "streamcore chooses it",
    "delivery.report.only.error": "streamcore sets it",
    "on_delivery": "a record that cannot be written is an error",
}
CONSUMER_DEFAULTS: Final[Mapping[str, Any]] = {
    "isolation.level": "read_committed",
    # What has been fetched ahead is dropped when a partition is paused, so it is not as much as librdkafka would take.
    "queued.min.messages": 20_000,
    "queued.max.messages.kbytes": 32_768,
    # A full queue is empty in less than librdkafka's second, in which it would not look whether there is room again.
    "fetch.queue.backoff.ms": 5,
    "log_level": 2,  # the rest comes by `error_cb`
}
PRODUCER_DEFAULTS: Final[Mapping[str, Any]] = {
    "enable.idempotence": True,
    "linger.ms": 5,
    "log_level": 2,
}
# librdkafka decides what is a property; these, which users may have meant, are only suggested.
SUGGESTED: Final = """
acks batch.num.messages batch.size broker.address.family broker.address.ttl check.crcs client.dns.lookup client.id
client.rack compression.codec compression.level compression.type connections.max.idle.ms debug delivery.timeout.ms
enable.idempotence enable.ssl.certificate.verification fetch.error.backoff.ms fetch.max.bytes fetch.message.max.bytes
fetch.min.bytes fetch.wait.max.ms group.instance.id heartbeat.interval.ms isolation.level linger.ms log_level
max.in.flight max.in.flight.requests.per.connection max.partition.fetch.bytes message.max.bytes
message.send.max.retries message.timeout.ms metadata.max.age.ms oauth_cb partitioner queue.buffering.max.kbytes
queue.buffering.max.messages queue.buffering.max.ms queued.max.messages.kbytes queued.min.messages
receive.message.max.bytes reconnect.backoff.max.ms reconnect.backoff.ms request.required.acks request.timeout.ms
retries retry.backoff.max.ms retry.backoff.ms sasl.kerberos.keytab sasl.kerberos.kinit.cmd sasl.kerberos.principal
sasl.kerberos.service.name sasl.mechanism sasl.mechanisms sasl.oauthbearer.client.id sasl.oauthbearer.client.secret
sasl.oauthbearer.config sasl.oauthbearer.extensions sasl.oauthbearer.method sasl.oauthbearer.scope
sasl.oauthbearer.token.endpoint.url sasl.password sasl.username security.protocol session.timeout.ms
socket.connection.setup.timeout.ms socket.keepalive.enable socket.nagle.disable socket.receive.buffer.bytes
socket.send.buffer.bytes socket.timeout.ms ssl.ca.certificate.stores ssl.ca.location ssl.ca.pem
ssl.certificate.location ssl.certificate.pem ssl.cipher.suites ssl.crl.location ssl.curves.list
ssl.endpoint.identification.algorithm ssl.key.location ssl.key.password ssl.key.pem ssl.keystore.location
ssl.keystore.password ssl.sigalgs.list statistics.interval.ms stats_cb sticky.partitioning.linger.ms
topic.metadata.refresh.interval.ms transaction.timeout.ms
""".split()  # noqa: SIM905  # a list of a hundred lines would hide the rest of the file
STATISTICS: Final = frozenset({"stats_cb", "statistics.interval.ms"})
NOWHERE: Final = ""
UNKNOWN: Final = re.compile(r'No such configuration property: "(.*)"')


def check_consumer(settings: ClientSettings) -> None:
    """Finds properties that a consumer cannot have.

    Raises:
        PipelineError: If streamcore sets one itself, or librdkafka refuses one.
    """
    refuse_owned(CONSUMER_OWNED, settings.properties, "consumer_config")
    make_client(Consumer, _unconnected(consumer_properties(settings, _ignore)), settings).close()


def check_producer(settings: ClientSettings) -> None:
    """Finds properties that a producer cannot have.

    Raises:
        PipelineError: If streamcore sets one itself, or librdkafka refuses one.
    """
    refuse_owned(PRODUCER_OWNED, settings.properties, "producer_config")
    make_client(Producer, _unconnected(producer_properties(settings, _ignore, _ignore)), settings)


def consumer_properties(settings: ClientSettings, report: ErrorCallback) -> dict[str, Any]:
    """All properties of a consumer."""
    return {
        **CONSUMER_DEFAULTS,
        **settings.properties,
        "bootstrap.servers": settings.bootstrap_servers,
        # librdkafka asks for a group even where none is used.
        "group.id": settings.group_id or "streamcore",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "error",
        "error_cb": report,
    }


def producer_properties(settings: ClientSettings, report: ErrorCallback, on_failure: Any) -> dict[str, Any]:
    """All properties of a producer but the transactional id."""
    return {
        **PRODUCER_DEFAULTS,
        **settings.properties,
        "bootstrap.servers": settings.bootstrap_servers,
        "delivery.report.only.error": True,
        "on_delivery": on_failure,
        "error_cb": report,
    }


def admin_properties(settings: ClientSettings, report: ErrorCallback) -> dict[str, Any]:
    """The properties of an admin client beside a consumer."""
    properties = consumer_properties(settings, report)
    kept = (CONSUMER_DEFAULTS.keys() | CONSUMER_OWNED.keys() | {"group.id"}) - {"log_level", "error_cb"}
    return without_statistics({name: value for name, value in properties.items() if name not in kept})


def without_statistics(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a client that is not polled: it would keep all its statistics in memory."""
    return {name: value for name, value in properties.items() if name not in STATISTICS}


def make_client(kind: Callable[[dict[str, Any]], C], properties: dict[str, Any], settings: ClientSettings) -> C:
    """A client with these properties.

    Raises:
        PipelineError: If librdkafka does not know a property, or does not take its value.
        KafkaAuthenticationError: If there is no token.
    """
    token = properties.get("oauth_cb")
    watched = _WatchedTokens(token, properties["error_cb"]) if callable(token) and "error_cb" in properties else None
    try:
        return kind(properties if watched is None else {**properties, "oauth_cb": watched})
    except (KafkaException, TypeError, ValueError) as error:
        refusal: BaseException = error
    except SystemError as error:  # of a consumer without a token
        refusal = error.__cause__ or error
    if watched is not None and watched.failure is not None:
        raise failure_of(watched.failure, "connect", settings) from watched.cause
    if not isinstance(refusal, KafkaException):
        raise PipelineError(_explain(settings.hide(str(refusal))))
    if refusal.args[0].code() == ClientError.SASL_AUTHENTICATION_FAILED:
        raise failure_of(refusal, "connect", settings)
    raise PipelineError(_explain(settings.hide(refusal.args[0].str())))


class _WatchedTokens:
    """A function for tokens; what it raises is told, which librdkafka does not.

    Attributes:
        failure: What it has failed with last, as an error of the client; None if it has not.
        cause: The same, as it was raised.
    """

    def __init__(self, function: Callable[[str], object], report: ErrorCallback) -> None:
        self.failure: ClientError | None = None
        self.cause: Exception | None = None
        self._function = function
        self._report = report

    def __call__(self, config: str) -> object:
        try:
            return self._function(config)
        except Exception as error:
            self.cause = error
            said = f"`oauth_cb` failed: {type(error).__name__}: {error}"
            self.failure = ClientError(ClientError._AUTHENTICATION, said)
            self._report(self.failure, error)
            raise  # else librdkafka would not ask again


def _unconnected(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a client that does not try to connect, and asks for no token."""
    kept = {name: value for name, value in properties.items() if name != "oauth_cb" or not callable(value)}
    return {**kept, "bootstrap.servers": NOWHERE}


def _ignore(*reported: object) -> None:
    """A client that is connected to nowhere has nothing to report."""


def _explain(said: str) -> str:
    unknown = UNKNOWN.match(said)
    if unknown is None:
        return f"confluent-kafka refuses the properties: {said}"
    name = unknown[1]
    close = difflib.get_close_matches(name, SUGGESTED, 1) or difflib.get_close_matches(
        name.replace("_", "."), SUGGESTED, 1
    )
    advice = f"did you mean {close[0]!r}?" if close else "librdkafka's CONFIGURATION.md lists them"
    return f"confluent-kafka has no property {name!r}; {advice}"
