"""Sinks that go on with something over several checkpoints, in runs that begin with a savepoint or with other steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from streamcore.engine.runtime import Job
from streamcore.errors import StartRefusedError
from streamcore.graph.pipeline import Pipeline
from streamcore.io import WriteToText
from streamcore.model.two_phase import SinkRestart
from streamcore.transforms.read import Read
from tests.engine.ledgers import Ledger, LedgerSink, copying, options, run_to_end
from tests.engine.sources import Counting, Gate, GatedSource, calm


class Hoard(LedgerSink):
    """Keeps all rows until the end, over all checkpoints."""

    async def adopt(self, restart: SinkRestart) -> list[Any]:
        self.calls.append("adopt")
        assert (restart.step, restart.epoch, restart.checkpoint) == ("out", 1, 0)
        return [["adopted", *restart.prepared[0]], []]

    async def restart(self, restart: SinkRestart) -> None:
        await super().restart(restart)
        self.rows = [] if restart.prepared is None else list(restart.prepared[0])
        self.complete: list[Any] = []

    async def finish(self) -> None:
        self.complete, self.rows = self.rows, []

    async def prepare(self, number: int) -> list[Any]:
        return [list(self.rows), self.complete]

    async def commit(self, number: int, prepared: list[Any]) -> None:
        await super().commit(number, prepared[1])


async def kept(state_dir: Path) -> str:
    """A savepoint of a run that has read 6 numbers."""
    gate = Gate()
    job = Job(copying(Hoard(Ledger()), state_dir, gate))
    await gate.use(2)
    await calm()
    await job.savepoint("kept")
    await job.cancel()
    return str(state_dir / "savepoints" / "kept.sqlite")


async def test_a_savepoint_is_adopted_by_each_run_that_begins_with_it(tmp_path: Path) -> None:
    savepoint = await kept(tmp_path / "old")
    for name in ("first", "second"):
        ledger = Ledger()
        await run_to_end(copying(Hoard(ledger), tmp_path / name, from_savepoint=savepoint))
        assert ledger.rows() == ["adopted", *range(9)]


async def test_what_was_adopted_is_in_the_first_checkpoint(tmp_path: Path) -> None:
    savepoint, sinks = await kept(tmp_path / "old"), [Hoard(Ledger()) for _ in range(2)]
    gate = Gate()
    job = Job(copying(sinks[0], tmp_path / "new", gate, from_savepoint=savepoint))
    await gate.use(1)
    await job.cancel()
    await run_to_end(copying(sinks[1], tmp_path / "new", from_savepoint=savepoint))
    assert sinks[1].ledger.rows() == ["adopted", *range(9)]
    assert [sink.calls.count("adopt") for sink in sinks] == [1, 0]


async def test_a_sink_that_is_allowed_to_begins_without(tmp_path: Path) -> None:
    savepoint, ledger = await kept(tmp_path / "old"), Ledger()
    await run_to_end(copying(Hoard(ledger), tmp_path / "new", from_savepoint=savepoint, allow_changes=["out"]))
    assert ledger.rows() == [6, 7, 8]


async def test_a_sink_that_is_told_to_begins_anew_once(tmp_path: Path) -> None:
    await kept(tmp_path)
    ledger, settings = Ledger(), {"allow_changes": ["read", "out"]}
    for polls in (1, 0):
        gate = Gate()
        job = Job(copying(Hoard(ledger), tmp_path, gate, **settings))
        await gate.use(polls)
        await calm()
        await job.checkpoint()
        await job.cancel()
    await run_to_end(copying(Hoard(ledger), tmp_path, **settings))
    assert [restart.prepared for restart in ledger.starts] == [None, [[0, 1, 2], []], [[0, 1, 2], []]]
    assert ledger.rows() == list(range(9))


async def test_a_sink_that_begins_anew_does_so_before_anything_is_polled(tmp_path: Path) -> None:
    await kept(tmp_path)
    ledger = Ledger()
    job = Job(copying(Hoard(ledger), tmp_path, Gate(), allow_changes=["out"]))
    assert await job.checkpoint() == 3, "one was taken at the start"
    await job.cancel()


async def test_a_sink_of_another_kind_gets_nothing_that_it_would_not_understand(tmp_path: Path) -> None:
    await kept(tmp_path)
    ledger = Ledger()
    await run_to_end(copying(LedgerSink(ledger), tmp_path, allow_changes=["out"]))
    assert [restart.prepared for restart in ledger.starts] == [None]
    assert ledger.rows() == [6, 7, 8]


def to_file(directory: Path, state_dir: Path, gate: Gate | None = None, **settings: Any) -> Pipeline:
    if gate is None:
        gate = Gate()
        gate.allow(1000)
    p = Pipeline(options=options(state_dir, **settings))
    numbers = p | "read" >> Read(GatedSource(Counting(9, splits=["a"]), gate))
    _ = numbers | "out" >> WriteToText(directory / "out", shard_name_template="")
    return p


LINES = "".join(f"{number}\n" for number in range(9))


async def test_files_that_were_not_complete_are_in_a_savepoint(tmp_path: Path) -> None:
    gate, olds, old = Gate(), tmp_path / "olds", tmp_path / "old"
    job = Job(to_file(olds, old, gate))
    await gate.use(2)
    await calm()
    await job.savepoint("kept")
    savepoint = str(old / "savepoints" / "kept.sqlite")
    for name in ("first", "second"):
        news = tmp_path / f"{name}s"
        await run_to_end(to_file(news, tmp_path / name, from_savepoint=savepoint))
        assert {path.name: path.read_text() for path in news.iterdir()} == {"out": LINES}
    gate.allow(1000)
    await job.wait()
    assert {path.name: path.read_text() for path in olds.iterdir()} == {"out": LINES}
    fourth = to_file(tmp_path / "fourths", tmp_path / "fourth", from_savepoint=savepoint, allow_changes=["out"])
    await run_to_end(fourth)
    assert (tmp_path / "fourths" / "out").read_text() == "6\n7\n8\n", "the name stands for all of its parts"

    with pytest.raises(StartRefusedError) as caught:
        await run_to_end(to_file(tmp_path / "thirds", tmp_path / "third", from_savepoint=savepoint))
    part = str(caught.value).split("'")[3]
    assert Path(part).parent == olds
    assert str(caught.value) == (
        f"step 'out/Write(LineSink)' cannot go on: {part!r}, a part of a file that is not complete, is gone; the run "
        "that the savepoint is of has completed the file since, or the part was removed; use a later savepoint, or "
        "begin without what is in such files: allow_changes=['out/Write(LineSink)']"
    )


async def test_a_file_that_is_told_to_is_begun_anew(tmp_path: Path) -> None:
    gate = Gate()
    job = Job(to_file(tmp_path / "outs", tmp_path / "state", gate))
    await gate.use(2)
    await job.checkpoint()
    await job.cancel()
    await run_to_end(to_file(tmp_path / "outs", tmp_path / "state", allow_changes=["read", "out"]))
    assert {path.name: path.read_text() for path in (tmp_path / "outs").iterdir()} == {"out": LINES}


async def test_a_file_is_gone_on_with_from_another_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "first")
    job = Job(to_file(Path(), tmp_path / "state", gate))
    await gate.use(2)
    await job.checkpoint()
    await job.cancel()
    monkeypatch.chdir(tmp_path / "second")
    await run_to_end(to_file(Path(), tmp_path / "state"))
    assert list((tmp_path / "first").iterdir()) == []
    assert (tmp_path / "second" / "out").read_text() == LINES
