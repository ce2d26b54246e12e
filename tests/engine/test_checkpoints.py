"""Runs that keep their state: they go on where the one before has stopped."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from streamcore.engine.runtime import Job
from streamcore.errors import (
    PipelineError,
    SinkError,
    SourceError,
    StartRefusedError,
    StateLockedError,
    StateTakenOverError,
    UserCodeError,
)
from streamcore.graph.pipeline import Pipeline
from streamcore.io import ReadFromQueue
from streamcore.io.iterables import IterableSource
from streamcore.io.line_coders import StrUtf8Coder
from streamcore.io.line_formats import TextLines
from streamcore.io.line_source import LineSource
from streamcore.io.periodic import PeriodicSource, RebaseMode, Schedule
from streamcore.model.bundle import Bundle
from streamcore.model.options import PipelineOptions
from streamcore.model.source import Source
from streamcore.model.watermark import BoundedOutOfOrderness
from streamcore.testing import TestStream
from streamcore.transforms.elementwise import Map
from streamcore.transforms.group import CombinePerKey
from streamcore.transforms.read import MemorySource, Read
from streamcore.transforms.window_into import WindowInto
from streamcore.transforms.with_timestamps import WithTimestamps
from streamcore.transforms.write import Write
from streamcore.windowing import FixedWindows
from tests.engine.counting import WINDOWS, counts
from tests.engine.ledgers import Ledger, LedgerSink, copying, options, run_to_end
from tests.engine.sources import Counting, Gate, GatedSource, calm


async def killed_again_and_again(
    make: Callable[[Gate, LedgerSink, PipelineOptions | None], Pipeline], state_dir: Path, seed: int
) -> tuple[list[Any], list[Any]]:
    """The rows of runs of which each goes on from the last checkpoint of those before; and those of one whole run.

    Each is killed at a random moment: as it begins, at work, or in the midst of a checkpoint.

    Args:
        make: Makes the pipeline, whose source is behind a gate.
        state_dir: Where state is kept.
        seed: For the moments.
    """
    chance = random.Random(seed)
    ledger, whole, open_gate = Ledger(), Ledger(), Gate()
    open_gate.allow(1_000_000)
    for _ in range(12):
        gate = Gate()
        job = Job(make(gate, LedgerSink(ledger), options(state_dir)))
        await calm(chance.randrange(30))
        for _ in range(chance.randrange(3)):
            with contextlib.suppress(PipelineError):  # it may be at its end
                await job.checkpoint()
            work = asyncio.create_task(gate.use(chance.randrange(20)))
            end = asyncio.create_task(job.wait())
            await asyncio.wait({work, end}, return_when=asyncio.FIRST_COMPLETED)
            work.cancel()
            end.cancel()
        gate.allow(chance.randrange(20))
        last = asyncio.create_task(job.checkpoint())
        while not last.done() and chance.random() < 0.95:
            await asyncio.sleep(0.0002)  # a thread takes part
        await job.cancel()
        await asyncio.gather(last, return_exceptions=True)
    await run_to_end(make(open_gate, LedgerSink(ledger), options(state_dir)))
    await run_to_end(make(open_gate, LedgerSink(whole), None))
    assert sum(map(bool, ledger.pages.values())) > 3, "killed too early, each time"
    return ledger.rows(), whole.rows()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("window", WINDOWS)
async def test_every_row_comes_once_whenever_runs_are_killed(tmp_path: Path, window: str, seed: int) -> None:
    def make(gate: Gate, sink: LedgerSink, settings: PipelineOptions | None) -> Pipeline:
        return counts(GatedSource(Counting(400), gate), sink, settings, window)

    rows, whole = await killed_again_and_again(make, tmp_path, seed)
    assert sorted(rows) == sorted(whole)


@pytest.mark.parametrize("seed", range(3))
async def test_lines_of_files_come_once_whenever_runs_are_killed(tmp_path: Path, seed: int) -> None:
    (tmp_path / "in").mkdir()
    for number in range(3):
        text = "".join(f"{time} {'abc'[time % 3]}{number}\n" for time in range(9000))
        (tmp_path / "in" / f"{number}.txt").write_text(text)

    def make(gate: Gate, sink: LedgerSink, settings: PipelineOptions | None) -> Pipeline:
        lines = LineSource(str(tmp_path / "in" / "*.txt"), TextLines(StrUtf8Coder(), True))
        p = Pipeline(options=settings)
        _ = (
            p
            | Read(GatedSource(lines, gate))
            | "times" >> WithTimestamps(lambda line: int(line.split()[0]), watermark=BoundedOutOfOrderness(5))
            | "keys" >> Map(lambda line: (line.split()[1], 1))
            | WindowInto(FixedWindows(50))
            | CombinePerKey(sum)
            | "out" >> Write(sink)
        )
        return p

    rows, whole = await killed_again_and_again(make, tmp_path / "state", seed)
    assert sorted(rows) == sorted(whole)


SOURCES: dict[str, Callable[[], Source[Any]]] = {
    "list": lambda: MemorySource(list(range(9000))),
    "iterable": lambda: IterableSource(lambda: iter(range(9000)), bounded=True),
    "ticks": lambda: PeriodicSource(Schedule(0, 9000_000_000, 1_000_000, range(9000), RebaseMode.REBASE_NONE)),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", SOURCES)
async def test_elements_come_once_and_in_order_whenever_runs_are_killed(tmp_path: Path, name: str, seed: int) -> None:
    def make(gate: Gate, sink: LedgerSink, settings: PipelineOptions | None) -> Pipeline:
        p = Pipeline(options=settings)
        _ = p | Read(GatedSource(SOURCES[name](), gate)) | "out" >> Write(sink)
        return p

    rows, whole = await killed_again_and_again(make, tmp_path, seed)
    assert rows == whole == list(range(9000))


async def test_the_order_of_a_checkpoint(tmp_path: Path) -> None:
    sink, source = LedgerSink(Ledger()), Counting(None)
    job = Job(counts(source, sink, options(tmp_path)))
    assert await job.checkpoint() == 1
    assert sink.calls == ["open", "restart", "prepare 1", "commit 1"]
    assert await job.checkpoint() == 2
    await job.cancel()
    assert sink.calls[4:] == ["prepare 2", "commit 2", "abort"]


async def test_the_order_of_the_last_checkpoint(tmp_path: Path) -> None:
    sink = LedgerSink(Ledger())
    await run_to_end(counts(Counting(40), sink, options(tmp_path)))
    assert sink.calls == ["open", "restart", "finish", "prepare 1", "commit 1", "close"]


async def test_without_a_state_directory_a_sink_is_committed_at_the_end() -> None:
    sink = LedgerSink(Ledger())
    await run_to_end(counts(Counting(40), sink))
    assert sink.calls == ["open", "finish", "prepare 1", "commit 1", "close"]


class SlowLedgerSink(LedgerSink):
    """Writes when it may."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self.may_write = asyncio.Event()

    async def write(self, bundle: Bundle) -> None:
        await self.may_write.wait()
        await super().write(bundle)


