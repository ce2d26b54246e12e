"""Whatever crashes and wakes up again, files and tables have each element once."""

from __future__ import annotations

import asyncio
import gzip
import re
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import fsspec
import pytest
from hypothesis import given, settings, strategies as st

from streamcore.errors import StartRefusedError
from streamcore.io import line_file, sqlite_sink
from streamcore.io.file_names import FileNaming
from streamcore.io.file_systems import FileSystem, LocalFiles, RemoteFiles
from streamcore.io.line_coders import ToBytesCoder
from streamcore.io.line_encoders import TextEncoder
from streamcore.io.line_shards import FileLayout
from streamcore.io.line_sink import LineSink
from streamcore.io.pane_sink import PaneSink
from streamcore.io.sqlite_sink import SqliteSink
from streamcore.model.bundle import Bundle
from streamcore.model.pane import ONLY_FIRING, PANE_INFO_UNKNOWN
from streamcore.model.two_phase import SinkRestart
from streamcore.model.window import GlobalWindow, IntervalWindow
from tests.io.two_phase import Item, run_with_crashes

SECOND = 1_000_000
CRASHES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=4)
GLOBAL = (GlobalWindow(),)


def layout(files: FileSystem, directory: str, template: str, suffix: str, shards: int = 1) -> FileLayout:
    naming = FileNaming(f"{directory}/out", template, suffix)
    return FileLayout(files, naming, TextEncoder(ToBytesCoder(), True), shards, "auto", b"head\n", b"foot\n")


def contents(directory: Path) -> dict[str, str]:
    """Names and contents of the complete files; nothing else may be left."""
    found = {}
    for path in sorted(directory.iterdir()):
        found[path.name] = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode()
    return {name: text for name, text in found.items() if not name.startswith(".")}


ROWS: list[Item] = [Bundle([f"row {number}"], 0, GLOBAL) for number in range(9)]


@settings(max_examples=40)
@given(
    crashes=CRASHES, suffix=st.sampled_from([".txt", ".gz"]), shards=st.integers(1, 2), size=st.sampled_from([5, 99])
)
def test_one_file(crashes: list[tuple[int, int]], suffix: str, shards: int, size: int) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_file, "PIECE_BYTES", size)
        patch.setattr(line_file, "QUICK_PIECE_BYTES", size)
        template = "-S" if shards > 1 else ""
        make = lambda: LineSink(layout(LocalFiles(), name, template, suffix, shards))  # noqa: E731
        asyncio.run(run_with_crashes(make, ROWS, 2, crashes))
        expected = {}
        for shard in range(shards):
            lines = "".join(f"row {number}\n" for number in range(shard, 9, shards))
            expected[f"out-{shard}{suffix}" if shards > 1 else f"out{suffix}"] = f"head\n{lines}foot\n"
        assert contents(Path(name)) == expected


def pane(number: int, window: int, late: bool = False) -> Bundle:
    its = IntervalWindow(window, window + 60)
    return Bundle([f"row {number}"], 0, (its,), PANE_INFO_UNKNOWN if late else ONLY_FIRING)


PANES: list[Item] = [
    pane(0, 0),
    pane(1, 60),
    60 * SECOND,
    pane(2, 60),
    pane(3, 0, late=True),
    pane(4, 60),
    pane(5, 0, late=True),
    90 * SECOND,
    pane(6, 0, late=True),
    120 * SECOND,
    pane(7, 120),
]
FILES_OF_PANES = {
    "out-19700101T0000-19700101T0001-late-1": "head\nrow 3\nrow 5\nfoot\n",
    "out-19700101T0000-19700101T0001-late-2": "head\nrow 6\nfoot\n",
    "out-19700101T0000-19700101T0001-pane-0-on-time": "head\nrow 0\nfoot\n",
    "out-19700101T0001-19700101T0002-pane-0-on-time": "head\nrow 1\nrow 2\nrow 4\nfoot\n",
    "out-19700101T0002-19700101T0003-pane-0-on-time": "head\nrow 7\nfoot\n",
}


