"""The handle of a run that is used in another event loop than the run's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from streamcore.engine.runtime import Job
from streamcore.errors import PipelineError
from streamcore.graph.pipeline import Pipeline
from streamcore.transforms.read import Create
from tests.engine.counting import counts
from tests.engine.ledgers import Ledger, LedgerSink, options
from tests.engine.sources import Counting

Call = Callable[[Job], Awaitable[Any]]

ENDS: dict[str, Call] = {
    "wait()": lambda job: job.wait(),
    "drain()": lambda job: job.drain(),
    "cancel()": lambda job: job.cancel(),
}
CALLS: dict[str, Call] = ENDS | {
    "checkpoint()": lambda job: job.checkpoint(),
    "savepoint(...)": lambda job: job.savepoint("kept"),
}


def in_a_loop(call: Call, job: Job) -> Any:
    """What a call returns in an event loop of its own."""

    async def ask() -> Any:
        return await asyncio.wait_for(call(job), 5)

    return asyncio.run(ask())


@pytest.mark.parametrize("call", CALLS)
async def test_what_would_never_return_in_another_loop_is_refused(call: str, tmp_path: Path) -> None:
    job = Job(counts(Counting(None), LedgerSink(Ledger()), options(tmp_path)))
    with pytest.raises(PipelineError) as caught:
        await asyncio.to_thread(in_a_loop, CALLS[call], job)
    assert str(caught.value) == (
        f"`handle.{call}` was called outside the event loop of the run; "
        f"write asyncio.run_coroutine_threadsafe(handle.{call}, loop), with the loop that runs the pipeline"
    )
    assert await job.checkpoint() == 1
    await job.cancel()


async def test_a_thread_may_end_a_run_through_its_loop() -> None:
    job, loop = Job(counts(Counting(None), LedgerSink(Ledger()))), asyncio.get_running_loop()
    await asyncio.to_thread(lambda: asyncio.run_coroutine_threadsafe(job.drain(), loop).result(30))
    assert job.state == "DRAINED"


@pytest.mark.parametrize("call", ENDS)
def test_a_run_that_has_ended_may_be_waited_for_in_any_loop(call: str) -> None:
    p = Pipeline()
    _ = p | Create([1])
    handle: Any = p.run()
    assert in_a_loop(ENDS[call], handle) in ("DONE", None)
    assert handle.state == "DONE"
