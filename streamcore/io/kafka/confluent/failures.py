"""librdkafka's errors as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from confluent_kafka import KafkaError as ClientError, KafkaException

from streamcore.io.kafka import advice, errors
from streamcore.io.kafka.settings import ClientSettings

AUTHENTICATION: Final = frozenset(
    {
        ClientError._AUTHENTICATION,
        ClientError._SSL,
        ClientError.SASL_AUTHENTICATION_FAILED,
        ClientError.UNSUPPORTED_SASL_MECHANISM,
        ClientError.ILLEGAL_SASL_STATE,
    }
)
RIGHTS: Final[Mapping[int, str]] = {
    ClientError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED: advice.TRANSACTIONAL_ID,
    ClientError.GROUP_AUTHORIZATION_FAILED: advice.GROUP,
    ClientError.CLUSTER_AUTHORIZATION_FAILED: advice.CLUSTER,
}
FENCED: Final = frozenset(
    {
        ClientError._FENCED,
        ClientError.PRODUCER_FENCED,
        ClientError.INVALID_PRODUCER_EPOCH,
        ClientError.TRANSACTION_COORDINATOR_FENCED,
    }
)
TOPIC: Final = frozenset(
    {
        ClientError._UNKNOWN_TOPIC,
        ClientError._UNKNOWN_PARTITION,
        ClientError.UNKNOWN_TOPIC_OR_PART,
        ClientError.UNKNOWN_TOPIC_ID,
        ClientError.INCONSISTENT_TOPIC_ID,
    }
)
OFFSET: Final = frozenset({ClientError._AUTO_OFFSET_RESET, ClientError.OFFSET_OUT_OF_RANGE})
# A broker that has just been started, or has just taken partitions or a group over, says so for a while.
SOON: Final = frozenset(
    {
        ClientError.COORDINATOR_LOAD_IN_PROGRESS,
        ClientError.COORDINATOR_NOT_AVAILABLE,
        ClientError.NOT_COORDINATOR,
        ClientError.UNSTABLE_OFFSET_COMMIT,
        ClientError.UNKNOWN_LEADER_EPOCH,
        ClientError.FENCED_LEADER_EPOCH,
        ClientError._NOENT,  # no partition has a leader
    }
)
TRANSACTION_TIMEOUT: Final = "transaction.timeout.ms"
UNREACHABLE: Final = frozenset(
    {ClientError._TRANSPORT, ClientError._ALL_BROKERS_DOWN, ClientError._TIMED_OUT, ClientError._RESOLVE}
)


def failure_of(error: ClientError | KafkaException, doing: str, settings: ClientSettings) -> errors.KafkaError:
    """The error to raise for one of librdkafka.

    Args:
        error: What librdkafka says.
        doing: What was being done, such as `read topic 'clicks'`.
        settings: Those of the client, for what must not be shown.
    """
    cause: ClientError = error.args[0] if isinstance(error, KafkaException) else error
    code = cause.code()
    said = f"cannot {doing} at {settings.bootstrap_servers}: {settings.hide(cause.str())}"
    if code in FENCED:
        return errors.KafkaFencedError(f"{said}; another producer has taken over the transactional id")
    if code in AUTHENTICATION:
        return errors.KafkaAuthenticationError(f"{said}; check user name, password, mechanism and certificates")
    refusal = _refusal_of(code, said, settings)
    if refusal is not None:  # no new transaction and no new client changes that
        return refusal
    if cause.txn_requires_abort():
        return errors.KafkaAbortableError(said)
    if cause.fatal():
        return errors.KafkaFatalError(said)
    if cause.retriable() or code in SOON:
        return errors.KafkaRetriableError(said)
    if code in TOPIC:
        return errors.KafkaTopicError(said)
    if code in OFFSET:
        return errors.KafkaOffsetError(said)
    if code in UNREACHABLE:
        return errors.KafkaConnectionError(said)
    return errors.KafkaError(f"{said}; {advice.MEMBERS}" if code == ClientError.UNKNOWN_MEMBER_ID else said)


def _refusal_of(code: int, said: str, settings: ClientSettings) -> errors.KafkaError | None:
    """The error to raise for what the broker refuses whenever it is asked."""
    if code in RIGHTS:
        return errors.KafkaAuthorizationError(f"{said}; {RIGHTS[code]}")
    if code == ClientError.TOPIC_AUTHORIZATION_FAILED:
        return errors.KafkaTopicError(f"{said}; {advice.TOPIC}")
    if code == ClientError.INVALID_TRANSACTION_TIMEOUT:
        given = settings.properties.get(TRANSACTION_TIMEOUT)
        return errors.KafkaError(f"{said}; {advice.about_timeout(TRANSACTION_TIMEOUT, given)}")
    return None
