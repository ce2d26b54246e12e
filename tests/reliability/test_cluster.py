"""What a cluster forgets, deletes and shows, while a pipeline writes to it exactly once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from streamcore.engine import commit_driver
from streamcore.engine.core.commands import CommitTransaction
from streamcore.errors import MarkerMissingError, PipelineError
from streamcore.io.kafka.errors import KafkaOffsetError
from tests.reliability.conftest import Topics
from tests.reliability.state import state_id
from tests.reliability.totals import GROUP, expected_rows
from tests.servers.broker import wait_until

pytestmark = pytest.mark.integration


def fail_at_commit(patch: pytest.MonkeyPatch, was_committed: bool) -> None:
    """Ends the run before or after the commit of its next transaction, as a crash does."""
    carry_out = commit_driver.HANDLERS[CommitTransaction]

    async def fail(driver: Any, command: Any) -> None:
        if was_committed:
            await carry_out(driver, command)
        raise OSError("as killed")

    patch.setitem(commit_driver.HANDLERS, CommitTransaction, fail)


@pytest.mark.parametrize("was_committed", [True, False], ids=["committed", "aborted"])
async def test_a_marker_that_has_expired(
    topics: Topics, admin: AdminClient, monkeypatch: pytest.MonkeyPatch, was_committed: bool
) -> None:
    topics.fill(range(100))
    job = topics.job()
    await topics.read(job, 100)
    with monkeypatch.context() as patch:
        fail_at_commit(patch, was_committed)
        with pytest.raises(OSError, match="as killed"):
            await job.checkpoint()
        with pytest.raises(OSError, match="as killed"):
            await job.wait()
    group = f"streamcore-{state_id(topics.state_dir)}"
    for deleted in admin.delete_consumer_groups([group]).values():
        await asyncio.to_thread(deleted.result, 30)
    with pytest.raises(MarkerMissingError) as caught:
        await topics.job().wait()
    assert str(caught.value) == (
        "checkpoint 1 was prepared, but its cluster no longer knows whether the transaction was committed: the marker "
        "has expired or was deleted, or this is another cluster; look whether the output of the last checkpoint is in "
        "the topics, then start once with undecided='committed' if it is, and undecided='aborted' if it is not"
    )
    assert topics.rows() == (expected_rows(range(100)) if was_committed else [])
    topics.fill(range(100, 150))
    await topics.job(to_end=True, undecided="committed" if was_committed else "aborted").wait()
    assert topics.rows() == expected_rows(range(150))


async def test_a_checkpoint_interval_as_long_as_a_transaction(topics: Topics) -> None:
    with pytest.raises(PipelineError) as caught:
        topics.job(checkpoint_interval=60)
    assert str(caught.value) == (
        "`checkpoint_interval` must be shorter than a transaction may last, got 60 s and the 60 s of "
        "'write/Write(TransactionalKafkaSink)': the cluster would abort it before it is committed; take checkpoints "
        "more often, or let transactions last longer (Kafka: transaction.timeout.ms in `producer_config`)"
    )
    assert not topics.state_dir.exists()


async def test_records_that_retention_has_deleted(topics: Topics, admin: AdminClient) -> None:
    topics.fill(range(10))
    job = topics.job()
    await topics.read(job, 10)
    await job.checkpoint()
    await job.cancel()
    topics.fill(range(10, 20))
    for deleted in admin.delete_records([TopicPartition(topics.source, 0, 15)]).values():
        await asyncio.to_thread(deleted.result, 30)
    with pytest.raises(KafkaOffsetError) as caught:
        await topics.job().wait()
    assert str(caught.value) == (
        f"partition 0 of topic {topics.source!r} is to be read from offset 10, but its offsets go from 15 to 20; "
        "records have been deleted by retention, or the topic is another one now; start anew with another state "
        "directory, and choose where with `start`"
    )
    await topics.job(to_end=True, allow_changes=["read"]).wait()
    assert topics.rows() == expected_rows(range(10)) + expected_rows(range(15, 20))


async def test_ordinary_tools_see_the_progress(topics: Topics, admin: AdminClient) -> None:
    def committed() -> int:
        asked = ConsumerGroupTopicPartitions(f"{GROUP}-{topics.source}", [TopicPartition(topics.source, 0)])
        (found,) = admin.list_consumer_group_offsets([asked]).values()
        (partition,) = found.result(30).topic_partitions
        return int(partition.offset)

    topics.fill(range(10))
    job = topics.job()
    await topics.read(job, 10)
    await job.checkpoint()
    await asyncio.to_thread(wait_until, lambda: committed() == 10, "the offset of the first checkpoint", 30)
    topics.fill(range(10, 25))
    await job.cancel()
    await topics.job(to_end=True).wait()
    await asyncio.to_thread(wait_until, lambda: committed() == 25, "the offset of the last checkpoint", 30)
