from __future__ import annotations

import asyncio
import bz2
import gzip
import lzma
import re
import sys
from pathlib import Path
from typing import Any

import fsspec
import pytest
import zstandard

from streamcore.errors import MissingExtraError, PipelineError, SourceError
from streamcore.io import BytesCoder, CompressionTypes, ReadFromText, StrUtf8Coder, line_source
from streamcore.io.line_formats import TextLines
from streamcore.io.line_source import LineSource
from streamcore.model.source import Reader
from tests.io.reading import poll_all, poll_and_restore, read_all

LINES = [
    (b"", [], "an empty file"),
    (b"\n", [""], "one empty line"),
    (b"a\nb\n", ["a", "b"], "newlines"),
    (b"a\nb", ["a", "b"], "no newline at the end"),
    (b"a\r\nb\r\n", ["a", "b"], "carriage returns"),
    (b"a\r\nb\n\r\nc\r", ["a", "b", "", "c\r"], "both; a carriage return alone ends no line"),
    (b"\n\na\n\n", ["", "", "a", ""], "empty lines"),
    ("a\u2028b\x0bc\x85d\n".encode(), ["a\u2028b\x0bc\x85d"], "what ends a line for str.splitlines alone"),
    ("\u00e4\u20ac\U0001f600\n".encode(), ["\u00e4\u20ac\U0001f600"], "beyond ASCII"),
]


@pytest.mark.parametrize(("content", "expected", "what"), LINES, ids=[what for _, _, what in LINES])
def test_lines(tmp_path: Path, content: bytes, expected: list[str], what: str) -> None:
    (tmp_path / "lines.txt").write_bytes(content)
    assert read_all(ReadFromText(tmp_path / "lines.txt")) == expected
    as_bytes = read_all(ReadFromText(tmp_path / "lines.txt", coder=BytesCoder()))
    assert as_bytes == [line.encode() for line in expected]


@pytest.mark.parametrize(("content", "expected", "what"), LINES, ids=[what for _, _, what in LINES])
def test_line_ends_are_kept_if_asked(tmp_path: Path, content: bytes, expected: list[str], what: str) -> None:
    (tmp_path / "lines.txt").write_bytes(content)
    kept = read_all(ReadFromText(tmp_path / "lines.txt", strip_trailing_newlines=False))
    assert "".join(kept) == content.decode()
    assert [re.sub(r"\r?\n\Z", "", line) for line in kept] == expected
    as_bytes = read_all(ReadFromText(tmp_path / "lines.txt", coder=BytesCoder(), strip_trailing_newlines=False))
    assert as_bytes == [line.encode() for line in kept]


def test_a_coder_decodes_each_line(tmp_path: Path) -> None:
    class Numbers:
        def decode(self, encoded: bytes) -> int:
            return int(encoded)

    (tmp_path / "numbers.txt").write_bytes(b"1\n22\r\n333")
    assert read_all(ReadFromText(tmp_path / "numbers.txt", coder=Numbers())) == [1, 22, 333]


def pack(kind: str, content: bytes) -> bytes:
    packers: dict[str, Any] = {
        "gz": gzip.compress,
        "bz2": bz2.compress,
        "xz": lzma.compress,
        "zst": zstandard.compress,
        "txt": bytes,
    }
    return bytes(packers[kind](content))


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zst", "txt"])
def test_compression_is_known_by_the_suffix(tmp_path: Path, kind: str) -> None:
    (tmp_path / f"lines.{kind}").write_bytes(pack(kind, b"a\nb\n"))
    assert read_all(ReadFromText(tmp_path / f"lines.{kind}")) == ["a", "b"]


def test_compression_can_be_given(tmp_path: Path) -> None:
    (tmp_path / "lines").write_bytes(gzip.compress(b"a\nb\n"))
    assert read_all(ReadFromText(tmp_path / "lines", compression_type=CompressionTypes.GZIP)) == ["a", "b"]
    (tmp_path / "plain.gz").write_bytes(b"a\n")
    assert read_all(ReadFromText(tmp_path / "plain.gz", compression_type=CompressionTypes.UNCOMPRESSED)) == ["a"]


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zst"])
def test_packed_parts_one_behind_the_other_are_one_file(tmp_path: Path, kind: str) -> None:
    (tmp_path / f"lines.{kind}").write_bytes(pack(kind, b"a\n") + pack(kind, b"b\n"))
    assert read_all(ReadFromText(tmp_path / f"lines.{kind}")) == ["a", "b"]