@settings(max_examples=40)
@given(crashes=CRASHES, interval=st.integers(1, 4))
def test_a_file_for_each_pane(crashes: list[tuple[int, int]], interval: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        make = lambda: PaneSink(layout(LocalFiles(), name, "-W", ""), 0)  # noqa: E731
        asyncio.run(run_with_crashes(make, PANES, interval, crashes))
        assert contents(Path(name)) == FILES_OF_PANES


@settings(max_examples=20)
@given(crashes=CRASHES)
def test_remote_files(crashes: list[tuple[int, int]]) -> None:
    fs = fsspec.filesystem("memory")
    make = lambda: PaneSink(layout(RemoteFiles(fs), "/panes", "-W", ""), 0)  # noqa: E731
    try:
        asyncio.run(run_with_crashes(make, PANES, 2, crashes))
        paths = [path for path in fs.find("/panes") if "/." not in path]
        assert {path.removeprefix("/panes/"): fs.cat(path).decode() for path in paths} == FILES_OF_PANES
    finally:
        fs.rm("/panes", recursive=True)


@settings(max_examples=40)
@given(crashes=CRASHES, key=st.sampled_from([(), ("user",)]), staged=st.sampled_from([1, 100]))
def test_rows_of_a_table(crashes: list[tuple[int, int]], key: tuple[str, ...], staged: int) -> None:
    rows: list[Item] = [Bundle([{"user": f"user {number % 3}", "n": number}], 0, GLOBAL) for number in range(9)]
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite_sink, "STAGED_AT_ONCE", staged)
        path = f"{name}/rows.sqlite"
        asyncio.run(run_with_crashes(lambda: SqliteSink(path, "rows", key), rows, 2, crashes))
        database = sqlite3.connect(path)
        found = database.execute("select n from rows order by n").fetchall()
        database.close()
        assert found == [(number,) for number in (range(6, 9) if key else range(9))]


async def test_a_process_that_was_replaced_removes_no_file_of_its_successor(tmp_path: Path) -> None:
    first, second = (LineSink(layout(LocalFiles(), str(tmp_path), "", "")) for _ in range(2))
    for epoch, sink in ((1, first), (2, second)):
        await sink.open()
        await sink.restart(SinkRestart("state", "step", epoch, 0, None))
    await second.write(Bundle(["row"], 0, GLOBAL))
    await second.finish()
    prepared = await second.prepare(1)
    await first.restart(SinkRestart("state", "step", 1, 0, None))
    await second.commit(1, prepared)
    await first.abort()
    assert contents(tmp_path) == {"out": "head\nrow\nfoot\n"}


async def test_a_new_process_removes_what_no_checkpoint_knows(tmp_path: Path) -> None:
    known: dict[str, Any] | None = None
    for epoch in (1, 2, 3):
        sink = LineSink(layout(LocalFiles(), str(tmp_path), "", ""))
        await sink.open()
        await sink.restart(SinkRestart("state", "step", epoch, epoch - 1, known))
        await sink.write(Bundle(["row"], 0, GLOBAL))
        if epoch != 2:
            known = await sink.prepare(epoch)
        await sink.abort()
    assert len(list(tmp_path.iterdir())) == 2


async def test_a_part_that_was_cut_short(tmp_path: Path) -> None:
    sink = LineSink(layout(LocalFiles(), str(tmp_path), "", ""))
    await sink.open()
    await sink.restart(SinkRestart("state", "step", 1, 0, None))
    known = await sink.prepare(1)
    await sink.restart(SinkRestart("state", "step", 2, 1, known))
    (part, length), *_ = known["open"]["files"][0]
    Path(part).write_bytes(b"he")
    await sink.finish()
    message = f"{part!r} is {length - 2} bytes shorter than its checkpoint says; put back what was in it"
    with pytest.raises(OSError, match=f"^{re.escape(message)}$"):
        await sink.commit(2, await sink.prepare(2))
    assert contents(tmp_path) == {}
    assert len(list(tmp_path.iterdir())) == 2  # what was copied is removed, what was written is not


async def begun(directory: Path, suffix: str = "", shards: int = 1) -> dict[str, Any]:
    """What a checkpoint knows of files that a run has begun."""
    sink = LineSink(layout(LocalFiles(), str(directory), "-N", suffix, shards))
    await sink.open()
    await sink.restart(SinkRestart("state", "step", 1, 0, None))
    await sink.write(Bundle(["row 0", "row 1"], 0, GLOBAL))
    known = await sink.prepare(1)
    await sink.abort()
    return known


async def ended(sink: LineSink | PaneSink, known: dict[str, Any] | None) -> None:
    """Another run goes on with what is known, and comes to its end."""
    await sink.open()
    await sink.restart(SinkRestart("state", "step", 2, 1, known))
    await sink.write(Bundle(["row 2"], 0, (IntervalWindow(0, 60),)))
    await sink.finish()
    await sink.commit(2, await sink.prepare(2))


@pytest.mark.parametrize("shortened", [False, True])
async def test_parts_that_are_not_as_the_checkpoint_knows_them(tmp_path: Path, shortened: bool) -> None:
    known = await begun(tmp_path)
    (part, length), *_ = known["open"]["files"][0]
    Path(part).write_bytes(b"he") if shortened else Path(part).unlink()
    found = f"has only 2 of {length} bytes" if shortened else "is gone"
    message = (
        f"step 'step' cannot go on: {part!r}, a part of a file that is not complete, {found}; put it back as it was, "
        "or begin with an empty state directory"
    )
    panes = {"open": [["pane", 0, known["open"]]], "complete": [], "watermark": 0, "late": 0}
    line_sink = LineSink(layout(LocalFiles(), str(tmp_path), "-N", ""))
    pane_sink = PaneSink(layout(LocalFiles(), str(tmp_path), "-W", ""), 0)
    for sink, prepared in ((line_sink, known), (pane_sink, panes)):
        with pytest.raises(StartRefusedError, match=f"^{re.escape(message)}$"):
            await ended(sink, prepared)


