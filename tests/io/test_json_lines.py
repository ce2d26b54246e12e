from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streamcore import BoundedOutOfOrderness, Map, Pipeline
from streamcore.errors import PipelineError, SourceError
from streamcore.io import DeadLetter, ReadFromJsonLines, WriteToCallable, line_source
from tests.io.reading import read_all


class Click(msgspec.Struct):
    user: str
    at: int


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_documents(tmp_path: Path) -> None:
    path = write(tmp_path / "e.jsonl", b'{"a": 1}\n[2, 3]\r\n\n  \n"x"\nnull')
    assert read_all(ReadFromJsonLines(path)) == [{"a": 1}, [2, 3], "x", None]


def test_typed_documents(tmp_path: Path) -> None:
    path = write(tmp_path / "e.jsonl", b'{"user": "ann", "at": 1}\n{"user": "bob", "at": 2}\n')
    assert read_all(ReadFromJsonLines(path, Click)) == [Click("ann", 1), Click("bob", 2)]


BAD: list[tuple[bytes, Any, int, str, bytes]] = [
    (b'{"a": 1}\n\n{"a": \n{"a": 2}\n', None, 3, "Input data was truncated", b'{"a": '),
    (b'{"a":\n1}\n', None, 1, "Input data was truncated", b'{"a":'),
    (b'{"a": 1} {"a": 2}\n', None, 1, "JSON is malformed: trailing characters (byte 10)", b'{"a": 1} {"a": 2}'),
    (b'{"user": "ann"}', Click, 1, "Object missing required field `at`", b'{"user": "ann"}'),
    (b'{"user": 3, "at": 1}', Click, 1, "Expected `str`, got `int` - at `$.user`", b'{"user": 3, "at": 1}'),
]


@pytest.mark.parametrize(("content", "kind", "number", "reason", "line"), BAD)
def test_a_bad_line_stops_the_pipeline(
    tmp_path: Path, content: bytes, kind: Any, number: int, reason: str, line: bytes
) -> None:
    path = write(tmp_path / "e.jsonl", content)
    message = f"line {number} of '{path}' cannot be decoded: {reason}; the line is {line!r}"
    with pytest.raises(SourceError, match=f"^{re.escape(message)}$"):
        read_all(ReadFromJsonLines(path, kind))


def test_a_long_bad_line_is_cut(tmp_path: Path) -> None:
    path = write(tmp_path / "e.jsonl", b"x" * 1000)
    with pytest.raises(SourceError, match=r"; the line is b'x{198}\.\.\. \(1003 characters\)$"):
        read_all(ReadFromJsonLines(path))


def test_line_numbers_go_on_from_block_to_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_source, "BLOCK_BYTES", 16)
    monkeypatch.setattr(line_source, "SMALLEST_BLOCK", 16)
    path = write(tmp_path / "e.jsonl", b"head\n" + b'{"a": 1}\n\n' * 20 + b"bad\n")
    with pytest.raises(SourceError, match=r"^line 42 of "):
        read_all(ReadFromJsonLines(path, skip_header_lines=1))


def test_dead_letters(tmp_path: Path) -> None:
    path = write(tmp_path / "e.jsonl", b'{"user": "ann", "at": 1}\n{"user"\n\n{"user": "bob", "at": 2}\n')
    documents: list[Any] = []
    letters: list[Any] = []
    with Pipeline() as p:
        good, dead = p | "read" >> ReadFromJsonLines(path, Click).with_dead_letters()
        _ = good | "good" >> WriteToCallable(documents.append)
        _ = dead | Map(lambda letter: letter) | WriteToCallable(letters.append)
    assert documents == [Click("ann", 1), Click("bob", 2)]
    assert letters == [DeadLetter(str(path), 2, b'{"user"', "Input data was truncated")]


def test_dead_letters_do_not_go_with_an_estimator(tmp_path: Path) -> None:
    path = write(tmp_path / "e.jsonl", b"")
    read = ReadFromJsonLines(path, watermark=BoundedOutOfOrderness(1))
    message = "`watermark` and with_dead_letters() do not go together; "
    message += "give the estimator to WithTimestamps(fn, watermark=...)"
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        read.with_dead_letters()


def test_a_type_that_cannot_be_decoded(tmp_path: Path) -> None:
    path = write(tmp_path / "e.jsonl", b"")
    message = "`type` must be one that msgspec can decode JSON to, got 3: Type '3' is not supported"
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        ReadFromJsonLines(path, 3)