def test_files_are_found_by_patterns(tmp_path: Path) -> None:
    for name in ("1.txt", "2.txt", "3.log", "deep/4.txt", "dir.txt/x"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{name}\n")
    assert sorted(read_all(ReadFromText(f"{tmp_path}/*.txt"))) == ["1.txt", "2.txt"]
    assert sorted(read_all(ReadFromText(f"{tmp_path}/**/*.txt"))) == ["1.txt", "2.txt", "deep/4.txt"]
    assert sorted(read_all(ReadFromText(f"{tmp_path}/[13].*"))) == ["1.txt", "3.log"]
    assert read_all(ReadFromText(f"file://{tmp_path}/1.txt")) == ["1.txt"]


def test_a_name_with_brackets_is_a_name_first(tmp_path: Path) -> None:
    (tmp_path / "[a].txt").write_text("right\n")
    (tmp_path / "a.txt").write_text("wrong\n")
    assert read_all(ReadFromText(tmp_path / "[a].txt")) == ["right"]


def test_any_file_system_of_fsspec_can_be_read() -> None:
    with fsspec.open("memory://text/1.txt", "wb") as file:
        file.write(b"a\nb\n")
    with fsspec.open("memory://text/2.txt.gz", "wb") as file:
        file.write(gzip.compress(b"c\n"))
    assert sorted(read_all(ReadFromText("memory://text/*"))) == ["a", "b", "c"]
    assert read_all(ReadFromText("memory://text/1.txt")) == ["a", "b"]


@pytest.mark.parametrize("name", ["lines.txt", "lines.txt.gz"])
def test_header_lines_are_left_out_of_every_file(tmp_path: Path, name: str) -> None:
    content = b"h1\nh2\na\nb\n"
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert read_all(ReadFromText(tmp_path / name, skip_header_lines=2)) == ["a", "b"]
    assert read_all(ReadFromText(tmp_path / name, skip_header_lines=9)) == []


@pytest.mark.parametrize("limit", [1, 2, 7, 1000])
@pytest.mark.parametrize("kind", ["txt", "gz"])
@pytest.mark.parametrize("header", [0, 2])
async def test_reading_goes_on_from_any_position(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, kind: str, header: int
) -> None:
    monkeypatch.setattr(line_source, "BLOCK_BYTES", 64)
    monkeypatch.setattr(line_source, "SMALLEST_BLOCK", 64)
    lines = [f"line {number} {'x' * (number % 40)}" for number in range(100)]
    path = tmp_path / f"lines.{kind}"
    path.write_bytes(pack(kind, "\r\n".join(lines).encode()))
    source = LineSource(path, TextLines(StrUtf8Coder(), True), skip_header_lines=header)
    assert await poll_and_restore(source, str(path), limit) == lines[header:]
    batches = await poll_all(source.open(str(path), None), limit)
    assert max(map(len, batches)) <= limit
    assert [line for batch in batches for line in batch] == lines[header:]


NUMBERS = [f"line {number}" for number in range(400)]


async def half_read(path: Path, content: str, offset: int = 0) -> tuple[LineSource, list[Any]]:
    """A source, and where a reader is that has read some elements of a block of a file, behind an offset."""
    write_lines(path, content)
    source = LineSource(path, TextLines(StrUtf8Coder(), True))
    reader = source.open(str(path), None)
    position: Any = (0, 0, 0)
    while position[0] < offset or position[2] < min(content.count("\n"), 5):
        await reader.poll(1)
        position = reader.position()
    await reader.close()
    return source, list(position)


async def refused(reader: Reader[Any], message: str) -> None:
    with pytest.raises(SourceError, match=f"^{re.escape(message)}$"):
        await poll_all(reader, 1000)
    await reader.close()


def write_lines(path: Path, content: str) -> None:
    path.write_bytes(pack(path.suffix[1:], content.encode()))


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_source, "BLOCK_BYTES", 256)
    monkeypatch.setattr(line_source, "SMALLEST_BLOCK", 256)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("kind", ["txt", "gz"])
