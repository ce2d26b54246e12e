"""Steps and sources that begin anew: once, and from where the first run of them began."""

from __future__ import annotations

from pathlib import Path

from streamcore.engine.runtime import Job
from streamcore.transforms.read import Read
from tests.engine.ledgers import Ledger, options, run_to_end
from tests.engine.sources import Counting, Gate, GatedSource, calm
from tests.engine.test_plan_changes import counting, stopped_half_way


async def test_the_old_state_of_a_step_that_begins_anew_is_dropped_once(tmp_path: Path) -> None:
    await stopped_half_way(tmp_path)
    settings, ledger, gate = options(tmp_path, allow_changes=["counts"]), Ledger(), Gate()
    job = Job(counting(settings, ledger, gate=gate))
    await gate.use(5)
    await calm()
    await job.checkpoint()
    await job.checkpoint()
    await job.cancel()
    await run_to_end(counting(settings, ledger))
    assert sorted(ledger.rows()) == [(0, sum(range(30, 60, 2))), (1, sum(range(31, 60, 2)))]


async def test_where_an_added_source_begins_is_kept_before_anything_is_polled(tmp_path: Path) -> None:
    await stopped_half_way(tmp_path)
    p = counting(options(tmp_path, allow_changes=["more"]), Ledger(), gate=Gate())
    _ = p | "more" >> Read(GatedSource(Counting(3, splits=["a"]), Gate()))
    job = Job(p)
    assert await job.checkpoint() == 4, "one was taken at the start"
    await job.cancel()
