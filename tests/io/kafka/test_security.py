"""Passwords, certificates and tokens, with both clients against a real broker; and no secret where it can be read."""

from __future__ import annotations

import base64
import json
import logging
import ssl
import time
from typing import Any

import pytest
from aiokafka.abc import AbstractTokenProvider

from streamcore import Create, Pipeline
from streamcore.io.kafka import KafkaAuthenticationError, KafkaConnectionError, ReadFromKafka, WriteToKafka
from tests.io.kafka.clients import properties_of
from tests.io.kafka.topics import collect, fill
from tests.servers.broker import PASSWORD, USER, Broker
from tests.servers.plugin import MakeTopic
from tests.servers.ports import HOST, free_port

pytestmark = pytest.mark.integration

WRONG = "wr0ng-s3cret-word"


def password(mechanism: str, word: str = PASSWORD) -> dict[str, Any]:
    return {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": mechanism,
        "sasl.username": USER,
        "sasl.password": word,
    }


def token(issued: float | None = None) -> str:
    """A token that a broker for tests takes for ten minutes: it has no signature."""
    now = int(time.time() if issued is None else issued)  # rounded up, it would be of the future
    parts = ({"alg": "none"}, {"sub": USER, "iat": now, "exp": now + 600})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, ""])


class Tokens(AbstractTokenProvider):
    async def token(self) -> str:
        return token()


async def check(address: Any, client: Any, config: dict[str, Any], topic: str) -> None:
    """Writes and reads by an address."""
    async with Pipeline() as p:
        _ = p | Create([(b"k", b"v")]) | WriteToKafka(topic, address, producer_config=config, client=client)
    reading = ReadFromKafka(topic, address, until="latest", consumer_config=config, client=client)
    assert await collect(reading) == [(b"k", b"v")]


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
async def test_passwords(kafka: Broker, client: Any, make_topic: MakeTopic, mechanism: str) -> None:
    await check(kafka.sasl, client, properties_of(client, password(mechanism)), make_topic())


async def test_tokens_by_a_function(kafka: Broker, client: Any, make_topic: MakeTopic) -> None:
    common = properties_of(client, {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "OAUTHBEARER"})
    if client == "confluent":
        config = {**common, "oauth_cb": lambda _: (token(), time.time() + 600)}
    else:
        config = {**common, "sasl_oauth_token_provider": Tokens()}
    await check(kafka.sasl, client, config, make_topic())


async def test_a_token_that_is_refused(kafka: Broker, client: Any) -> None:
    def expired() -> str:
        return token(issued=time.time() - 7200)

    class Expired(AbstractTokenProvider):
        async def token(self) -> str:
            return expired()

    common = properties_of(client, {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "OAUTHBEARER"})
    if client == "confluent":
        config = {**common, "oauth_cb": lambda _: (expired(), time.time() + 600)}
    else:
        config = {**common, "sasl_oauth_token_provider": Expired()}
    reading = ReadFromKafka("t", kafka.sasl, consumer_config=config, client=client, connect_timeout=20)
    with pytest.raises(KafkaAuthenticationError) as caught:
        await collect(reading)
    assert expired() not in str(caught.value)


async def test_encryption(kafka: Broker, client: Any, make_topic: MakeTopic) -> None:
    if client == "confluent":
        config: dict[str, Any] = {"security.protocol": "SSL", "ssl.ca.location": kafka.ca_file}
    else:
        config = {"security_protocol": "SSL", "ssl_context": ssl.create_default_context(cafile=kafka.ca_file)}
    await check(kafka.tls, client, config, make_topic())


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
async def test_a_wrong_password(
    kafka: Broker, client: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], mechanism: str
) -> None:
    caplog.set_level(logging.DEBUG)
    config = properties_of(client, password(mechanism, WRONG))
    reading = ReadFromKafka("t", kafka.sasl, consumer_config=config, client=client, connect_timeout=20)
    with pytest.raises(KafkaAuthenticationError) as caught:
        await collect(reading)
    assert str(caught.value).startswith(f"cannot connect at {kafka.sasl}: ")
    assert str(caught.value).endswith("; check user name, password, mechanism and certificates")
    writing = WriteToKafka("t", kafka.sasl, producer_config=config, client=client, connect_timeout=20)
    p = Pipeline()
    _ = p | Create([(b"k", b"v")]) | writing
    with pytest.raises(KafkaAuthenticationError) as again:
        await (await p.run_async()).wait()
    printed = capfd.readouterr()
    shown = [caught.value, again.value, caught.value.__cause__, reading, writing, vars(reading), vars(writing)]
    assert WRONG not in "".join([*map(repr, shown), *map(str, shown), caplog.text, printed.out, printed.err])


async def test_a_certificate_that_is_not_trusted(kafka: Broker, client: Any) -> None:
    config = properties_of(client, {"security.protocol": "SSL"})
    reading = ReadFromKafka("t", kafka.tls, consumer_config=config, client=client, connect_timeout=20)
    with pytest.raises(KafkaAuthenticationError, match="certificate"):
        await collect(reading)


async def test_nobody_at_the_address(client: Any) -> None:
    address = f"{HOST}:{free_port()}"
    with pytest.raises(KafkaConnectionError) as caught:
        await collect(ReadFromKafka("t", address, client=client, connect_timeout=0.3))
    said = str(caught.value)
    assert said.startswith(f"no Kafka broker answered at {address} within 0.3 s: ")
    assert said.endswith(("; check the address and security.protocol", "; check the address and security_protocol"))
    assert "refused" in said or "Connect call failed" in said


async def test_a_name_that_does_not_exist(client: Any) -> None:
    with pytest.raises(KafkaConnectionError, match=r"^no Kafka broker answered at nowhere\.invalid:9092 within 0\.3 s"):
        await collect(ReadFromKafka("t", "nowhere.invalid:9092", client=client, connect_timeout=0.3))


async def test_a_port_that_wants_another_protocol(kafka: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    fill(kafka, topic, [b"1"])
    with pytest.raises((KafkaConnectionError, KafkaAuthenticationError), match=r"security.protocol|certificates"):
        await collect(ReadFromKafka(topic, kafka.tls, client=client, connect_timeout=1))
