"""Whoever asks for a checkpoint is told if its transaction was lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from streamcore.engine.runtime import Job
from streamcore.errors import TransactionAbortedError
from tests.engine.clusters import Cluster, aborted, fenced
from tests.engine.ledgers import Ledger
from tests.engine.running_sums import running_sums, whole_run
from tests.engine.sources import Counting, Gate, GatedSource

LOST = (
    "a transaction was lost, and the run has gone back to checkpoint 1: what came after that is in no checkpoint, and "
    "is done again; ask again when it has come as far (the log tells how it was lost)"
)


async def test_nobody_is_told_of_a_checkpoint_that_holds_less_than_was_seen(tmp_path: Path) -> None:
    cluster, gate = Cluster(), Gate()
    job = Job(running_sums(GatedSource(Counting(90, splits=["a"]), gate), cluster, Ledger(), tmp_path))
    await gate.use(8)
    await job.checkpoint()
    await gate.use(8)
    cluster.commit_faults.append(fenced())
    asked = [job.checkpoint(), job.checkpoint(), job.savepoint("kept")]
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert [(type(error), str(error)) for error in told] == [(TransactionAbortedError, LOST)] * 3
    assert not (tmp_path / "savepoints").exists()
    await gate.use(8)
    assert await job.savepoint("kept") == 2
    assert (tmp_path / "savepoints" / "kept.sqlite").exists()
    assert job.state == "RUNNING"
    await job.cancel()


async def test_a_savepoint_that_lost_its_transaction_is_not_kept(tmp_path: Path) -> None:
    cluster, gate = Cluster(), Gate()
    job = Job(running_sums(GatedSource(Counting(90, splits=["a"]), gate), cluster, Ledger(), tmp_path))
    await gate.use(8)
    await job.checkpoint()
    await gate.use(8)
    cluster.commit_faults.append(fenced())
    with pytest.raises(TransactionAbortedError) as caught:
        await job.savepoint("kept")
    assert str(caught.value) == LOST
    assert not (tmp_path / "savepoints").exists()
    await job.cancel()


async def test_a_checkpoint_that_turns_out_to_be_committed_is_told(tmp_path: Path) -> None:
    cluster, ledger, gate = Cluster(), Ledger(), Gate()
    job = Job(running_sums(GatedSource(Counting(90, splits=["a"]), gate), cluster, ledger, tmp_path))
    await gate.use(8)
    cluster.lost_answers = 3
    assert await job.checkpoint() == 1
    assert cluster.rows == ledger.rows() != []
    assert [start.checkpoint for start in ledger.starts] == [0, 1]
    await job.cancel()


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
    with pytest.raises(TransactionAbortedError) as caught:
        await job.checkpoint()
    assert str(caught.value) == LOST
    await job.wait()
    assert cluster.rows == expected == ledger.rows()
    assert [start.checkpoint for start in ledger.starts] == [0, 1]
