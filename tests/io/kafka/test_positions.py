"""Where ReadFromKafka begins and ends, with both clients against a broker."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from streamcore import Pipeline, PipelineOptions, Timestamp
from streamcore.io import WriteToCallable
from streamcore.io.kafka import KafkaOffsetError, KafkaTopicError
from tests.io.kafka.topics import collect, fill, read, read_split
from tests.servers.broker import Broker
from tests.servers.plugin import MakeTopic

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("earliest", [b"0", b"1", b"2", b"3"]),
        ("saved", [b"0", b"1", b"2", b"3"]),
        ("latest", []),
        (Timestamp(2), [b"2", b"3"]),
        (Timestamp(1.5), [b"2", b"3"]),
        (Timestamp(100), []),
        (3, [b"3"]),
    ],
)
async def test_where_to_start(
    broker: Broker, client: Any, make_topic: MakeTopic, start: Any, expected: list[bytes]
) -> None:
    topic = make_topic()
    fill(broker, topic, [b"0", b"1", b"2", b"3"], millis=[500, 1000, 2000, 3000])
    start = {(topic, 0): start} if isinstance(start, int) else start
    assert [value for _, value in await collect(read(broker, client, topic, start=start))] == expected


async def test_where_to_end(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    fill(broker, topic, [b"0", b"1", b"2", b"3"], millis=[500, 1000, 2000, 3000])
    assert len(await collect(read(broker, client, topic, until=Timestamp(2)))) == 2
    assert len(await collect(read(broker, client, topic, until=Timestamp(0)))) == 0
    assert len(await collect(read(broker, client, topic, until=Timestamp(9)))) == 4


async def test_an_offset_that_is_not_there(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    fill(broker, topic, [b"0"])
    with pytest.raises(KafkaOffsetError) as caught:
        await collect(read(broker, client, topic, start={(topic, 0): 5}))
    assert str(caught.value) == (
        f"partition 0 of topic {topic!r} is to be read from offset 5, but its offsets go from 0 to 1; records have "
        "been deleted by retention, or the topic is another one now; choose where to go on with start='earliest', "
        "'latest' or a timestamp"
    )


@pytest.mark.parametrize(("suffix", "number"), [("", 2), ("k", 0)])
async def test_an_offset_of_a_partition_that_is_not_read(
    broker: Broker, client: Any, make_topic: MakeTopic, suffix: str, number: int
) -> None:
    topic = make_topic(2)
    with pytest.raises(KafkaTopicError) as caught:
        await collect(read(broker, client, topic, start={(topic, 0): 0, (topic + suffix, number): 0}))
    assert str(caught.value) == (
        f"`start` tells an offset of partition {number} of topic {topic + suffix!r}, which is not read; "
        f"the partitions are [({topic!r}, 0), ({topic!r}, 1)]"
    )


async def test_a_topic_that_is_not_there(broker: Broker, client: Any) -> None:
    with pytest.raises(KafkaTopicError) as caught:
        await collect(read(broker, client, "no-such-topic"))
    assert str(caught.value) == (
        "topic 'no-such-topic' does not exist, or may not be read; create it, or check the name"
    )


async def test_saved_offsets_of_a_group(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic(2)
    fill(broker, topic, [b"0", b"1", b"2", b"3"], partitions=[0, 0, 0, 1])
    source = read(broker, client, topic, group_id=topic)._source(lambda letter, error: None)
    await source.splits()
    reader = source.open(f"{topic}/0", None)
    await source.checkpointed({f"{topic}/0": (2, "", 3)})
    await reader.close()
    await source.close()
    found = await collect(read(broker, client, topic, group_id=topic))
    assert sorted(value for _, value in found) == [b"2", b"3"]


async def test_every_position_is_one_to_go_on_from(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    values = [b"%d" % n for n in range(20)]
    fill(broker, topic, values)
    found: list[Any] = []
    positions: dict[str, Any] = {}
    for count in (1, 7, 5, 4, 3):
        source = read(broker, client, topic)._source(lambda letter, error: None)
        source.resume(positions)
        assert await source.splits() == [f"{topic}/0"]
        elements, positions[f"{topic}/0"] = await read_split(source, f"{topic}/0", positions.get(f"{topic}/0"), count)
        found += [value for _, value in elements]
        await source.close()
    assert found == values


async def test_a_bounded_read_ends_where_it_would_have(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    fill(broker, topic, [b"0", b"1", b"2"])
    source = read(broker, client, topic)._source(lambda letter, error: None)
    (split,) = await source.splits()
    _, position = await read_split(source, split, None, 1)
    await source.close()
    fill(broker, topic, [b"3"])
    source = read(broker, client, topic)._source(lambda letter, error: None)
    source.resume({split: position})
    await source.splits()
    assert [value for _, value in (await read_split(source, split, position, 9))[0]] == [b"1", b"2"]
    await source.close()


async def test_a_topic_that_is_made_while_nothing_runs_is_read_from_its_beginning(
    broker: Broker, client: Any, make_topic: MakeTopic, tmp_path: Path
) -> None:
    name = f"later-{make_topic()}"
    found: list[Any] = []
    seen = asyncio.Event()

    def take(element: Any) -> None:
        found.append(element)
        seen.set()

    async def start() -> Any:
        p = Pipeline(options=PipelineOptions(state_dir=str(tmp_path), checkpoint_interval=None))
        reading = read(broker, client, topic_pattern=f"{name}.*", start="latest", until=None)
        _ = p | "read" >> reading | "out" >> WriteToCallable(take)
        return await p.run_async()

    run = await start()
    await run.checkpoint()
    await run.cancel()
    fill(broker, make_topic(name=name), [b"0", b"1"])
    run = await start()
    await asyncio.wait_for(seen.wait(), 20)
    await run.cancel()
    assert [value for _, value in found] == [b"0", b"1"]


async def test_a_saved_position_outside_of_the_log(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    source = read(broker, client, topic)._source(lambda letter, error: None)
    source.resume({f"{topic}/0": (4, "", None)})
    with pytest.raises(KafkaOffsetError) as caught:
        await source.splits()
    await source.close()
    assert str(caught.value) == (
        f"partition 0 of topic {topic!r} is to be read from offset 4, but its offsets go from 0 to 0; records have "
        "been deleted by retention, or the topic is another one now; start anew with another state directory, and "
        "choose where with `start`"
    )


async def test_a_saved_position_of_a_topic_that_is_not_read(broker: Broker, client: Any, make_topic: MakeTopic) -> None:
    topic = make_topic()
    source = read(broker, client, topic)._source(lambda letter, error: None)
    source.resume({"other/0": (4, "", None)})
    with pytest.raises(KafkaTopicError) as caught:
        await source.splits()
    await source.close()
    assert str(caught.value) == (
        "partition 0 of topic 'other', of which a position is saved, is not read any more; read the same topics, or "
        "start anew with another state directory"
    )
