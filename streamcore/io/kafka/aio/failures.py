"""aiokafka's errors as ours."""

from __future__ import annotations

from typing import Final

from aiokafka import errors as theirs

from streamcore.io.kafka import errors
from streamcore.io.kafka.settings import ClientSettings

AUTHENTICATION: Final = (
    theirs.AuthenticationFailedError,
    theirs.AuthenticationMethodNotSupported,
    theirs.SaslAuthenticationFailed,
    theirs.UnsupportedSaslMechanismError,
    theirs.IllegalSaslStateError,
)
FENCED: Final = (theirs.ProducerFenced, theirs.InvalidProducerEpoch, theirs.TransactionCoordinatorFenced)
TOPIC: Final = (theirs.UnknownTopicOrPartitionError, theirs.InvalidTopicError, theirs.TopicAuthorizationFailedError)
OFFSET: Final = (theirs.OffsetOutOfRangeError, theirs.NoOffsetForPartitionError)
UNREACHABLE: Final = (theirs.KafkaConnectionError, theirs.KafkaTimeoutError, theirs.NodeNotReadyError, TimeoutError)
UNSAFE: Final = (theirs.OutOfOrderSequenceNumber, theirs.UnknownProducerId, theirs.InvalidProducerIdMapping)


def failure_of(error: Exception, doing: str, settings: ClientSettings) -> errors.KafkaError:
    """The error to raise for one of aiokafka.

    Args:
        error: What aiokafka raised.
        doing: What was being done, such as `read topic 'clicks'`.
        settings: Those of the client, for what must not be shown.
    """
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    said = f"cannot {doing} at {settings.bootstrap_servers}: {settings.hide(what)}"
    if isinstance(error, FENCED):
        return errors.KafkaFencedError(f"{said}; another producer has taken over the transactional id")
    if isinstance(error, AUTHENTICATION):
        return errors.KafkaAuthenticationError(f"{said}; check user name, password, mechanism and certificates")
    if isinstance(error, UNSAFE):
        return errors.KafkaFatalError(said)
    if isinstance(error, TOPIC):
        return errors.KafkaTopicError(said)
    if isinstance(error, OFFSET):
        return errors.KafkaOffsetError(said)
    if isinstance(error, UNREACHABLE):
        return errors.KafkaConnectionError(said)
    return errors.KafkaError(said)
