"""A disk that is full while a running pipeline takes a checkpoint."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from streamcore.engine.state import directory
from streamcore.errors import StateWriteError
from tests.reliability.conftest import Topics
from tests.reliability.state import contents
from tests.reliability.totals import expected_rows

pytestmark = pytest.mark.integration


async def test_a_full_disk_ends_the_run_and_a_later_one_goes_on(
    topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics.fill(range(100))
    job = topics.job()
    await topics.read(job, 100)
    assert await job.checkpoint() == 1
    await job.cancel()
    topics.fill(range(100, 3000))
    open_database = directory.open_database

    def open_full(path: Path) -> sqlite3.Connection:
        connection = open_database(path)
        ((pages,),) = connection.execute("PRAGMA page_count")
        connection.execute(f"PRAGMA max_page_count = {pages}")  # what SQLite then says is what it says of a full disk
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(directory, "open_database", open_full)
        job = topics.job()
        await topics.read(job, 3000)  # metrics go on, too
        kept = contents(topics.state_dir)
        for fails in (job.checkpoint, job.wait):
            with pytest.raises(StateWriteError) as caught:
                await fails()
            assert str(caught.value) == (
                f"cannot write to the state in {topics.state_dir}: the disk is full; nothing was changed: make room "
                "and try again"
            )
    assert job.state == "FAILED"
    assert contents(topics.state_dir) == kept
    assert topics.rows() == expected_rows(range(100))
    await topics.job(to_end=True).wait()
    assert topics.rows() == expected_rows(range(3000))
