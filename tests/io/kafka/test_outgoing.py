"""The records that elements become, and elements that none can be made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from streamcore.errors import PipelineError, SinkError
from streamcore.io.kafka.client import Outgoing
from streamcore.io.kafka.outgoing import RecordFormat, RecordMaker
from streamcore.io.kafka.serde import JsonSerde, StrSerde
from streamcore.io.kafka.write import WriteToKafka
from streamcore.model.bundle import Bundle
from streamcore.windowing import GlobalWindows

PLAIN = RecordFormat("topic", None, None, None, None, None, None, None)


async def records(elements: list[Any], timestamps: list[int] | int = 0, **changes: Any) -> Outgoing:
    bundle = Bundle(elements, timestamps, GlobalWindows())
    return await RecordMaker(dataclasses.replace(PLAIN, **changes)).records(bundle)


async def test_pairs_are_keys_and_values() -> None:
    assert await records([(b"k", b"v"), [None, b"w"]]) == Outgoing("topic", [b"k", None], [b"v", b"w"])


async def test_functions_make_the_parts_of_a_record() -> None:
    made = await records(
        [{"u": "ann", "n": 1}, {"u": "bob", "n": 2}],
        key=lambda row: row["u"],
        value=lambda row: row["n"],
        key_serializer=StrSerde(),
        value_serializer=JsonSerde(),
        headers=lambda row: [("user", row["u"].encode())],
        timestamp=lambda row: row["n"],
        partition=lambda row: row["n"] % 2,
    )
    assert made == Outgoing(
        "topic",
        [b"ann", b"bob"],
        [b"1", b"2"],
        [1_000_000, 2_000_000],
        [[("user", b"ann")], [("user", b"bob")]],
        [1, 0],
    )


async def test_without_a_function_for_the_value_it_is_the_element() -> None:
    assert await records(["a"], key=str.encode, value_serializer=StrSerde()) == Outgoing("topic", [b"a"], [b"a"])


async def test_without_a_function_for_the_key_there_is_none() -> None:
    assert await records(["a"], value=str.encode) == Outgoing("topic", [None], [b"a"])


async def test_records_carry_the_event_time_if_asked() -> None:
    made = await records([(b"k", b"v")], [7_000_000], timestamp="event")
    assert made.timestamps == [7_000_000]


async def test_a_function_tells_the_topic_and_serdes_hear_of_it() -> None:
    asked = []

    class Named(StrSerde):
        async def serializer(self, topic: str, part: Any) -> Callable[[str], bytes]:
            asked.append((topic, part.value))
            return lambda value: f"{topic}:{value}".encode()

    made = await records([(b"1", "a"), (b"2", "b"), (b"3", "a")], topic=lambda pair: pair[1], value_serializer=Named())
    assert made == Outgoing(["a", "b", "a"], [b"1", b"2", b"3"], [b"a:a", b"b:b", b"a:a"])
    assert asked == [("a", "value"), ("b", "value")]


async def test_tombstones_stay() -> None:
    assert await records([(b"k", None)], value_serializer=JsonSerde()) == Outgoing("topic", [b"k"], [None])


def fails(_: object) -> Any:
    raise KeyError("user")


def stops(_: object) -> Any:
    raise StopIteration


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "it is no pair (key, value); say how to make one by `key` and `value`"),
        ({"key": fails}, "the function for its key raised KeyError: 'user'"),
        ({"key": str, "topic": stops}, "the function for its topic raised StopIteration; return a value instead"),
        ({"value": str, "timestamp": fails}, "the function for its timestamp raised KeyError: 'user'"),
        ({"value": lambda x: {x}, "value_serializer": StrSerde()}, "its value for topic 'topic': "),
    ],
)
async def test_an_element_that_cannot_be_written_is_named(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(SinkError) as caught:
        await records([7], **changes)
    assert str(caught.value).startswith(f"element 7 cannot be written to Kafka: {reason}")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"delivery": "once"}, "`delivery` must be 'at_least_once' or 'exactly_once', got 'once'"),
        ({"topic": 7}, "`topic` must be a name, or a function from an element to a name, got 7"),
        ({"timestamp": "now"}, "`timestamp` must be 'event', a function of an element, or None, got 'now'"),
        (
            {"bootstrap_servers": ""},
            "`bootstrap_servers` must name a broker, got ''; give an address such as 'localhost:9092'",
        ),
        (
            {"delivery": "exactly_once", "client": "aiokafka"},
            "delivery='exactly_once' needs client='confluent': aiokafka cannot wait for offsets that a transaction "
            "holds, so after a crash it could miss that a checkpoint was committed",
        ),
        (
            {"delivery": "exactly_once", "topic": str},
            "delivery='exactly_once' needs one topic by name, on which the checkpoint is noted; split the elements "
            "with Partition and write each part by a WriteToKafka of its own",
        ),
    ],
)
def test_wrong_parameters_are_refused(parameters: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"topic": "t", "bootstrap_servers": "localhost:9092"} | parameters
    with pytest.raises(PipelineError) as caught:
        WriteToKafka(**given)
    assert str(caught.value) == message
