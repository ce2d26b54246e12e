"""Files of lines: which are read, and how they begin."""

from __future__ import annotations

import codecs
import gzip
import re
from pathlib import Path
from typing import Any

import fsspec
import pytest

from streamcore.errors import PipelineError, SourceError
from streamcore.io import ReadFromJsonLines, ReadFromText
from streamcore.io.line_coders import BytesCoder, StrUtf8Coder
from streamcore.io.line_formats import JsonLines, TextLines
from streamcore.io.line_source import LineSource
from tests.io.reading import read_all

BOM = codecs.BOM_UTF8
TEXT = TextLines(StrUtf8Coder(), True)


def test_the_mark_of_utf8_at_the_beginning_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"{number}.jsonl").write_bytes(BOM + b'{"n": 1}\n{"n": 2}\n')
    (tmp_path / "packed.jsonl.gz").write_bytes(gzip.compress(BOM + b'{"n": 3}\n'))
    found = read_all(ReadFromJsonLines(f"{tmp_path}/*"))
    assert sorted(row["n"] for row in found) == [1, 1, 2, 2, 3]


@pytest.mark.parametrize(
    ("data", "settings", "lines"),
    [
        (b"a\nb\n", {}, ["a", "b"]),
        (b"a\r\nb", {"strip_trailing_newlines": False}, ["a\r\n", "b"]),
        (b"a\nb\n", {"coder": BytesCoder()}, [b"a", b"b"]),
        (b"head\na\n", {"skip_header_lines": 1}, ["a"]),
        (b"", {}, []),
        (b"\n", {}, [""]),
        (b"a\n" + BOM + b"b\n", {}, ["a", "\ufeffb"]),
    ],
)
def test_the_mark_of_utf8_is_left_out_once(tmp_path: Path, data: bytes, settings: Any, lines: list[Any]) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(BOM + data)
    assert read_all(ReadFromText(path, **settings)) == lines


@pytest.mark.parametrize(("lines", "values"), [(TEXT, ["1", "2", "3"]), (JsonLines(), [1, 2, 3])])
@pytest.mark.parametrize("taken", [0, 1, 2, 3])
async def test_reading_goes_on_where_it_was_behind_a_mark(
    tmp_path: Path, lines: Any, values: list[Any], taken: int
) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(BOM + b"1\n2\n3\n")
    first = LineSource(path, lines).open(str(path), None)
    for _ in range(taken):
        await first.poll(1)
    position = first.position()
    await first.close()
    again = LineSource(path, lines).open(str(path), position)
    found = []
    while batch := await again.poll(1):
        found += batch.values
    await again.close()
    assert found == values[taken:]
    assert again.position()[0] == path.stat().st_size


async def test_a_directory_is_no_file(tmp_path: Path) -> None:
    told = f"'{tmp_path}' is a directory; give a pattern of the files in it, such as '{tmp_path}/*'"
    with pytest.raises(PipelineError, match=f"^{re.escape(told)}$"):
        ReadFromText(tmp_path)
    fsspec.filesystem("memory").pipe("/kept/lines.txt", b"a\n")
    told = "'memory://kept/' is a directory; give a pattern of the files in it, such as 'memory://kept/*'"
    with pytest.raises(SourceError, match=f"^{re.escape(told)}$"):
        await LineSource("memory://kept/", TEXT).splits()


async def test_what_is_not_there_is_named_as_it_was_given() -> None:
    told = "no file matches 'memory://a.txt'; check the path, or give validate=False to read nothing in that case"
    with pytest.raises(SourceError, match=f"^{re.escape(told)}$"):
        await LineSource("memory://a.txt", TEXT).splits()
