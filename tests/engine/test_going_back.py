"""Runs that go back to their last checkpoint: what the one that was lost must not leave behind, and how they go on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from streamcore.engine.runtime import Job
from streamcore.errors import TransactionAbortedError
from streamcore.graph.pipeline import Pipeline
from streamcore.model.source import Batch
from streamcore.model.watermark import ManualWatermark
from streamcore.timestamp import MIN_MICROS
from streamcore.transforms.read import Read
from streamcore.transforms.with_timestamps import WithTimestamps
from streamcore.transforms.write import Write
from tests.engine.clusters import Cluster, ClusterSink, ClusterTransactions, fenced
from tests.engine.ledgers import Ledger, LedgerSink, options, run_to_end
from tests.engine.running_sums import running_sums, ungated, whole_run
from tests.engine.sources import Counting, CountingReader, Gate, GatedSource, calm, until

# What polls bring until all numbers have been read, and the one that tells of the end.
ALL_POLLS = 31


async def after_a_checkpoint(cluster: Cluster, ledger: Ledger, gate: Gate, state_dir: Path) -> Job:
    """A run of which 8 polls are in its first checkpoint."""
    job = Job(running_sums(GatedSource(Counting(90, splits=["a"]), gate), cluster, ledger, state_dir))
    await gate.use(8)
    assert await job.checkpoint() == 1
    return job


async def test_a_run_that_goes_back_when_its_input_has_ended_does_not_end(tmp_path: Path) -> None:
    cluster, ledger, gate = Cluster(), Ledger(), Gate()
    job = await after_a_checkpoint(cluster, ledger, gate, tmp_path / "state")
    await gate.use(ALL_POLLS - 9)
    await calm()
    cluster.write_faults.append(fenced())  # for the panes that come out at the end
    gate.allow(1)
    await until(lambda: len(ledger.starts) == 2)
    gate.allow(2)
    await until(gate.is_used)
    await job.cancel()
    await run_to_end(running_sums(ungated(), cluster, ledger, tmp_path / "state"))
    assert cluster.rows == await whole_run(tmp_path / "whole") == ledger.rows()


async def test_a_last_checkpoint_that_was_lost_is_not_the_last(tmp_path: Path) -> None:
    cluster, ledger, gate = Cluster(), Ledger(), Gate()
    job = await after_a_checkpoint(cluster, ledger, gate, tmp_path / "state")
    cluster.commit_faults.append(fenced())
    await gate.use(ALL_POLLS - 8)
    gate.allow(2)
    await until(gate.is_used)
    (sink,) = [outlet.sink for outlet in job.outlets if isinstance(outlet.sink, LedgerSink)]
    assert "close" not in sink.calls
    assert await job.checkpoint() == 2
    await job.cancel()
    await run_to_end(running_sums(ungated(), cluster, ledger, tmp_path / "state"))
    assert cluster.rows == await whole_run(tmp_path / "whole") == ledger.rows()


async def test_nothing_is_polled_before_the_marker_of_where_it_went_back_to_is_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster, gate = Cluster(), Gate()
    job = await after_a_checkpoint(cluster, Ledger(), gate, tmp_path / "state")
    begin, begins, may_begin = ClusterTransactions.begin, asyncio.Event(), asyncio.Event()

    async def begin_slowly(self: ClusterTransactions) -> None:
        begins.set()
        await may_begin.wait()
        await begin(self)

    monkeypatch.setattr(ClusterTransactions, "begin", begin_slowly)
    cluster.write_faults.append(fenced())
    await gate.use(2)
    await asyncio.wait_for(begins.wait(), 30)
    gate.allow(1)
    await calm()
    assert not gate.is_used()
    may_begin.set()
    gate.allow(1000)
    await job.wait()
    assert cluster.rows == await whole_run(tmp_path / "whole")


async def test_a_source_is_not_told_of_a_checkpoint_that_was_lost(tmp_path: Path) -> None:
    cluster, gate, source = Cluster(), Gate(), Counting(90, splits=["a"])
    job = Job(running_sums(GatedSource(source, gate), cluster, Ledger(), tmp_path))
    await gate.use(8)
    assert await job.checkpoint() == 1
    await gate.use(4)
    cluster.commit_faults.append(fenced())
    with pytest.raises(TransactionAbortedError):
        await job.checkpoint()
    assert source.reached == [{"a": 24}]
    await job.cancel()


async def test_a_watermark_that_the_program_has_moved_stays_where_it_is(tmp_path: Path) -> None:
    cluster, gate, manual = Cluster(), Gate(), ManualWatermark()
    p = Pipeline(options=options(tmp_path))
    stamped = p | Read(GatedSource(Counting(90, splits=["a"]), gate)) | WithTimestamps(float, watermark=manual)
    _ = stamped | Write(ClusterSink(cluster))
    job = Job(p)
    await gate.use(8)
    assert await job.checkpoint() == 1
    manual.advance_to(50)
    cluster.commit_faults.append(fenced())
    with pytest.raises(TransactionAbortedError):
        await job.checkpoint()
    await gate.use(1)
    assert manual.watermark == 50_000_000
    await job.cancel()
    assert manual.watermark == MIN_MICROS


class ReadyReader(CountingReader):
    """Has its next numbers at hand."""

    def poll_nowait(self, limit: int) -> Batch[int] | None:
        return self.take()


class ReadyCounting(Counting):
    """Splits that have their next numbers at hand."""

    def open(self, split: str, position: int | None) -> ReadyReader:
        return ReadyReader(position or 0, self._stop, self._step)


async def test_a_run_goes_back_whose_splits_have_their_next_batch_at_hand(tmp_path: Path) -> None:
    def make(cluster: Cluster, ledger: Ledger, state_dir: Path) -> Pipeline:
        return running_sums(ReadyCounting(90, step=1), cluster, ledger, state_dir)

    whole, cluster, ledger = Cluster(), Cluster(), Ledger()
    await run_to_end(make(whole, Ledger(), tmp_path / "whole"))
    cluster.write_faults.append(fenced())
    await run_to_end(make(cluster, ledger, tmp_path / "state"))
    assert len(ledger.starts) == 2
    assert sorted(cluster.rows) == sorted(whole.rows)
