"""A broker that is away for a while, under a pipeline that writes exactly once."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from streamcore.engine.runtime import Job
from streamcore.errors import TransactionAbortedError
from tests.reliability.conftest import Topics
from tests.reliability.totals import expected_rows

pytestmark = pytest.mark.integration

# A minute is as long as the transaction that was open may last.
OUTAGES = {"killed": (1, 60), "stopped": (30,)}


async def checkpoint_until_rows(topics: Topics, job: Job, count: int) -> None:
    """Has checkpoints taken until so many rows can be seen."""
    async with asyncio.timeout(150):
        while len(await asyncio.to_thread(topics.rows)) < count:
            with contextlib.suppress(TransactionAbortedError):  # it reads again
                await job.checkpoint()


@pytest.mark.parametrize(("how", "seconds"), [(how, seconds) for how in OUTAGES for seconds in OUTAGES[how]])
async def test_a_run_goes_on_by_itself_when_the_broker_is_back(topics: Topics, how: str, seconds: float) -> None:
    broker = topics.broker
    topics.fill(range(500))
    job = topics.job()
    await topics.read(job, 500)
    await job.checkpoint()
    topics.fill(range(500, 700))
    await topics.read(job, 700)  # and written, in a transaction that is open
    leave, come_back = (broker.kill, broker.start) if how == "killed" else (broker.pause, broker.resume)
    await asyncio.to_thread(leave)
    await asyncio.sleep(seconds)
    await asyncio.to_thread(come_back)
    await asyncio.to_thread(topics.fill, range(700, 1000))
    await checkpoint_until_rows(topics, job, 1000)
    await job.drain()
    assert topics.rows() == expected_rows(range(1000))
