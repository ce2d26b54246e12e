"""What ReadFromKafka and WriteToKafka refuse, and say, when a pipeline is built; without a broker."""

from __future__ import annotations

import contextlib
import importlib.util
from typing import Any

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streamcore import BoundedOutOfOrderness, MissingExtraError, PipelineError, Timestamp
from streamcore.io.kafka import ReadFromKafka, WriteToKafka
from streamcore.io.kafka.confluent.properties import SUGGESTED
from streamcore.io.kafka.serde import Deserializer, JsonSerde
from streamcore.io.kafka.settings import ClientSettings

SECRET = "s3cret-and-long"
AT = {"bootstrap_servers": "localhost:9092"}


async def fetch(value: Any) -> Any:
    return value


class Fetching:
    async def __call__(self, value: Any) -> Any:
        return value


class FetchingSerde(JsonSerde[Any]):
    def deserializer(self) -> Deserializer[Any]:
        return Deserializer(fetch)


READING = [
    ({"topics": None}, "give either `topics` or `topic_pattern`, got None and None"),
    ({"topic_pattern": "a.*"}, "give either `topics` or `topic_pattern`, got 'clicks' and 'a.*'"),
    ({"topics": ["a", 3]}, "`topics` must be names of topics, got ['a', 3]"),
    ({"topics": 5}, "`topics` must be names of topics, got 5"),
    (
        {"topics": None, "topic_pattern": "("},
        "`topic_pattern` must be a regular expression, got '(': missing ), unterminated subpattern at position 0",
    ),
    (
        {"start": "first"},
        "`start` must be 'saved', 'earliest', 'latest', a Timestamp, or offsets as {('topic', 0): 17}, got 'first'",
    ),
    (
        {"start": {("clicks", 0): -1}},
        "`start` must be 'saved', 'earliest', 'latest', a Timestamp, or offsets as {('topic', 0): 17}, got "
        "{('clicks', 0): -1}",
    ),
    (
        {"start": Timestamp(-75)},
        "`start` must not be before 1970, got Timestamp(-75): Kafka finds no offsets by such times; use "
        "start='earliest', and drop older records with Filter",
    ),
    (
        {"until": Timestamp.of_micros(-1)},
        "`until` must not be before 1970, got Timestamp(-0.000001): Kafka finds no offsets by such times; use "
        "until='latest', and drop newer records with Filter",
    ),
    ({"until": "now"}, "`until` must be None, 'latest' or a Timestamp, got 'now'"),
    (
        {"bootstrap_servers": None},
        "`bootstrap_servers` must name a broker, got None; give an address such as 'localhost:9092'",
    ),
    (
        {"bootstrap_servers": 5},
        "`bootstrap_servers` must name a broker, got 5; give an address such as 'localhost:9092'",
    ),
    (
        {"bootstrap_servers": ["b:1", 5]},
        "`bootstrap_servers` must name a broker, got ['b:1', 5]; give an address such as 'localhost:9092'",
    ),
    (
        {"bootstrap_servers": ["b:1", "localhost:99999"]},
        "`bootstrap_servers` must be addresses such as 'localhost:9092', got 'localhost:99999'; a port is a number "
        "from 1 to 65535; if it is left out, it is 9092",
    ),
    (
        {"consumer_config": {"bootstrap.servers": "b:1"}},
        "give either `bootstrap_servers` or 'bootstrap.servers' in `consumer_config`, not both",
    ),
    ({"consumer_config": "x"}, "`consumer_config` must be a dict of properties, got str"),
    ({"connect_timeout": 0}, "`connect_timeout` must be positive, got 0"),
    ({"connect_timeout": "5"}, "`connect_timeout` must be seconds, a Duration or a timedelta, got '5'"),
    ({"discovery_interval": 0}, "`discovery_interval` must be positive, got 0"),
    ({"discovery_interval": None}, "`discovery_interval` must be seconds, a Duration or a timedelta, got None"),
    ({"timestamp": "event"}, "`timestamp` must be 'record' or a function of an element, got 'event'"),
    (
        {"timestamp": fetch},
        "`timestamp` takes a plain function, got the async function fetch, whose results would be coroutines; "
        "write WriteToCallable(fn) where results are not needed, or await in the source",
    ),
    (
        {"value_deserializer": 3},
        "`value_deserializer` must be a serde or a function of bytes, got 3; write JsonSerde()",
    ),
    *(
        (
            {"value_deserializer": given},
            f"`value_deserializer` must be a plain function of bytes, got the async function {name}, which would put "
            "out coroutines; give a serde whose Deserializer fetches in `prepare` what it needs",
        )
        for given, name in ((fetch, "fetch"), (Fetching(), "Fetching"), (FetchingSerde(), "fetch"))
    ),
    (
        {"key_deserializer": JsonSerde},
        f"`key_deserializer` must be a serde or a function of bytes, got {JsonSerde!r}; write JsonSerde()",
    ),
    ({"client": "kafka-python"}, "`client` must be 'confluent' or 'aiokafka', got 'kafka-python'"),
    (
        {"consumer_config": {"auto.offset.reset": "latest"}},
        "`consumer_config` cannot set 'auto.offset.reset': give `start`",
    ),
    (
        {"consumer_config": {"enable.auto.commit": True}},
        "`consumer_config` cannot set 'enable.auto.commit': offsets are committed with checkpoints",
    ),
    (
        {"consumer_config": {"enable_auto_commit": True}, "client": "aiokafka"},
        "`consumer_config` cannot set 'enable_auto_commit': offsets are committed with checkpoints",
    ),
    (
        {"consumer_config": {"sasl.pasword": SECRET}},
        "confluent-kafka has no property 'sasl.pasword'; did you mean 'sasl.password'?",
    ),
    (
        {"consumer_config": {"security_protocol": "SSL"}},
        "confluent-kafka has no property 'security_protocol'; did you mean 'security.protocol'?",
    ),
    (
        {"consumer_config": {"zzz": 1}},
        "confluent-kafka has no property 'zzz'; librdkafka's CONFIGURATION.md lists them",
    ),
    (
        {"consumer_config": {"sasl.password": SECRET, "security.protocol": SECRET}},
        'confluent-kafka refuses the properties: Invalid value "***" for configuration property "security.protocol"',
    ),
    (
        {"consumer_config": {"sasl_plain_pasword": SECRET}, "client": "aiokafka"},
        "aiokafka has no property 'sasl_plain_pasword'; did you mean 'sasl_plain_password'?",
    ),
    (
        {"consumer_config": {"security.protocol": "SSL"}, "client": "aiokafka"},
        "aiokafka has no property 'security.protocol'; did you mean 'security_protocol'?",
    ),
    (
        {"consumer_config": {"zzz": 1}, "client": "aiokafka"},
        "aiokafka has no property 'zzz'; see the parameters of AIOKafkaConsumer",
    ),
]