@pytest.mark.parametrize("offset", [0, 1000])
async def test_a_file_that_is_another_one_now(tmp_path: Path, kind: str, offset: int) -> None:
    path = tmp_path / f"lines.{kind}"
    source, position = await half_read(path, "\n".join(NUMBERS), offset)
    for other in ("", "other\n" * 2000):
        write_lines(path, other)
        message = (
            f"'{path}' does not begin as it did when a part of it was read: it is another file; put back the file that "
            "was read, or begin with an empty state directory"
        )
        await refused(source.open(str(path), position), message)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("kind", ["txt", "gz"])
@pytest.mark.parametrize("kept", [150, -1])
async def test_a_file_that_has_become_shorter(tmp_path: Path, kind: str, kept: int) -> None:
    path = tmp_path / f"lines.{kind}"
    content = "\n".join(NUMBERS)
    source, position = await half_read(path, content, 2000)
    # In the midst of the last block, of which elements have been read, or before it.
    write_lines(path, content[: position[0] + 9 if kept < 0 else 10 * kept])
    message = (
        f"'{path}' is to be read on from byte {position[0]}, but has become shorter than what was read of it; "
        "put back the file that was read, or begin with an empty state directory"
    )
    await refused(source.open(str(path), position), message)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("kind", ["txt", "gz"])
@pytest.mark.parametrize("content", ["line 0\nline 1", "\n".join(NUMBERS)])
async def test_a_file_that_has_become_longer(tmp_path: Path, kind: str, content: str) -> None:
    path = tmp_path / f"lines.{kind}"
    source, position = await half_read(path, content)
    write_lines(path, content + "\nlast")
    batches = await poll_all(source.open(str(path), position), 1000)
    read = [line for batch in batches for line in batch]
    assert read == [*content.splitlines(), "last"][-len(read) :]
    assert len(read) == content.count("\n") + 2 - position[2]


@pytest.mark.parametrize("kind", ["txt", "gz"])
def test_more_files_than_may_be_open_are_read_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(line_source, "MOST_OPEN", 3)
    monkeypatch.setattr(line_source, "SMALLEST_BLOCK", 8)
    monkeypatch.setattr(line_source, "BYTES_AT_ONCE", 64)
    for number in range(10):
        (tmp_path / f"{number}.{kind}").write_bytes(pack(kind, f"{number} a\n{number} b\n".encode() * 5))
    found = read_all(ReadFromText(f"{tmp_path}/*.{kind}", skip_header_lines=1))
    assert sorted(found) == sorted([f"{n} a" for n in range(10)] * 4 + [f"{n} b" for n in range(10)] * 5)


async def test_nothing_is_lost_when_a_poll_is_cancelled(tmp_path: Path) -> None:
    path = tmp_path / "lines.gz"
    path.write_bytes(gzip.compress(b"a\nb\n"))
    reader = LineSource(path, TextLines(StrUtf8Coder(), True)).open(str(path), None)
    poll = asyncio.create_task(reader.poll(10))
    await asyncio.sleep(0)
    poll.cancel()
    with pytest.raises(asyncio.CancelledError):
        await poll
    assert await poll_all(reader, 10) == [["a", "b"]]


def test_nothing_matches(tmp_path: Path) -> None:
    message = (
        f"no file matches '{tmp_path}/none-*'; check the path, or give validate=False to read nothing in that case"
    )
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        ReadFromText(f"{tmp_path}/none-*")
    assert read_all(ReadFromText(f"{tmp_path}/none-*", validate=False)) == []


async def test_nothing_matches_when_the_run_starts() -> None:
    message = (
        "no file matches 'memory://nothing/*'; check the path, or give validate=False to read nothing in that case"
    )
    with pytest.raises(SourceError, match=f"^{re.escape(message)}$"):
        await LineSource("memory://nothing/*", TextLines(StrUtf8Coder(), True)).splits()