async def test_a_part_that_is_gone_when_its_file_is_to_be_completed(tmp_path: Path) -> None:
    target, parts = tmp_path / "out", [tmp_path / "a", tmp_path / "b"]
    complete = {"open": None, "complete": [[str(target), [[str(part), 2] for part in parts]]]}
    sink = LineSink(layout(LocalFiles(), str(tmp_path), "", ""))
    message = (
        f"{str(target)!r} cannot be completed: {str(parts[0])!r}, a part of it, is gone; put it back, or, if the file "
        "was complete and has been moved away or changed since, put that back until the run has started"
    )
    parts[1].write_text("b\n")
    for found in (None, "of a run before"):
        if found is not None:
            target.write_text(found)
        with pytest.raises(FileNotFoundError, match=f"^{re.escape(message)}$"):
            await sink.commit(1, complete)
        assert parts[1].exists()
    target.write_text("a\nb\n")  # as after a crash when it had its name, and the first part was removed
    await sink.commit(1, complete)
    assert contents(tmp_path) == {"out": "a\nb\n"}


CHANGED: list[tuple[tuple[str, int], tuple[str, int], dict[str, str]]] = [
    (("", 1), ("", 3), {"out-1": "head\nrow 0\nrow 1\nrow 2\nfoot\n"}),
    ((".txt", 1), (".gz", 1), {"out-1.txt": "head\nrow 0\nrow 1\nrow 2\nfoot\n"}),
    ((".gz", 1), (".txt", 1), {"out-1.gz": "head\nrow 0\nrow 1\nrow 2\nfoot\n"}),
]


@pytest.mark.parametrize(("was", "now", "expected"), CHANGED)
async def test_files_are_completed_as_they_were_begun(
    tmp_path: Path, was: tuple[str, int], now: tuple[str, int], expected: dict[str, str]
) -> None:
    known = await begun(tmp_path, *was)
    await ended(LineSink(layout(LocalFiles(), str(tmp_path), "-N", *now)), known)
    assert contents(tmp_path) == expected


async def test_what_is_known_is_kept_however_the_way_to_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    known = await begun(tmp_path / "files")
    await ended(LineSink(layout(LocalFiles(), f"{tmp_path}/files/../files", "-N", "")), known)
    assert contents(tmp_path / "files") == {"out-1": "head\nrow 0\nrow 1\nrow 2\nfoot\n"}


@pytest.mark.parametrize("files", [LocalFiles(), RemoteFiles(fsspec.filesystem("local"))])
async def test_panes_that_were_not_complete_are_copied_from_a_savepoint(tmp_path: Path, files: FileSystem) -> None:
    old = PaneSink(layout(files, f"{tmp_path}/old", "-W", ".gz"), 0)
    await old.open()
    await old.restart(SinkRestart("old", "step", 1, 0, None))
    await old.write(pane(0, 0))
    saved = await old.prepare(1)
    for name in ("first", "second"):
        new = PaneSink(layout(files, f"{tmp_path}/{name}", "-W", ".txt"), 0)
        await new.open()
        adopted = await new.adopt(SinkRestart(name, "step", 1, 0, saved))
        await new.commit(0, adopted)
        await new.restart(SinkRestart(name, "step", 1, 0, adopted))
        await new.write(pane(1, 0))
        await new.write(pane(2, 60))
        await new.finish()
        await new.commit(1, await new.prepare(1))
        assert contents(tmp_path / name) == {
            "out-19700101T0000-19700101T0001-pane-0-on-time.gz": "head\nrow 0\nrow 1\nfoot\n",
            "out-19700101T0001-19700101T0002-pane-0-on-time.txt": "head\nrow 2\nfoot\n",
        }
    await old.finish()
    await old.commit(2, await old.prepare(2))
    assert contents(tmp_path / "old") == {"out-19700101T0000-19700101T0001-pane-0-on-time.gz": "head\nrow 0\nfoot\n"}


async def test_a_process_that_was_replaced_removes_no_row_of_its_successor(tmp_path: Path) -> None:
    first, second = (SqliteSink(str(tmp_path / "db"), "rows", ()) for _ in range(2))
    for epoch, sink in ((1, first), (2, second)):
        await sink.open()
        await sink.restart(SinkRestart("state", "step", epoch, 0, None))
    await second.write(Bundle([{"n": 1}], 0, GLOBAL))
    prepared = await second.prepare(1)
    await first.restart(SinkRestart("state", "step", 1, 0, None))
    await second.commit(1, prepared)
    for sink in (first, second):
        await sink.close()
    database = sqlite3.connect(tmp_path / "db")
    assert database.execute("select n from rows").fetchall() == [(1,)]
    database.close()