async def test_a_checkpoint_waits_until_the_sinks_have_written_what_belongs_to_it(tmp_path: Path) -> None:
    sink, gate = SlowLedgerSink(Ledger()), Gate()
    job = Job(copying(sink, tmp_path, gate))
    await gate.use(2)
    taking = asyncio.create_task(job.checkpoint())
    await calm()
    assert "prepare 1" not in sink.calls
    sink.may_write.set()
    assert await taking == 1
    assert sink.ledger.rows() == list(range(6))
    await job.cancel()


async def test_a_run_whose_input_has_ended_has_nothing_to_do(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ledger = Ledger()
    await run_to_end(counts(Counting(40), LedgerSink(ledger), options(tmp_path)))
    rows, again = ledger.rows(), LedgerSink(ledger)
    with caplog.at_level(logging.INFO, logger="streamcore"):
        job = await run_to_end(counts(Counting(40), again, options(tmp_path)))
    assert job.state == "DONE"
    assert ledger.rows() == rows
    assert "open" not in again.calls
    assert caplog.messages == [
        f"the run whose state is in {tmp_path} has processed all of its input, there is nothing to do; "
        "use an empty state directory to process it again"
    ]


async def test_a_run_that_was_drained_does_not_go_on(tmp_path: Path) -> None:
    job = Job(counts(Counting(None), LedgerSink(Ledger()), options(tmp_path)))
    await job.checkpoint()
    await job.drain()
    assert job.state == "DRAINED"
    with pytest.raises(StartRefusedError) as caught:
        await run_to_end(counts(Counting(None), LedgerSink(Ledger()), options(tmp_path)))
    assert str(caught.value) == (
        f"the run whose state is in {tmp_path} was drained: its windows have been closed before their time and cannot "
        "be filled any more; use an empty state directory to begin anew, with from_savepoint=... to go on from a "
        "savepoint that was taken before"
    )


async def test_a_drain_that_was_killed_while_its_checkpoint_was_committed_is_a_drain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(number: int, prepared: list[Any]) -> None:
        raise OSError("as killed")

    ledger, gate = Ledger(), Gate()
    sink = LedgerSink(ledger)
    monkeypatch.setattr(sink, "commit", fail)
    job = Job(copying(sink, tmp_path, gate))
    await gate.use(2)
    await calm()
    with pytest.raises(SinkError, match="as killed"):
        await job.drain()
    assert ledger.rows() == []
    with pytest.raises(StartRefusedError, match="was drained"):
        await run_to_end(copying(LedgerSink(ledger), tmp_path))
    assert ledger.rows() == list(range(6))


async def test_readers_go_on_where_they_were_and_new_splits_begin(tmp_path: Path) -> None:
    first = Counting(None, splits=["a", "b"])
    first.starts = {"b": 30}
    job = Job(counts(first, LedgerSink(Ledger()), options(tmp_path)))
    await job.checkpoint()
    await calm()
    await job.checkpoint()
    await job.cancel()
    assert first.opened == [("a", None), ("b", 30)]
    told = first.reached[-1]
    assert told["a"] % 3 == 0
    assert told["a"] > 0

    second = Counting(None, splits=["a", "b", "c"])
    second.starts = {"a": 1, "b": 1, "c": 1}
    job = Job(counts(second, LedgerSink(Ledger()), options(tmp_path)))
    await job.checkpoint()
    await job.cancel()
    assert second.opened == [("a", told["a"]), ("b", told["b"]), ("c", None)]


class Searching(Counting):
    """Looks for further splits, and finds none."""

    async def new_splits(self) -> AsyncIterator[str]:
        await asyncio.Event().wait()
        yield ""


async def test_splits_that_come_when_there_were_none_begin_at_their_beginning(tmp_path: Path) -> None:
    for _ in range(2):
        job = Job(counts(Searching(None, splits=[]), LedgerSink(Ledger()), options(tmp_path)))
        await job.checkpoint()
        await job.cancel()
    later = Searching(None, splits=["a"])
    later.starts = {"a": 6}
    job = Job(counts(later, LedgerSink(Ledger()), options(tmp_path)))
    await job.checkpoint()
    await job.cancel()
    assert later.opened == [("a", None)]


async def test_a_source_without_positions_is_refused(tmp_path: Path) -> None:
    p = Pipeline(options=options(tmp_path))
    _ = p | ReadFromQueue(asyncio.Queue()) | "out" >> Write(LedgerSink(Ledger()))
    with pytest.raises(SourceError) as caught:
        await run_to_end(p)
    assert str(caught.value) == (
        "step 'ReadFromQueue/Read(QueueSource)' cannot be used with a state directory: its reader of split 'all' does "
        "not tell where it is, so a later run could not go on from there; read a source that keeps its elements, such "
        "as files or Kafka, or run without `state_dir`"
    )


async def test_checkpoints_at_an_interval_of_the_clock(tmp_path: Path) -> None:
    stream = TestStream().add_elements([1]).advance_processing_time(9).add_elements([2]).advance_processing_time(1)
    stream = stream.advance_processing_time(100).add_elements([3]).advance_processing_time(5)
    ledger = Ledger()
    p = Pipeline(options=options(tmp_path, checkpoint_interval=10))
    _ = p | stream.advance_watermark_to_infinity() | "out" >> Write(LedgerSink(ledger))
    await run_to_end(p)
    assert ledger.rows() == [1, 2, 3]
    assert len(ledger.pages) >= 2


async def test_a_failed_run_goes_on_from_its_last_checkpoint(tmp_path: Path) -> None:
    ledger, whole = Ledger(), Ledger()
    is_broken = True

    open_gate = Gate()
    open_gate.allow(1000)

    def make(sink: LedgerSink, settings: PipelineOptions | None = None, gate: Gate = open_gate) -> Pipeline:
        def check(number: int) -> int:
            if number == 50 and is_broken:
                raise ValueError(number)
            return number

        p = Pipeline(options=settings)
        _ = p | "read" >> Read(GatedSource(Counting(80), gate)) | Map(check) | "out" >> Write(sink)
        return p

    gate = Gate()
    job = Job(make(LedgerSink(ledger), options(tmp_path), gate))
    await gate.use(5)
    await job.checkpoint()
    gate.allow(1000)
    with pytest.raises(UserCodeError):
        await job.wait()
    with pytest.raises(
        PipelineError, match="the run is FAILED, and takes no more checkpoints; start it again to go on"
    ):
        await job.checkpoint()
    is_broken = False
    await run_to_end(make(LedgerSink(ledger), options(tmp_path)))
    await run_to_end(make(LedgerSink(whole)))
    assert sorted(ledger.rows()) == sorted(whole.rows())


async def test_metrics_go_on(tmp_path: Path) -> None:
    gate = Gate()
    job = Job(counts(GatedSource(Counting(400), gate), LedgerSink(Ledger()), options(tmp_path)))
    await gate.use(20)
    await job.checkpoint()
    await job.cancel()
    gate.allow(1000)
    job = await run_to_end(counts(GatedSource(Counting(400), gate), LedgerSink(Ledger()), options(tmp_path)))
    assert job.metrics["read"].elements == 800
    assert job.metrics["counts"].elements == 800


async def test_a_run_that_was_taken_over_writes_nothing_more(tmp_path: Path) -> None:
    ledger, gates = Ledger(), [Gate(), Gate()]
    slow, fast = (GatedSource(Counting(300, splits=["a"]), gate) for gate in gates)
    hanging = Job(counts(slow, LedgerSink(ledger), options(tmp_path)))
    await gates[0].use(10)
    await hanging.checkpoint()
    await gates[0].use(10)
    gates[1].allow(1000)
    await run_to_end(counts(fast, LedgerSink(ledger), options(tmp_path, take_over=True)))
    rows = ledger.rows()
    with pytest.raises(StateTakenOverError):
        await hanging.checkpoint()
    await asyncio.wait([asyncio.ensure_future(hanging.wait())])
    assert hanging.state == "FAILED"
    assert ledger.rows() == rows


async def test_a_directory_that_is_in_use(tmp_path: Path) -> None:
    job = Job(counts(Counting(None), LedgerSink(Ledger()), options(tmp_path)))
    await job.checkpoint()
    with pytest.raises(StateLockedError):
        await run_to_end(counts(Counting(None), LedgerSink(Ledger()), options(tmp_path)))
    await job.cancel()


async def test_a_checkpoint_needs_a_state_directory() -> None:
    job = Job(counts(Counting(None), LedgerSink(Ledger())))
    with pytest.raises(PipelineError) as caught:
        await job.checkpoint()
    assert str(caught.value) == (
        "a checkpoint needs a place to be kept; run the pipeline with PipelineOptions(state_dir=...)"
    )
    await job.cancel()
