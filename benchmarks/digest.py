"""Compare the output of two engines, whatever the order of rows and fields."""

import hashlib
from pathlib import Path

import orjson


def digest(path: Path) -> str:
    """Return a digest of the rows in a file of JSON lines, the same for any order of rows and of fields."""
    with path.open("rb") as lines:
        rows = sorted(_canonical(line) for line in lines)
    return hashlib.sha256(b"".join(rows)).hexdigest()


def _canonical(line: bytes) -> bytes:
    """Write a row the one way: fields by name, and a whole number without a fraction, as engines disagree on `12.0`."""
    row = orjson.loads(line)
    for field, value in row.items():
        if isinstance(value, float) and value.is_integer():
            row[field] = int(value)
    return orjson.dumps(row, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
