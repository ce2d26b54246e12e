"""Runs that write within the transactions of a cluster, which may lose some."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from streamcore.engine.runtime import Job
from streamcore.errors import PipelineError, TransactionUnknownError
from streamcore.graph.pipeline import Pipeline
from streamcore.model.source import Source
from streamcore.model.windowing import AccumulationMode
from streamcore.transforms.elementwise import Map
from streamcore.transforms.group import CombinePerKey
from streamcore.transforms.read import Read
from streamcore.transforms.window_into import WindowInto
from streamcore.transforms.write import Write
from streamcore.triggers import AfterCount, AfterWatermark
from streamcore.windowing import FixedWindows
from tests.engine.clusters import Cluster, ClusterSink, aborted, fenced
from tests.engine.ledgers import Ledger, LedgerSink, options, run_to_end
from tests.engine.sources import Counting, Gate, GatedSource, calm


def running_sums(source: Source[int], cluster: Cluster, ledger: Ledger, state_dir: Path) -> Pipeline:
    """Sums so far, to a cluster, and to a sink of two phases."""
    p = Pipeline(options=options(state_dir))
    sums = (
        p
        | "read" >> Read(source)
        | "keys" >> Map(lambda number: (number % 3, number))
        | WindowInto(FixedWindows(20), AfterWatermark(early=AfterCount(2)), AccumulationMode.ACCUMULATING)
        | "sums" >> CombinePerKey(sum)
    )
    _ = sums | "to cluster" >> Write(ClusterSink(cluster))
    _ = sums | "to ledger" >> Write(LedgerSink(ledger))
    return p


async def whole_run(state_dir: Path) -> list[tuple[int, int]]:
    cluster = Cluster()
    await run_to_end(running_sums(Counting(90, splits=["a"]), cluster, Ledger(), state_dir))
    return cluster.rows


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


@pytest.mark.parametrize("fault", [fenced, aborted], ids=["fenced", "aborted"])
@pytest.mark.parametrize("polls", [0, 1, 12])
async def test_a_lost_transaction_is_done_again_in_the_process(tmp_path: Path, polls: int, fault: type) -> None:
    expected = await whole_run(tmp_path / "whole")
    cluster, ledger, gate = Cluster(), Ledger(), Gate()
    job = Job(running_sums(GatedSource(Counting(90, splits=["a"]), gate), cluster, ledger, tmp_path / "state"))
    await gate.use(8)
    await job.checkpoint()
    await gate.use(polls)
    cluster.commit_faults.append(fault())
    gate.allow(1000)
    assert await job.checkpoint() == 1, "the checkpoint that holds is the one before"
    await job.wait()
    assert cluster.rows == expected == ledger.rows()
    assert [start.checkpoint for start in ledger.starts] == [0, 1]


async def test_a_write_that_fails_takes_the_run_back(tmp_path: Path) -> None:
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


async def test_a_commit_without_an_answer_is_tried_again(tmp_path: Path) -> None:
    cluster, ledger = Cluster(), Ledger()
    job = Job(running_sums(Counting(90, splits=["a"]), cluster, ledger, tmp_path / "state"))
    cluster.commit_faults += [TransactionUnknownError("no answer")] * 2
    await job.wait()
    assert cluster.rows == await whole_run(tmp_path / "whole")
    assert len(ledger.starts) == 1


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