async def test_a_file_that_vanishes(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("a\n")
    source = LineSource(path, TextLines(StrUtf8Coder(), True))
    reader = source.open(str(path), None)
    path.unlink()
    with pytest.raises(SourceError, match=r"^no file matches '.*lines.txt'; check the path, or give validate=False"):
        await source.splits()
    with pytest.raises(FileNotFoundError):
        await reader.poll(10)


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(b"a\nb\xff\nc\n")
    message = (
        f"line 2 of '{path}' cannot be decoded: 'utf-8' codec can't decode byte 0xff in position 1: "
        "invalid start byte; the line is b'b\\xff'"
    )
    with pytest.raises(SourceError, match=f"^{re.escape(message)}$"):
        read_all(ReadFromText(path))


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zst"])
@pytest.mark.parametrize("whole_parts", [0, 1])
def test_a_truncated_file(tmp_path: Path, kind: str, whole_parts: int) -> None:
    path = tmp_path / f"lines.{kind}"
    packed = pack(kind, b"a\n" * 1000)
    path.write_bytes(packed * whole_parts + packed[:-8])
    message = (
        f"step 'ReadFromText/Read(LineSource)' could not read split '{path}': EOFError: "
        "Compressed file ended before the end-of-stream marker was reached"
    )
    with pytest.raises(SourceError, match=f"^{re.escape(message)}$"):
        read_all(ReadFromText(path))


def test_a_zstd_file_that_lacks_its_last_blocks(tmp_path: Path) -> None:
    path = tmp_path / "lines.zst"
    packed = zstandard.compress("".join(f"{number}\n" for number in range(100_000)).encode())
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(SourceError, match="EOFError: Compressed file ended before the end-of-stream marker"):
        read_all(ReadFromText(path))


def test_a_zstd_file_of_many_frames(tmp_path: Path) -> None:
    path = tmp_path / "lines.zst"
    skippable = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"
    lines = [str(number) for number in range(5000)]
    frames = (zstandard.compress(f"{line}\n".encode()) + skippable + zstandard.compress(b"") for line in lines)
    path.write_bytes(b"".join(frames))
    assert read_all(ReadFromText(path)) == lines


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"delimiter": b"|"}, "ReadFromText has no parameter `delimiter`, got delimiter=b'|'; leave it out"),
    (
        {"compression_type": "snappy"},
        "`compression_type` must be one of 'auto', 'uncompressed', 'gzip', 'zstd', 'bzip2', 'lzma', got 'snappy'",
    ),
    ({"skip_header_lines": -1}, "`skip_header_lines` must be a whole number from 0 on, got -1"),
    (
        {"coder": StrUtf8Coder},
        "`coder` must be an object with decode(bytes), got <class 'streamcore.io.line_coders.StrUtf8Coder'>; "
        "write coder=BytesCoder() for bytes",
    ),
    (
        {"file_pattern": 3},
        "a path or an address is needed, got 3; give one such as 'data/events-*.jsonl' or 's3://bucket/events.jsonl'",
    ),
    (
        {"file_pattern": "nosuch://x"},
        "'nosuch://x' is not an address that fsspec knows: Protocol not known: nosuch",
    ),
]


@pytest.mark.parametrize(("parameters", "message"), REFUSED)
def test_refusals(tmp_path: Path, parameters: dict[str, Any], message: str) -> None:
    (tmp_path / "lines.txt").write_text("a\n")
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        ReadFromText(**{"file_pattern": tmp_path / "lines.txt"} | parameters)


def test_parameters_of_beam_that_ask_for_nothing_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text("a\n")
    assert read_all(ReadFromText(tmp_path / "lines.txt", min_bundle_size=10, delimiter=None, escapechar=None)) == ["a"]


def test_the_zstd_library_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    message = "zstd files need the library `zstandard`; install it with: pip install 'streamcore-engine[zstd]'"
    with pytest.raises(MissingExtraError, match=f"^{re.escape(message)}$"):
        ReadFromText(tmp_path / "lines.zst", validate=False)


def test_the_library_of_an_address_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(address: str) -> None:
        msg = "Install s3fs to access S3"
        raise ImportError(msg)

    monkeypatch.setattr(fsspec.core, "url_to_fs", refuse)
    message = "'s3://bucket/x' needs a library that is not installed: Install s3fs to access S3"
    with pytest.raises(MissingExtraError, match=f"^{re.escape(message)}$"):
        ReadFromText("s3://bucket/x")
