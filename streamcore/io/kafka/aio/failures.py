"""aiokafka's errors as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiokafka import errors as theirs

from streamcore.io.kafka import advice, errors
from streamcore.io.kafka.settings import ClientSettings

AUTHENTICATION: Final = (
    theirs.AuthenticationFailedError,
    theirs.AuthenticationMethodNotSupported,
    theirs.SaslAuthenticationFailed,
    theirs.UnsupportedSaslMechanismError,
    theirs.IllegalSaslStateError,
)
FENCED: Final = (theirs.ProducerFenced, theirs.InvalidProducerEpoch, theirs.TransactionCoordinatorFenced)
RIGHTS: Final[Mapping[type[Exception], str]] = {
    theirs.TransactionalIdAuthorizationFailed: advice.TRANSACTIONAL_ID,
    theirs.GroupAuthorizationFailedError: advice.GROUP,
    theirs.ClusterAuthorizationFailedError: advice.CLUSTER,
}
TOPIC: Final = (theirs.UnknownTopicOrPartitionError, theirs.InvalidTopicError)
# What is refused again whenever it is asked for, also before there is a client.
REFUSED: Final = (*AUTHENTICATION, *RIGHTS, theirs.TopicAuthorizationFailedError, theirs.InvalidTransactionTimeout)
OFFSET: Final = (theirs.OffsetOutOfRangeError, theirs.NoOffsetForPartitionError)
UNREACHABLE: Final = (theirs.KafkaConnectionError, theirs.KafkaTimeoutError, theirs.NodeNotReadyError, TimeoutError)
TRANSACTION_TIMEOUT: Final = "transaction_timeout_ms"
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
    if isinstance(error, theirs.UnsupportedCodecError):
        return errors.KafkaError(f"{said}; pip install 'streamcore-engine[aiokafka]'")
    if type(error) in RIGHTS:
        return errors.KafkaAuthorizationError(f"{said}; {RIGHTS[type(error)]}")
    if isinstance(error, theirs.TopicAuthorizationFailedError):
        return errors.KafkaTopicError(f"{said}; {advice.TOPIC}")
    if isinstance(error, theirs.InvalidTransactionTimeout):
        given = settings.properties.get(TRANSACTION_TIMEOUT)
        return errors.KafkaError(f"{said}; {advice.about_timeout(TRANSACTION_TIMEOUT, given)}")
    if isinstance(error, UNSAFE):
        return errors.KafkaFatalError(said)
    if isinstance(error, TOPIC):
        return errors.KafkaTopicError(said)
    if isinstance(error, OFFSET):
        return errors.KafkaOffsetError(said)
    if isinstance(error, UNREACHABLE):
        return errors.KafkaConnectionError(said)
    return errors.KafkaError(f"{said}; {advice.MEMBERS}" if isinstance(error, theirs.UnknownMemberIdError) else said)
