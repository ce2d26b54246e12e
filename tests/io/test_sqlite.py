from __future__ import annotations

import dataclasses
import re
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from streamcore import Create, Pipeline
from streamcore.errors import PipelineError, SinkError, StartRefusedError
from streamcore.io import WriteToSqlite
from streamcore.io.sqlite_sink import SqliteSink
from streamcore.model.bundle import Bundle
from streamcore.model.two_phase import SinkRestart
from tests.io.overlapping import run_overlapping


class Count(NamedTuple):
    user: str
    n: int


@dataclasses.dataclass(frozen=True, slots=True)
class Visit:
    user: str
    n: int


def write(path: Path, elements: list[Any], **parameters: Any) -> None:
    with Pipeline() as p:
        _ = p | Create(elements) | WriteToSqlite(path, "counts", **parameters)


def rows(path: Path) -> list[Any]:
    database = sqlite3.connect(path)
    try:
        return database.execute("select * from counts").fetchall()
    finally:
        database.close()


ELEMENTS: list[list[Any]] = [
    [{"user": "ann", "n": 1}, {"n": 2, "user": "bob"}],  # in any order
    [Count("ann", 1), Count("bob", 2)],
    [Visit("ann", 1), Visit("bob", 2)],
]


@pytest.mark.parametrize("elements", ELEMENTS)
def test_elements_that_are_rows(tmp_path: Path, elements: list[Any]) -> None:
    write(tmp_path / "db", elements)
    assert rows(tmp_path / "db") == [("ann", 1), ("bob", 2)]


async def test_two_runs_at_once(tmp_path: Path) -> None:
    await run_overlapping(WriteToSqlite(tmp_path / "db", "counts"), lambda number: Count("ann", number))
    assert sorted(rows(tmp_path / "db")) == [("ann", number) for number in range(4)]


def test_without_a_key_every_element_is_a_row(tmp_path: Path) -> None:
    write(tmp_path / "db", [Count("ann", 1), Count("ann", 1)])
    assert rows(tmp_path / "db") == [("ann", 1), ("ann", 1)]


def test_with_a_key_the_last_one_stays(tmp_path: Path) -> None:
    for first in (1, 3):
        write(tmp_path / "db", [Count("ann", first), Count("bob", 9), Count("ann", first + 1)], key="user")
    assert rows(tmp_path / "db") == [("ann", 4), ("bob", 9)]


def test_a_key_of_all_columns(tmp_path: Path) -> None:
    write(tmp_path / "db", [Count("ann", 1), Count("ann", 1), Count("ann", 2)], key=["user", "n"])
    assert rows(tmp_path / "db") == [("ann", 1), ("ann", 2)]


def test_values_keep_their_types(tmp_path: Path) -> None:
    values = {"a": 1 << 62, "b": 1.5, "c": "\u00e4", "d": b"\x00", "e": None, 'odd "name"': True}
    write(tmp_path / "db", [values])
    assert rows(tmp_path / "db") == [tuple(values.values())]


def test_a_table_with_more_columns(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "db")
    database.execute("create table counts (id integer primary key, n int, user text unique)")
    database.close()
    write(tmp_path / "db", [Count("ann", 1), Count("ann", 2)], key="user")
    assert [row[1:] for row in rows(tmp_path / "db")] == [(2, "ann")]


REFUSED: list[tuple[list[Any], str]] = [
    ([3], "element 3 is not a row: dicts, named tuples and dataclasses are; make one with a Map before the sink"),
    (
        [{"n": 1}],
        "element {'n': 1} has no column 'user', which is the key of 'counts'; add it with a Map before the sink",
    ),
    (
        [{"user": "ann"}, {"user": "bob", "n": 1}],
        "element {'user': 'bob', 'n': 1} has the columns user, n, but rows of 'counts' have user; give all elements "
        "the same ones with a Map before the sink",
    ),
    (
        [{"user": {1}}],
        "element {'user': {1}} cannot be written: column 'user' is of type set, and SQLite stores int up to 64 bits, "
        "float, str, bytes and None; change it with a Map before the sink",
    ),
    (
        [{"user": 1 << 64}],
        "element {'user': 18446744073709551616} cannot be written: column 'user' is of type int, and SQLite stores int "
        "up to 64 bits, float, str, bytes and None; change it with a Map before the sink",
    ),
]


