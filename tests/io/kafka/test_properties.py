"""What is made of a client that cannot be made, and of a function that gives no token."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from confluent_kafka import KafkaError as ClientError, KafkaException

from streamcore.io.kafka.confluent.client_log import ClientLog
from streamcore.io.kafka.confluent.properties import admin_properties, consumer_properties, make_client
from streamcore.io.kafka.errors import KafkaAuthenticationError
from streamcore.io.kafka.settings import ClientSettings

NO_TOKEN = KafkaException(ClientError(ClientError.SASL_AUTHENTICATION_FAILED, "OAuth token not set"))
SECRET = "s3cret-and-long"
ADVICE = "check user name, password, mechanism and certificates"


class TokenError(Exception):
    """What a function for tokens raises."""


def fail(config: str) -> Any:
    raise TokenError(f"not with {SECRET}")


def settings(oauth_cb: Any) -> ClientSettings:
    return ClientSettings("b:1", {"oauth_cb": oauth_cb, "sasl.password": SECRET})


def without_token(properties: dict[str, Any]) -> None:
    """A client that waits for a token and gives up, as confluent-kafka does."""
    with contextlib.suppress(TokenError):
        properties["oauth_cb"]("")
    if "group.id" not in properties:
        raise NO_TOKEN
    message = "<class 'str'> returned a result with an exception set"
    raise SystemError(message) from NO_TOKEN


@pytest.mark.parametrize("properties_of", [consumer_properties, admin_properties])
def test_a_function_for_tokens_that_fails(properties_of: Any) -> None:
    given = settings(fail)
    with pytest.raises(KafkaAuthenticationError) as caught:
        make_client(without_token, properties_of(given, ClientLog(given).report), given)
    assert str(caught.value) == f"cannot connect at b:1: `oauth_cb` failed: TokenError: not with ***; {ADVICE}"
    assert isinstance(caught.value.__cause__, TokenError)


@pytest.mark.parametrize("properties_of", [consumer_properties, admin_properties])
def test_a_function_that_gives_no_token(properties_of: Any) -> None:
    given = settings(lambda config: None)
    with pytest.raises(KafkaAuthenticationError) as caught:
        make_client(without_token, properties_of(given, ClientLog(given).report), given)
    assert str(caught.value) == f"cannot connect at b:1: OAuth token not set; {ADVICE}"


def test_a_function_for_tokens_that_fails_later() -> None:
    given = settings(fail)
    log = ClientLog(given)
    made: Any = make_client(lambda properties: properties, consumer_properties(given, log.report), given)
    with pytest.raises(TokenError):  # so that librdkafka asks again
        made["oauth_cb"]("")
    refusal = log.refusal()
    assert isinstance(refusal, KafkaAuthenticationError)
    assert str(refusal) == f"cannot connect at b:1: `oauth_cb` failed: TokenError: not with ***; {ADVICE}"
    assert isinstance(refusal.__cause__, TokenError)


def test_clients_that_are_not_polled_make_no_statistics() -> None:
    given = ClientSettings("b:1", {"statistics.interval.ms": 100, "stats_cb": print})
    assert not {"statistics.interval.ms", "stats_cb"} & admin_properties(given, print).keys()
