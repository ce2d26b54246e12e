"""Runs that keep their state: they go on where the one before has stopped."""

from __future__ import annotations

import asyncio
import logging
import random
from pathlib import Path
from typing import Any

import pytest

from streamcore.engine.runtime import Job
from streamcore.errors import StartRefusedError
from streamcore.graph.pipeline import Pipeline
from streamcore.io import ReadFromText
from streamcore.model.options import PipelineOptions
from streamcore.model.watermark import BoundedOutOfOrderness
from streamcore.testing import VirtualClock
from streamcore.transforms.elementwise import Map
from streamcore.transforms.group import CombinePerKey
from streamcore.transforms.read import Read
from streamcore.transforms.window_into import WindowInto
from streamcore.transforms.with_timestamps import WithTimestamps
from streamcore.transforms.write import Write
from streamcore.windowing import FixedWindows
from tests.engine.ledgers import Ledger, LedgerSink, options, run_to_end


def write_lines(folder: Path, count: int, files: int = 2) -> str:
    """Lines of a time and a key, in order."""
    for number in range(files):
        lines = [f"{time} {'abc'[time % 3]}{number}" for time in range(count)]
        (folder / f"in-{number}.txt").write_text("\n".join(lines) + "\n")
    return str(folder / "in-*.txt")


def sums(pattern: str, sink: LedgerSink, settings: PipelineOptions, name: str = "sums", size: int = 10) -> Pipeline:
    """Counts lines by key and window."""
    p = Pipeline(options=settings)
    _ = (
        p
        | ReadFromText(pattern)
        | "times" >> WithTimestamps(_time, watermark=BoundedOutOfOrderness(5))
        | "pairs" >> Map(_pair)
        | WindowInto(FixedWindows(size))
        | name >> CombinePerKey(sum)
        | "out" >> Write(sink)
    )
    return p


def _time(line: str) -> int:
    return int(line.split()[0])


def _pair(line: str) -> tuple[str, int]:
    return line.split()[1], 1


async def expected_rows(pattern: str) -> list[Any]:
    ledger = Ledger()
    await run_to_end(sums(pattern, LedgerSink(ledger), PipelineOptions()))
    return sorted(ledger.rows())


@pytest.mark.parametrize("seed", range(12))
async def test_a_run_that_is_killed_again_and_again_writes_every_row_once(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    (tmp_path / "in").mkdir()
    pattern = write_lines(tmp_path / "in", 3000)
    expected = await expected_rows(pattern)
    ledger = Ledger()
    for _ in range(200):
        job = Job(sums(pattern, LedgerSink(ledger), options(tmp_path / "state", bundle_size=16)))
        asked: list[asyncio.Task[int]] = []
        for _ in range(chance.randrange(400)):
            await asyncio.sleep(0)
            if chance.random() < 0.02:
                asked.append(asyncio.create_task(job.checkpoint()))
        if chance.random() < 0.1:
            await job.wait()
        await job.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        if job.state == "DONE":
            break
    else:
        await run_to_end(sums(pattern, LedgerSink(ledger), options(tmp_path / "state")))
    assert sorted(ledger.rows()) == expected


async def test_the_order_of_a_checkpoint(tmp_path: Path) -> None:
    sink = LedgerSink(Ledger())
    (tmp_path / "in").mkdir()
    await run_to_end(sums(write_lines(tmp_path / "in", 10), sink, options(tmp_path / "state")))
    assert sink.calls == ["open", "restart", "finish", "prepare 1", "commit 1", "close"]


async def test_without_a_state_directory_a_sink_is_committed_at_the_end(tmp_path: Path) -> None:
    ledger = Ledger()
    sink = LedgerSink(ledger)
    (tmp_path / "in").mkdir()
    await run_to_end(sums(write_lines(tmp_path / "in", 10), sink, PipelineOptions()))
    assert sink.calls == ["open", "finish", "prepare 1", "commit 1", "close"]
    assert len(ledger.rows()) == 6


async def test_a_run_whose_input_has_ended_has_nothing_to_do(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ledger = Ledger()
    (tmp_path / "in").mkdir()
    pattern = write_lines(tmp_path / "in", 10)
    await run_to_end(sums(pattern, LedgerSink(ledger), options(tmp_path / "state")))
    rows = ledger.rows()
    again = LedgerSink(ledger)
    with caplog.at_level(logging.INFO, logger="streamcore"):
        job = await run_to_end(sums(pattern, again, options(tmp_path / "state")))
    assert job.state == "DONE"
    assert ledger.rows() == rows
    assert "open" not in again.calls
    assert caplog.messages == [
        f"the run whose state is in {tmp_path / 'state'} has processed all of its input, there is nothing to do; "
        "use an empty state directory to process it again"
    ]


async def test_a_run_that_was_drained_does_not_go_on(tmp_path: Path) -> None:
    clock = VirtualClock()

    def pipeline() -> Pipeline:
        p = Pipeline(options=options(tmp_path))
        _ = p | Read(Ticks(clock, 1000)) | "out" >> Write(LedgerSink(Ledger()))
        return p

    job = Job(pipeline())
    await calm()
    await job.drain()
    assert job.state == "DRAINED"
    with pytest.raises(StartRefusedError) as caught:
        await run_to_end(pipeline())
    assert str(caught.value) == (
        f"the run whose state is in {tmp_path} was drained: its windows have been closed before their time and cannot "
        "be filled any more; use an empty state directory to begin anew, with from_savepoint=... to go on from a "
        "savepoint that was taken before"
    )
