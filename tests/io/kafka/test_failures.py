"""Errors of the clients as ours; without a broker."""

from __future__ import annotations

import pytest
from aiokafka import errors as theirs
from confluent_kafka import KafkaError as ClientError

from streamcore.errors import TransactionAbortedError, TransactionFencedError, TransactionUnknownError
from streamcore.io.kafka import advice, errors
from streamcore.io.kafka.aio import failures as aio
from streamcore.io.kafka.confluent import failures as confluent
from streamcore.io.kafka.settings import ClientSettings
from streamcore.io.kafka.transactions import _told

SETTINGS = ClientSettings("b:1")
PERMANENT = [
    (ClientError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, theirs.TransactionalIdAuthorizationFailed, "authorization"),
    (ClientError.GROUP_AUTHORIZATION_FAILED, theirs.GroupAuthorizationFailedError, "authorization"),
    (ClientError.CLUSTER_AUTHORIZATION_FAILED, theirs.ClusterAuthorizationFailedError, "authorization"),
    (ClientError.TOPIC_AUTHORIZATION_FAILED, theirs.TopicAuthorizationFailedError, "topic"),
    (ClientError.INVALID_TRANSACTION_TIMEOUT, theirs.InvalidTransactionTimeout, "plain"),
]
KINDS = {
    "authorization": errors.KafkaAuthorizationError,
    "topic": errors.KafkaTopicError,
    "plain": errors.KafkaError,
}


@pytest.mark.parametrize(("code", "kind"), [(code, kind) for code, _, kind in PERMANENT])
@pytest.mark.parametrize("flags", [{"fatal": True}, {"txn_requires_abort": True}, {"retriable": True}, {}])
def test_what_the_broker_refuses_is_no_lost_transaction(code: int, kind: str, flags: dict[str, bool]) -> None:
    failure = confluent.failure_of(ClientError(code, "no", **flags), "take over 'x'", SETTINGS)
    assert type(failure) is KINDS[kind]
    assert str(failure).startswith("cannot take over 'x' at b:1: no; ")
    with pytest.raises(KINDS[kind]) as raised, _told():
        raise failure
    assert raised.value is failure


@pytest.mark.parametrize(("error", "kind"), [(error, kind) for _, error, kind in PERMANENT])
def test_what_the_broker_refuses_with_aiokafka(error: type[Exception], kind: str) -> None:
    failure = aio.failure_of(error("no"), "take over 'x'", SETTINGS)
    assert type(failure) is KINDS[kind]


@pytest.mark.parametrize(
    ("code", "error", "told"),
    [
        (ClientError.GROUP_AUTHORIZATION_FAILED, theirs.GroupAuthorizationFailedError("g"), advice.GROUP),
        (ClientError.UNKNOWN_MEMBER_ID, theirs.UnknownMemberIdError(), advice.MEMBERS),
    ],
)
def test_both_clients_say_what_to_do(code: int, error: Exception, told: str) -> None:
    one = confluent.failure_of(ClientError(code, "no"), "read", SETTINGS)
    other = aio.failure_of(error, "read", SETTINGS)
    assert str(one) == f"cannot read at b:1: no; {told}"
    assert str(other).endswith(f"; {told}")


def test_a_codec_that_is_not_installed() -> None:
    error = theirs.UnsupportedCodecError("Libraries for lz4 compression codec not found")
    assert str(aio.failure_of(error, "read partition 0 of topic 'clicks'", SETTINGS)) == (
        "cannot read partition 0 of topic 'clicks' at b:1: UnsupportedCodecError: UnsupportedCodecError: Libraries for "
        "lz4 compression codec not found; pip install 'streamcore-engine[aiokafka]'"
    )


@pytest.mark.parametrize(
    ("given", "shown"), [({}, 60_000), ({"transaction.timeout.ms": 3_600_000, "linger.ms": 1}, 3_600_000)]
)
def test_a_timeout_above_that_of_the_broker(given: dict[str, int], shown: int) -> None:
    error = ClientError(ClientError.INVALID_TRANSACTION_TIMEOUT, "too long", fatal=True)
    assert str(confluent.failure_of(error, "take over", ClientSettings("b:1", given))) == (
        f"cannot take over at b:1: too long; lower 'transaction.timeout.ms' in `producer_config`, which is {shown}, "
        "or raise the broker's transaction.max.timeout.ms"
    )


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (errors.KafkaFencedError, TransactionFencedError),
        (errors.KafkaFatalError, TransactionFencedError),
        (errors.KafkaAbortableError, TransactionAbortedError),
        (errors.KafkaRetriableError, TransactionUnknownError),
        (errors.KafkaConnectionError, TransactionUnknownError),
    ],
)
def test_what_a_transaction_can_be_lost_by(kind: type[errors.KafkaError], told: type[Exception]) -> None:
    with pytest.raises(told, match="why"), _told():
        raise kind("why")


@pytest.mark.parametrize("kind", [errors.KafkaConnectionError, errors.KafkaFatalError])
def test_what_cannot_be_done_even_once_is_an_error(kind: type[errors.KafkaError]) -> None:
    with pytest.raises(kind, match="why"), _told(is_first_contact=True):
        raise kind("why")


def test_a_start_that_is_fenced_goes_on() -> None:
    with pytest.raises(TransactionFencedError, match="why"), _told(is_first_contact=True):
        raise errors.KafkaFencedError("why")
