"""Compare the output of two engines, whatever the order of rows and fields."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import orjson


def digest(path: Path) -> str:
    """Return a digest of the rows in a file of JSON lines, the same for any order of rows and of fields."""
    with path.open("rb") as lines:
        return digest_of(lines)


def digest_of(lines: Iterable[bytes]) -> str:
    """Return the same digest of rows that are at hand, each as JSON."""
    rows = sorted(map(_canonical, lines))
    return hashlib.sha256(b"".join(rows)).hexdigest()


def _canonical(line: bytes) -> bytes:
    """Write a row the one way: fields by name, and a whole number without a fraction, as engines disagree on `12.0`."""
    row = orjson.loads(line)
    for field, value in row.items():
        if isinstance(value, float) and value.is_integer():
            row[field] = int(value)
    return orjson.dumps(row, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