@pytest.mark.parametrize(("elements", "message"), REFUSED)
def test_elements_that_are_no_rows(tmp_path: Path, elements: list[Any], message: str) -> None:
    with pytest.raises(SinkError, match=f"(?m)^{re.escape(message)}$"):
        write(tmp_path / "db", elements, key="user")


def test_a_key_without_an_index(tmp_path: Path) -> None:
    write(tmp_path / "db", [Count("ann", 1)])
    message = (
        "table 'counts' does not take rows with the columns user, n and the key user: ON CONFLICT clause does not "
        "match any PRIMARY KEY or UNIQUE constraint; give it those columns, and a unique index on the key"
    )
    with pytest.raises(SinkError, match=f"(?m)^{re.escape(message)}$"):
        write(tmp_path / "db", [Count("ann", 1)], key="user")
    assert rows(tmp_path / "db") == [("ann", 1)]


@pytest.mark.parametrize("table", ["", 3])
def test_a_table_needs_a_name(table: Any) -> None:
    with pytest.raises(PipelineError, match=f"^`table` must be the name of a table, got {table!r}$"):
        WriteToSqlite("db", table)


async def test_a_database_that_is_not_the_one_where_rows_were_put_aside(tmp_path: Path) -> None:
    sinks = [SqliteSink(str(tmp_path / name), "counts", ()) for name in ("db", "other")]
    for sink in sinks:
        await sink.open()
    await sinks[0].restart(SinkRestart("state", "step", 1, 0, None))
    await sinks[0].write(Bundle([Count("ann", 1)], 0, ()))
    prepared = await sinks[0].prepare(1)
    message = (
        f"the database {str(tmp_path / 'other')!r} lacks rows that were put aside in it with checkpoint 1: it is "
        "another one, or an older copy; use the one that was written to last"
    )
    with pytest.raises(SinkError, match=f"^{re.escape(message)}$"):
        await sinks[1].commit(1, prepared)
    await sinks[0].commit(1, prepared)
    for sink in sinks:
        await sink.close()
    assert rows(tmp_path / "db") == [("ann", 1)]


async def test_a_state_directory_that_is_an_older_copy(tmp_path: Path) -> None:
    path = str(tmp_path / "db")
    sink = SqliteSink(path, "counts", ())
    await sink.open()
    await sink.restart(SinkRestart("state", "step", 1, 0, None))
    prepared = None
    for number in (1, 2):
        await sink.write(Bundle([Count("ann", number)], 0, ()))
        prepared = await sink.prepare(number)
        await sink.commit(number, prepared)
    await sink.commit(1, prepared)  # again, and too late
    message = (
        f"the database {path!r} has the rows of checkpoint 2, but the state directory knows only of checkpoint 1: it "
        "is an older copy, and going on from it would write rows a second time; use the directory that ran last, or an "
        "empty one to begin anew"
    )
    with pytest.raises(StartRefusedError, match=f"^{re.escape(message)}$"):
        await sink.restart(SinkRestart("state", "step", 2, 1, None))
    await sink.restart(SinkRestart("another", "step", 2, 1, None))
    await sink.close()
    assert rows(tmp_path / "db") == [("ann", 1), ("ann", 2)]


def test_the_directory_of_a_database_is_made(tmp_path: Path) -> None:
    write(tmp_path / "new" / "deep" / "db", [Count("ann", 1)])
    assert rows(tmp_path / "new" / "deep" / "db") == [("ann", 1)]


def test_a_database_in_memory_needs_no_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Pipeline() as p:
        _ = p | Create([Count("ann", 1)]) | WriteToSqlite(":memory:", "counts")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [".", "file/db"])
def test_a_database_that_cannot_be_opened_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SinkError) as error:
        write(tmp_path / name, [Count("ann", 1)])
    assert re.fullmatch(
        f"the database '{re.escape(str(tmp_path / name))}' cannot be opened: .+; "
        "give the path of a file that can be written to",
        str(error.value),
    )
