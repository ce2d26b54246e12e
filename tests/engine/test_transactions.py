"""Runs that write within the transactions of a cluster, which may lose some."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from streamcore.engine.runtime import Job
from streamcore.errors import PipelineError, TransactionUnknownError
from streamcore.graph.pipeline import Pipeline
from streamcore.model.source import Source
from streamcore.testing import VirtualClock
from streamcore.transforms.read import Read
from streamcore.transforms.write import Write
from tests.engine.clusters import Cluster, ClusterSink, ClusterTransactions, aborted, fenced
from tests.engine.ledgers import Ledger, options, run_to_end
from tests.engine.running_sums import running_sums, ungated, whole_run
from tests.engine.sources import Counting, Gate, GatedReader, GatedSource, calm, until

DAY = 86_400


async def test_output_is_committed_with_each_checkpoint(tmp_path: Path) -> None:
    expected = await whole_run(tmp_path / "whole")
    cluster, ledger, gate = Cluster(), Ledger(), Gate()
    job = Job(running_sums(GatedSource(Counting(90, splits=["a"]), gate), cluster, ledger, tmp_path / "state"))
    await gate.use(10)
    await calm()
    assert cluster.rows == []
    assert await job.checkpoint() == 1
    assert cluster.rows == expected[: len(cluster.rows)] == ledger.rows()
    assert cluster.rows
    assert cluster.marker is not None
    assert cluster.marker.checkpoint == 1
    await gate.use(5)
    await job.cancel()
    assert cluster.aborted == 1
    gate.allow(1000)
    await run_to_end(running_sums(GatedSource(Counting(90, splits=["a"]), gate), cluster, ledger, tmp_path / "state"))
    assert cluster.rows == expected == ledger.rows()


async def test_what_begins_anew_is_in_a_checkpoint_before_anything_is_read(tmp_path: Path) -> None:
    cluster, gate = Cluster(), Gate()
    job = Job(running_sums(GatedSource(Counting(90, splits=["a"]), gate), cluster, Ledger(), tmp_path))
    await gate.use(8)
    await job.checkpoint()
    await job.cancel()

    cluster.commit_faults += [fenced(), None]  # the first is that of the marker
    again = GatedSource(Counting(90, splits=["a"]), Gate())
    job = Job(running_sums(again, cluster, Ledger(), tmp_path, allow_changes=["sums"]))
    assert await job.checkpoint() == 3, "one was taken at the start"
    assert cluster.commit_faults == []
    await job.cancel()


@pytest.mark.parametrize("checkpoints", [0, 1])
async def test_a_start_that_is_fenced_begins_anew(tmp_path: Path, checkpoints: int) -> None:
    expected = await whole_run(tmp_path / "whole")
    cluster, ledger, gate = Cluster(), Ledger(), Gate()
    for number in range(checkpoints):
        job = Job(running_sums(GatedSource(Counting(90, splits=["a"]), gate), cluster, ledger, tmp_path / "state"))
        await gate.use(8)
        assert await job.checkpoint() == number + 1
        await job.cancel()
    cluster.start_faults += [fenced(), aborted()]
    gate.allow(1000)
    source = GatedSource(Counting(90, splits=["a"]), gate)
    source.clock = VirtualClock(auto_jump=True)
    await run_to_end(running_sums(source, cluster, ledger, tmp_path / "state"))
    assert cluster.rows == expected == ledger.rows()
    assert cluster.start_faults == []


async def test_what_fails_again_and_again_is_done_again_with_breaks(tmp_path: Path) -> None:
    cluster, clock, gate = Cluster(), VirtualClock(), Gate()
    source = GatedSource(Counting(90, splits=["a"]), gate)
    source.clock = clock
    cluster.start_faults += [fenced() for _ in range(8)]
    job = Job(running_sums(source, cluster, Ledger(), tmp_path / "state"))

    async def next_break() -> float:
        began = clock.time()
        await until(lambda: clock.next_sleeper() is not None)
        moment = clock.next_sleeper()
        assert moment is not None
        clock.advance_to(moment)
        return float(moment - began)

    assert [await next_break() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    await gate.use(8)
    assert await job.checkpoint() == 1
    cluster.write_faults += [fenced()]
    cluster.start_faults += [fenced()]
    gate.allow(1000)
    assert await next_break() == 1, "a checkpoint has held, and the first time it goes back at once"
    await job.wait()
    assert cluster.rows == await whole_run(tmp_path / "whole")


class OpenedSource(GatedSource):
    """Another source; it can be opened and closed once."""

    def __init__(self, source: Source[int], gate: Gate) -> None:
        super().__init__(source, gate)
        self.is_open = False
        self.runs: list[OpenedSource] = []

    def for_run(self) -> Source[int]:
        assert not self.is_open
        self.runs.append(copy.copy(self))
        return self.runs[-1]

    async def splits(self) -> Sequence[str]:
        self.is_open = True
        return await super().splits()

    async def close(self) -> None:
        assert self.is_open
        self.is_open = False


async def test_a_run_has_one_source_for_itself_however_often_it_goes_back(tmp_path: Path) -> None:
    gate = Gate()
    source = OpenedSource(Counting(90, splits=["a"]), gate)
    for number in (1, 2):
        cluster = Cluster()
        job = Job(running_sums(source, cluster, Ledger(), tmp_path / str(number)))
        cluster.write_faults += [fenced()]
        gate.allow(1000)
        await job.wait()
        assert cluster.write_faults == []
        assert [one.is_open for one in source.runs] == [False] * number


async def test_a_checkpoint_that_is_no_further_on_ends_no_breaks(tmp_path: Path) -> None:
    cluster, ledger, clock, gate = Cluster(), Ledger(), VirtualClock(), Gate()
    source = GatedSource(Counting(90, splits=["a"]), gate)
    source.clock = clock
    job = Job(running_sums(source, cluster, ledger, tmp_path))

    async def fail_and_go_back() -> float:
        began, starts, lost = clock.time(), len(ledger.starts), job.execution
        cluster.write_faults.append(fenced())
        await gate.use(2)
        await until(lambda: len(ledger.starts) > starts or clock.next_sleeper() is not None)
        clock.advance_to(clock.next_sleeper() or began)
        await until(lambda: job.execution is not lost)
        return float(clock.time() - began)

    await until(lambda: len(ledger.starts) > 0)
    for number, expected in enumerate([0, 1, 2, 4], 1):
        assert await fail_and_go_back() == expected
        assert await job.checkpoint() == number
    await gate.use(2)
    assert await job.checkpoint() == 5
    assert cluster.rows
    assert await fail_and_go_back() == 0
    await job.cancel()


async def test_after_going_back_the_interval_begins_anew(tmp_path: Path) -> None:
    cluster, ledger, clock, gate = Cluster(), Ledger(), VirtualClock(), Gate()
    source = GatedSource(Counting(90, splits=["a"]), gate)
    source.clock = clock
    job = Job(running_sums(source, cluster, ledger, tmp_path, checkpoint_interval=10))

    async def until_waiting() -> float:
        await until(lambda: (moment := clock.next_sleeper()) is not None and moment > clock.time())
        moment = clock.next_sleeper()
        assert moment is not None
        return float(moment)

    def checkpoint() -> int:
        assert cluster.marker is not None
        return cluster.marker.checkpoint

    await gate.use(1)
    while await until_waiting() != 10:
        await asyncio.sleep(0.0002)
    clock.advance(9)
    cluster.write_faults.append(fenced())
    await gate.use(1)
    await until(lambda: len(ledger.starts) >= 2)
    clock.advance(1)
    again = await until_waiting()
    assert checkpoint() == 0
    assert again >= 19
    clock.advance_to(again)
    await until_waiting()
    assert checkpoint() == 1
    await job.cancel()


async def test_a_write_that_fails_takes_the_run_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    expected = await whole_run(tmp_path / "whole")
    cluster, ledger, gate = Cluster(), Ledger(), Gate()
    job = Job(running_sums(GatedSource(Counting(90, splits=["a"]), gate), cluster, ledger, tmp_path / "state"))
    await gate.use(8)
    await job.checkpoint()
    cluster.write_faults += [fenced()]
    gate.allow(1000)
    await job.wait()
    assert cluster.rows == expected == ledger.rows()
    assert [start.checkpoint for start in ledger.starts] == [0, 1]
    assert caplog.messages == [
        "'to cluster' has lost its transaction; the run goes back to its last checkpoint: the transaction has expired"
    ]


async def test_a_commit_without_an_answer_is_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cluster, ledger = Cluster(), Ledger()
    job = Job(running_sums(Counting(90, splits=["a"]), cluster, ledger, tmp_path / "state"))
    cluster.commit_faults += [TransactionUnknownError("no answer")] * 2
    await job.wait()
    assert cluster.rows == await whole_run(tmp_path / "whole")
    assert len(ledger.starts) == 1
    assert (
        caplog.messages
        == ["a transaction did not go through; the run asks again, or goes back to its last checkpoint: no answer"] * 2
    )


async def test_a_stream_goes_on_when_the_run_goes_back(tmp_path: Path) -> None:
    cluster, ledger, gate = Cluster(), Ledger(), Gate()
    p = running_sums(GatedSource(Counting(90, splits=["a"]), gate), cluster, ledger, tmp_path)
    job = Job(p)
    sums = next(pcoll for pcoll, (node, _) in job.execution.plan._producers.items() if node.label == "sums")
    seen: list[tuple[int, int]] = []

    async def watch() -> None:
        async for one in job.stream(sums):
            seen.append(one.value)

    watching = asyncio.create_task(watch())
    await gate.use(8)
    await job.checkpoint()
    cluster.write_faults += [fenced()]
    gate.allow(1000)
    await job.wait()
    await watching
    assert set(seen) == set(cluster.rows)
    assert len(seen) >= len(cluster.rows), "what was seen before the run went back is seen again"


class SlowToClose(GatedSource):
    """Another source, the readers of which take a while to close."""

    def __init__(self, source: Source[int], gate: Gate) -> None:
        super().__init__(source, gate)
        self.may_close = asyncio.Event()
        self.closing = asyncio.Event()

    def open(self, split: str, position: Any) -> GatedReader:
        reader = super().open(split, position)

        async def close() -> None:
            self.closing.set()
            await self.may_close.wait()

        reader.close = close  # type: ignore[method-assign]
        return reader


async def test_a_run_can_be_cancelled_while_it_goes_back(tmp_path: Path) -> None:
    cluster, ledger, gate = Cluster(), Ledger(), Gate()
    source = SlowToClose(Counting(None, splits=["a"]), gate)
    job = Job(running_sums(source, cluster, ledger, tmp_path))
    await gate.use(8)
    await job.checkpoint()
    cluster.write_faults += [fenced()]
    gate.allow(1000)
    await source.closing.wait()
    cancelling = asyncio.create_task(job.cancel())
    await calm()
    source.may_close.set()
    await asyncio.wait_for(cancelling, 30)
    assert job.state == "CANCELLED"


async def test_two_clusters_are_refused(tmp_path: Path) -> None:
    p = Pipeline(options=options(tmp_path))
    numbers = p | Read(Counting(3))
    _ = numbers | "to a" >> Write(ClusterSink(Cluster(), "a:9092"))
    _ = numbers | "to b" >> Write(ClusterSink(Cluster(), "b:9092"))
    with pytest.raises(PipelineError) as caught:
        Job(p)
    assert str(caught.value) == (
        "a pipeline can write to one cluster exactly once, got two: 'to a' to a:9092 and 'to b' to b:9092; "
        "split it in two pipelines, or let one of the sinks write at least once"
    )


async def test_sinks_that_would_set_up_the_same_writer_otherwise_are_refused(tmp_path: Path) -> None:
    p = Pipeline(options=options(tmp_path))
    numbers = p | Read(Counting(3))
    cluster = Cluster()
    for label, properties in (("a", {"acks": 1, "size": 5}), ("b", {"acks": 1, "size": 6, "password": "secret"})):
        sink = ClusterSink(cluster)
        sink.properties = properties
        _ = numbers | label >> Write(sink)
    with pytest.raises(PipelineError) as caught:
        Job(p)
    assert str(caught.value) == (
        "'a' and 'b' write exactly once in the same transactions, and so by the same client, but they do not agree on "
        "its properties: password, size; give both the same (Kafka: `producer_config`)"
    )


async def test_the_directory_is_free_again_whatever_the_cluster_does_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(self: ClusterTransactions) -> None:
        raise OSError("the client is gone")

    gate = Gate()
    job = Job(running_sums(GatedSource(Counting(90, splits=["a"]), gate), Cluster(), Ledger(), tmp_path))
    await gate.use(4)
    await job.checkpoint()
    with monkeypatch.context() as patch:
        patch.setattr(ClusterTransactions, "abort", fail)
        await job.cancel()
        with pytest.raises(OSError, match="the client is gone"):
            await job.wait()
    await run_to_end(running_sums(ungated(), Cluster(), Ledger(), tmp_path))


async def test_checkpoints_come_before_their_transaction_expires(tmp_path: Path) -> None:
    with pytest.raises(PipelineError) as caught:
        Job(running_sums(Counting(3), Cluster(), Ledger(), tmp_path, checkpoint_interval=60))
    assert str(caught.value) == (
        "`checkpoint_interval` must be shorter than a transaction may last, got 60 s and the 60 s of 'to cluster': the "
        "cluster would abort it before it is committed; take checkpoints more often, or let transactions last longer "
        "(Kafka: transaction.timeout.ms in `producer_config`)"
    )


async def test_the_marker_is_written_anew_every_day(tmp_path: Path) -> None:
    cluster, clock, source = Cluster(), VirtualClock(), GatedSource(Counting(90), Gate())
    source.clock = clock
    job = Job(running_sums(source, cluster, Ledger(), tmp_path, checkpoint_interval=10))

    async def until_waiting() -> None:
        await until(lambda: clock.next_sleeper() == clock.time() + DAY)

    for day in range(3):
        await until_waiting()
        assert cluster.marker is not None
        assert cluster.marker.checkpoint == day
        clock.advance(DAY - 1)
        await calm()
        assert clock.next_sleeper() == clock.time() + 1
        clock.advance(1)
    await job.cancel()