WRITING = [
    (
        {"bootstrap_servers": f"ann:{SECRET}@localhost:9092"},
        "`bootstrap_servers` must hold no user and no password, got '***@localhost:9092'; give them as properties of "
        "the client: sasl.username and sasl.password (aiokafka: sasl_plain_username and sasl_plain_password)",
    ),
    (
        {"bootstrap_servers": None, "producer_config": {"bootstrap.servers": "localhost:"}},
        "`bootstrap_servers` must be addresses such as 'localhost:9092', got 'localhost:'; a port is a number from 1 "
        "to 65535; if it is left out, it is 9092",
    ),
    ({"topic": ""}, "`topic` must be the name of a topic, or a function of an element that returns it, got ''"),
    ({"key": "user"}, "`key` must be a function of an element, got 'user'"),
    *(
        (
            {option: fetch},
            f"`{option}` takes a plain function, got the async function fetch, whose results would be coroutines; "
            "write WriteToCallable(fn) where results are not needed, or await in the source",
        )
        for option in ("topic", "key", "value", "headers", "partitioner", "timestamp")
    ),
    ({"timestamp": 5}, "`timestamp` must be 'element' or a function of an element, got 5"),
    ({"delivery": "once"}, "`delivery` must be 'at_least_once' or 'exactly_once', got 'once'"),
    (
        {"delivery": "exactly_once", "client": "aiokafka"},
        "delivery='exactly_once' needs client='confluent': with aiokafka a commit that got no answer in time "
        "cannot be waited for again",
    ),
    (
        {"delivery": "exactly_once", "topic": str},
        "delivery='exactly_once' needs one topic by name, on which the checkpoint is noted; split the elements with "
        "Partition and write each part by a WriteToKafka of its own",
    ),
    (
        {"value_serializer": "json"},
        "`value_serializer` must be a serde or a function that returns bytes, got 'json'; write JsonSerde()",
    ),
    (
        {"key_serializer": fetch},
        "`key_serializer` must be a plain function that returns bytes, got the async function fetch, which would "
        "return coroutines; give a serde that fetches in `serializer` what it needs",
    ),
    (
        {"key_serializer": JsonSerde},
        f"`key_serializer` must be a serde or a function that returns bytes, got {JsonSerde!r}; write JsonSerde()",
    ),
    (
        {"producer_config": {"transactional.id": "x"}},
        "`producer_config` cannot set 'transactional.id': streamcore chooses it",
    ),
    (
        {"producer_config": {"linger.m": 5}},
        "confluent-kafka has no property 'linger.m'; did you mean 'linger.ms'?",
    ),
    (
        {"producer_config": {"linger": 5}, "client": "aiokafka"},
        "aiokafka has no property 'linger'; did you mean 'linger_ms'?",
    ),
]


