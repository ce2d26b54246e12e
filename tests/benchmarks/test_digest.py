"""Outputs compare by their rows, not by how they are written."""

from pathlib import Path

import pytest

from benchmarks.digest import digest


def digest_of(folder: Path, text: str) -> str:
    path = folder / "rows.jsonl"
    path.write_text(text)
    return digest(path)


ROWS = '{"a":1,"b":12.0}\n{"a":2,"b":0.5}\n'


@pytest.mark.parametrize(
    "same",
    [
        '{"a":2,"b":0.5}\n{"a":1,"b":12.0}\n',  # another order of rows
        '{"b":12.0,"a":1}\n{"a":2,"b":0.5}\n',  # another order of fields
        '{"a": 1, "b": 12}\n{"a":2,"b":5e-1}',  # numbers and blanks written otherwise
    ],
)
def test_same_rows(tmp_path: Path, same: str) -> None:
    assert digest_of(tmp_path, same) == digest_of(tmp_path, ROWS)


@pytest.mark.parametrize(
    "other",
    [
        '{"a":1,"b":12.0}\n',  # a row is missing
        ROWS + '{"a":1,"b":12.0}\n',  # a row comes twice
        '{"a":1,"b":0.5}\n{"a":2,"b":12.0}\n',  # values swapped
        '{"a":"1","b":12.0}\n{"a":2,"b":0.5}\n',  # text for a number
    ],
)
def test_other_rows(tmp_path: Path, other: str) -> None:
    assert digest_of(tmp_path, other) != digest_of(tmp_path, ROWS)
