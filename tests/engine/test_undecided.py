"""Clusters that forgot what became of the transaction of a checkpoint, and operators who know."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamcore.engine.runtime import Job
from streamcore.errors import MarkerMissingError, PipelineError
from tests.engine.clusters import Cluster
from tests.engine.ledgers import Ledger, run_to_end
from tests.engine.running_sums import running_sums, ungated, whole_run
from tests.engine.sources import Counting, Gate, GatedSource


async def left_undecided(cluster: Cluster, ledger: Ledger, state_dir: Path) -> None:
    """A run that ends between preparing a checkpoint and the answer of a cluster that then forgets its marker."""
    gate = Gate()
    job = Job(running_sums(GatedSource(Counting(90, splits=["a"]), gate), cluster, ledger, state_dir))
    await gate.use(8)
    await job.checkpoint()
    await gate.use(8)
    cluster.commit_faults.append(OSError("as killed"))
    for fails in (job.checkpoint, job.wait):
        with pytest.raises(OSError, match="as killed"):
            await fails()
    cluster.marker = None


async def test_a_cluster_that_forgot_what_became_of_a_checkpoint(tmp_path: Path) -> None:
    cluster, ledger = Cluster(), Ledger()
    await left_undecided(cluster, ledger, tmp_path)
    with pytest.raises(MarkerMissingError) as caught:
        await run_to_end(running_sums(ungated(), cluster, ledger, tmp_path))
    assert str(caught.value) == (
        "checkpoint 2 was prepared, but its cluster no longer knows whether the transaction was committed: the marker "
        "has expired or was deleted, or this is another cluster; look whether the output of the last checkpoint is in "
        "the topics, then start once with undecided='committed' if it is, and undecided='aborted' if it is not"
    )


@pytest.mark.parametrize("what", ["aborted", "committed"])
async def test_an_operator_may_tell_what_became_of_a_checkpoint(tmp_path: Path, what: str) -> None:
    expected = await whole_run(tmp_path / "whole")
    cluster, ledger, state_dir = Cluster(), Ledger(), tmp_path / "state"
    await left_undecided(cluster, ledger, state_dir)
    await run_to_end(running_sums(ungated(), cluster, ledger, state_dir, undecided=what))
    assert ledger.rows() == expected
    missing = [row for row in expected if row not in cluster.rows]
    assert bool(missing) == (what == "committed"), "it was aborted: who says otherwise loses its output"


async def test_an_answer_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(PipelineError) as caught:
        Job(running_sums(Counting(3), Cluster(), Ledger(), tmp_path, undecided="lost"))
    assert str(caught.value) == (
        "`undecided` must be 'committed' or 'aborted', got 'lost'; look whether the output of the checkpoint is in the "
        "topics, and leave the option out if no start has asked for it"
    )