@pytest.mark.parametrize(("options", "message"), READING)
def test_readings_that_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(PipelineError) as caught:
        ReadFromKafka(**{"topics": "clicks", **AT, **options})
    assert str(caught.value) == message
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(("options", "message"), WRITING)
def test_writings_that_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(PipelineError) as caught:
        WriteToKafka(**{"topic": "totals", **AT, **options})
    assert str(caught.value) == message


def test_a_watermark_and_dead_letters() -> None:
    reading = ReadFromKafka("clicks", **AT, watermark=BoundedOutOfOrderness(1))
    with pytest.raises(PipelineError) as caught:
        reading.with_dead_letters()
    assert str(caught.value) == (
        "`watermark` and with_dead_letters() do not go together; give the estimator to "
        "WithTimestamps(fn, watermark=...)"
    )


@pytest.mark.parametrize(
    ("client", "module", "extra"),
    [
        ("confluent", "confluent_kafka", "kafka"),
        ("aiokafka", "aiokafka", "aiokafka"),
        (None, "confluent_kafka", "kafka"),
    ],
)
def test_a_client_that_is_not_installed(monkeypatch: pytest.MonkeyPatch, client: Any, module: str, extra: str) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError) as caught:
        ReadFromKafka("clicks", **AT, client=client)
    assert str(caught.value) == (
        f"Kafka needs {module}, which is not installed; pip install 'streamcore-engine[{extra}]'"
    )


def test_the_client_that_is_installed_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name if name == "aiokafka" else None)
    with pytest.raises(PipelineError, match=r"^aiokafka has no property"):
        ReadFromKafka("clicks", **AT, consumer_config={"zzz": 1})


def test_addresses_and_group_among_the_properties() -> None:
    config = {"bootstrap.servers": "a:1,b:2", "group.id": "g", "client.id": "c"}
    settings = ReadFromKafka("clicks", consumer_config=config)._settings
    assert (settings.bootstrap_servers, settings.group_id, settings.properties) == ("a:1,b:2", "g", {"client.id": "c"})
    assert ReadFromKafka("clicks", ["a:1", "b:2"])._settings.bootstrap_servers == "a:1,b:2"


@pytest.mark.parametrize("name", SUGGESTED)
def test_every_suggested_property_exists(name: str) -> None:
    with contextlib.suppress(TypeError, ValueError):  # of a value that is wrong, but not the name
        reason = ""
        try:
            AdminClient({name: "x", "log_level": 0})
        except KafkaException as error:
            reason = str(error)
        assert "No such configuration property" not in reason


def test_secrets_are_not_shown() -> None:
    properties = {
        "sasl.username": "ann",
        "sasl.password": SECRET,
        "ssl.key.password": SECRET,
        "ssl.key.pem": SECRET,
        "sasl.oauthbearer.client.secret": SECRET,
        "sasl_plain_password": SECRET,
    }
    settings = ClientSettings("localhost:9092", properties)
    assert SECRET not in repr(settings)
    assert settings.hide(f"wrong password {SECRET} for ann") == "wrong password *** for ann"
    for name in properties:
        hides = ClientSettings("b", {name: SECRET}).hide(SECRET) == "***"
        assert hides == (name != "sasl.username")


def test_no_token_is_asked_for_before_the_run() -> None:
    asked: list[str] = []
    config = {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "OAUTHBEARER", "oauth_cb": asked.append}
    ReadFromKafka("clicks", **AT, consumer_config=config)
    WriteToKafka("totals", **AT, producer_config=config)
    assert not asked
