"""Runs that begin with a savepoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from streamcore.engine.runtime import Job
from streamcore.errors import StartRefusedError, StateDirectoryError
from tests.engine.counting import counts
from tests.engine.ledgers import Ledger, LedgerSink, options, run_to_end
from tests.engine.sources import Counting, Gate, GatedSource


async def test_savepoints_are_begun_with(tmp_path: Path) -> None:
    ledger, whole = Ledger(), Ledger()
    gate = Gate()
    job = Job(counts(GatedSource(Counting(400), gate), LedgerSink(ledger), options(tmp_path / "a")))
    await gate.use(20)
    number = await job.savepoint("before")
    gate.allow(1000)
    await job.wait()
    file = tmp_path / "a" / "savepoints" / "before.sqlite"

    beyond = Ledger()
    settings = options(tmp_path / "b", from_savepoint=str(file))
    gate = Gate()
    again = Job(counts(GatedSource(Counting(400), gate), LedgerSink(beyond), settings))
    await gate.use(20)
    await again.checkpoint()
    await again.cancel()
    gate.allow(1000)
    await run_to_end(counts(GatedSource(Counting(400), gate), LedgerSink(beyond), settings))
    await run_to_end(counts(Counting(400), LedgerSink(whole)))
    before = [row for page, rows in ledger.pages.items() if page <= number for row in rows]
    assert sorted(before + beyond.rows()) == sorted(whole.rows())
    assert beyond.starts[0].checkpoint == 0


@pytest.mark.parametrize("name", ["a copy.sqlite", "nightly.bak"])
async def test_a_copy_of_a_savepoint_is_begun_with_wherever_it_is(tmp_path: Path, name: str) -> None:
    gate, ledger, whole = Gate(), Ledger(), Ledger()
    job = Job(counts(GatedSource(Counting(400), gate), LedgerSink(ledger), options(tmp_path / "a")))
    await gate.use(20)
    await job.savepoint("before")
    await job.cancel()
    copy = tmp_path / name
    (tmp_path / "a" / "savepoints" / "before.sqlite").rename(copy)
    gate.allow(1000)
    settings = options(tmp_path / "b", from_savepoint=copy)
    beyond = Ledger()
    await run_to_end(counts(GatedSource(Counting(400), gate), LedgerSink(beyond), settings))
    await run_to_end(counts(Counting(400), LedgerSink(whole)))
    assert sorted(ledger.rows() + beyond.rows()) == sorted(whole.rows())


async def test_a_directory_begins_again_with_a_savepoint_of_its_own(tmp_path: Path) -> None:
    gate, ledger, whole, settings = Gate(), Ledger(), Ledger(), options(tmp_path)
    job = Job(counts(GatedSource(Counting(400), gate), LedgerSink(ledger), settings))
    await gate.use(20)
    number = await job.savepoint("before")
    gate.allow(1000)
    await job.wait()
    for file in tmp_path.glob("state.sqlite*"):
        file.unlink()
    with pytest.raises(StateDirectoryError) as caught:
        await run_to_end(counts(Counting(400), LedgerSink(Ledger()), settings))
    assert str(caught.value) == (
        f"the state directory {tmp_path} has savepoints, but no state.sqlite; "
        "begin with a savepoint by from_savepoint=..., or use an empty or a new directory"
    )

    beyond, again, settings = Ledger(), Gate(), options(tmp_path, from_savepoint="before")
    job = Job(counts(GatedSource(Counting(400), again), LedgerSink(beyond), settings))
    await again.use(20)
    await job.checkpoint()
    await job.cancel()
    again.allow(1000)
    await run_to_end(counts(GatedSource(Counting(400), again), LedgerSink(beyond), settings))
    await run_to_end(counts(Counting(400), LedgerSink(whole)))
    before = [row for page, rows in ledger.pages.items() if page <= number for row in rows]
    assert sorted(before + beyond.rows()) == sorted(whole.rows())


async def test_a_savepoint_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StateDirectoryError) as caught:
        await run_to_end(counts(Counting(400), LedgerSink(Ledger()), options(tmp_path, from_savepoint="other")))
    assert str(caught.value) == (
        f"there is no savepoint {tmp_path / 'savepoints' / 'other.sqlite'}; give the file of one, or the name of one "
        "in the state directory"
    )


@pytest.mark.parametrize("name", ["../kept", Path("kept"), b"kept", 5, None, ["kept"]])
async def test_what_cannot_be_a_name_is_refused_and_the_run_goes_on(tmp_path: Path, name: Any) -> None:
    job = Job(counts(Counting(None), LedgerSink(Ledger()), options(tmp_path)))
    with pytest.raises(StateDirectoryError) as caught:
        await job.savepoint(name)
    assert str(caught.value) == (
        f"{name!r} cannot be the name of a savepoint; "
        "use up to 100 letters, digits, '.', '_' and '-', with a letter or a digit first"
    )
    assert await job.checkpoint() == 1
    assert job.state == "RUNNING"
    await job.cancel()


async def test_a_savepoint_that_cannot_be_written_is_refused_and_the_run_goes_on(tmp_path: Path) -> None:
    job = Job(counts(Counting(None), LedgerSink(Ledger()), options(tmp_path)))
    assert await job.checkpoint() == 1
    folder = tmp_path / "savepoints"
    folder.touch()
    with pytest.raises(StateDirectoryError) as caught:
        await job.savepoint("kept")
    assert str(caught.value) == (
        "checkpoint 2 holds and the run goes on, but there is no savepoint 'kept': cannot write the savepoint "
        f"{folder / 'kept.sqlite'}: [Errno 17] File exists: '{folder}'; find out why, and try again"
    )
    folder.unlink()
    assert await job.savepoint("kept") == 3
    assert (folder / "kept.sqlite").exists()
    await job.cancel()


async def test_a_process_may_change_to_another_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    job = Job(counts(Counting(None), LedgerSink(Ledger()), options(Path("state"))))
    assert await job.checkpoint() == 1
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert await job.savepoint("kept") == 2
    assert (tmp_path / "state" / "savepoints" / "kept.sqlite").exists()
    await job.cancel()


async def test_a_savepoint_for_a_directory_that_is_not_empty(tmp_path: Path) -> None:
    job = Job(counts(Counting(None), LedgerSink(Ledger()), options(tmp_path)))
    await job.savepoint("mine")
    for name in ("not a name", "mine"):
        with pytest.raises(StateDirectoryError):
            await job.savepoint(name)
    assert await job.checkpoint() == 3
    await job.cancel()
    file = tmp_path / "savepoints" / "mine.sqlite"
    with pytest.raises(StartRefusedError) as caught:
        await run_to_end(counts(Counting(400), LedgerSink(Ledger()), options(tmp_path, from_savepoint="mine")))
    assert str(caught.value) == (
        f"the state directory {tmp_path} began with nothing, got from_savepoint={str(file)!r}; "
        "use an empty state directory to begin with that savepoint, or move state.sqlite* out of this one"
    )
