from __future__ import annotations

import asyncio
import bz2
import dataclasses
import gzip
import lzma
import re
from pathlib import Path
from typing import Any, NamedTuple

import fsspec
import msgspec
import pytest
import zstandard

from streamcore import Create, FixedWindows, Map, Pipeline, WindowInto, WithTimestamps
from streamcore.errors import PipelineError, SinkError, UserCodeError
from streamcore.io import (
    BytesCoder,
    ReadFromIterable,
    ReadFromText,
    StrUtf8Coder,
    WriteToJsonLines,
    WriteToText,
    line_file,
)
from streamcore.io.file_systems import LocalFiles, RemoteFiles
from streamcore.model.options import PipelineOptions
from streamcore.timestamp import Timestamp


def write(values: list[Any], transform: Any) -> None:
    with Pipeline() as p:
        _ = p | Create(values) | transform


def files_in(directory: Path) -> dict[str, str]:
    """Names and contents of all files in a directory, hidden ones too."""
    return {path.name: path.read_text() for path in sorted(directory.iterdir())}


def test_one_file_by_default(tmp_path: Path) -> None:
    write(["a", "b"], WriteToText(tmp_path / "out", ".txt"))
    assert files_in(tmp_path) == {"out-00000-of-00001.txt": "a\nb\n"}


TEXT: list[tuple[list[Any], dict[str, Any], str]] = [
    ([], {}, ""),
    ([], {"header": "h", "footer": "f"}, "h\nf\n"),
    (["a"], {"header": "h", "footer": "f"}, "h\na\nf\n"),
    (["a", "b"], {"append_trailing_newlines": False, "header": "h"}, "hab"),
    (["a", 1, b"c", ("d", 2)], {}, "a\n1\nc\n('d', 2)\n"),
    (["\u00e4"], {"coder": StrUtf8Coder()}, "\u00e4\n"),
    ([b"a", b"b"], {"coder": BytesCoder()}, "a\nb\n"),
]


@pytest.mark.parametrize(("values", "parameters", "expected"), TEXT)
def test_text(tmp_path: Path, values: list[Any], parameters: dict[str, Any], expected: str) -> None:
    write(values, WriteToText(tmp_path / "out", shard_name_template="", **parameters))
    assert files_in(tmp_path) == {"out": expected}


class Point(NamedTuple):
    x: int
    y: int


@dataclasses.dataclass
class Visit:
    user: str
    at: int


class Click(msgspec.Struct, rename={"user": "u"}):
    user: str
    where: Point


JSON: list[tuple[Any, str]] = [
    ({"a": [1, None, True, 1.5]}, '{"a":[1,null,true,1.5]}'),
    (Visit("ann", 3), '{"user":"ann","at":3}'),
    (Point(1, 2), '{"x":1,"y":2}'),
    (("ann", 3), '["ann",3]'),
    (Click("ann", Point(1, 2)), '{"u":"ann","where":[1,2]}'),
    ({"at": Timestamp(1.5), "p": Point(1, 2)}, '{"at":"1970-01-01T00:00:01.500000Z","p":{"x":1,"y":2}}'),
    ({1: "a", None: "b"}, '{"1":"a","null":"b"}'),
    ({"s": {3}, "b": b"ab"}, '{"s":[3],"b":"YWI="}'),
]


@pytest.mark.parametrize(("value", "expected"), JSON)
def test_json(tmp_path: Path, value: Any, expected: str) -> None:
    write([value, {"z": 1}], WriteToJsonLines(tmp_path / "out", shard_name_template=""))
    assert files_in(tmp_path) == {"out.jsonl": f'{expected}\n{{"z":1}}\n'}


def test_what_json_cannot_show(tmp_path: Path) -> None:
    message = "element {'a': 1j} cannot be written: JSON cannot show complex; change it with a Map before the sink"
    with pytest.raises(SinkError, match=f"(?m)^{re.escape(message)}$"):
        write([{"b": 1}, {"a": 1j}], WriteToJsonLines(tmp_path / "out"))
    assert files_in(tmp_path) == {}


def test_what_a_coder_cannot_encode(tmp_path: Path) -> None:
    message = (
        "element 3 cannot be written: 'int' object has no attribute 'encode'; change it with a Map before the sink"
    )
    with pytest.raises(SinkError, match=f"(?m)^{re.escape(message)}$"):
        write(["a", 3], WriteToText(tmp_path / "out", coder=StrUtf8Coder()))


def test_text_that_utf8_cannot_show(tmp_path: Path) -> None:
    message = (
        "element 'b\\ud800' cannot be written: 'utf-8' codec can't encode character '\\ud800' in position 1: "
        "surrogates not allowed; change it with a Map before the sink"
    )
    with pytest.raises(SinkError, match=f"(?m)^{re.escape(message)}$"):
        write(["a", "b\ud800"], WriteToText(tmp_path / "out"))


@pytest.mark.parametrize(
    ("suffix", "unpack"),
    [(".gz", gzip.open), (".bz2", bz2.open), (".xz", lzma.open), (".zst", zstandard.open)],
)
def test_compression_is_known_by_the_suffix(tmp_path: Path, suffix: str, unpack: Any) -> None:
    write(["a", "b"], WriteToText(tmp_path / "out", suffix, shard_name_template=""))
    with unpack(tmp_path / f"out{suffix}", "rb") as file:
        assert file.read() == b"a\nb\n"


def test_the_same_elements_give_the_same_packed_file(tmp_path: Path) -> None:
    for name in ("1", "2"):
        write(["a", "b"], WriteToText(tmp_path / name, ".gz", shard_name_template=""))
    assert (tmp_path / "1.gz").read_bytes() == (tmp_path / "2.gz").read_bytes()


def test_large_files_are_written_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_file, "PIECE_BYTES", 100)
    lines = [f"line {number}" for number in range(2000)]
    for suffix in (".txt", ".gz"):
        write(lines, WriteToText(tmp_path / "out", suffix, shard_name_template=""))
        with Pipeline() as p:
            _ = p | ReadFromText(tmp_path / f"out{suffix}") | WriteToText(tmp_path / "copy", shard_name_template="")
        assert (tmp_path / "copy").read_text().splitlines() == lines


@pytest.mark.parametrize("batches", [1, 2, 3, 7])
def test_shards_take_elements_in_turn_however_they_are_bundled(tmp_path: Path, batches: int) -> None:
    with Pipeline(options=PipelineOptions(bundle_size=batches)) as p:
        _ = p | Create("abcdefgh"[i] for i in range(8)) | WriteToText(tmp_path / "out", num_shards=3)
    assert files_in(tmp_path) == {
        "out-00000-of-00003": "a\nd\ng\n",
        "out-00001-of-00003": "b\ne\nh\n",
        "out-00002-of-00003": "c\nf\n",
    }


def test_no_file_for_no_elements_if_asked(tmp_path: Path) -> None:
    write([], WriteToText(tmp_path / "out", skip_if_empty=True, header="h"))
    assert files_in(tmp_path) == {}
    write(["a"], WriteToText(tmp_path / "out", skip_if_empty=True))
    assert files_in(tmp_path) == {"out-00000-of-00001": "a\n"}


def test_directories_are_made_and_old_files_replaced(tmp_path: Path) -> None:
    for text in ("old", "new"):
        write([text], WriteToText(tmp_path / "a/b/out", shard_name_template=""))
    assert files_in(tmp_path / "a/b") == {"out": "new\n"}


@pytest.mark.parametrize("suffix", [".txt", ".txt.gz"])
def test_any_file_system_of_fsspec_can_be_written(suffix: str) -> None:
    address = f"memory://sink{suffix}/deep/out"
    write(["a", "b"], WriteToText(address, suffix))
    fs = fsspec.filesystem("memory")
    assert fs.ls(f"/sink{suffix}/deep", detail=False) == [f"/sink{suffix}/deep/out-00000-of-00001{suffix}"]
    with fs.open(f"/sink{suffix}/deep/out-00000-of-00001{suffix}", compression="infer") as file:
        assert file.read() == b"a\nb\n"


def fail_at(limit: int) -> Any:
    def check(value: int) -> str:
        if value == limit:
            msg = "too far"
            raise RuntimeError(msg)
        return str(value)

    return check


@pytest.mark.parametrize("suffix", [".txt", ".gz"])
@pytest.mark.parametrize("by_window", [False, True])
def test_a_failure_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, by_window: bool
) -> None:
    monkeypatch.setattr(line_file, "PIECE_BYTES", 50)
    p = Pipeline()
    numbers = p | ReadFromIterable(range(5000)) | Map(fail_at(4000))
    _ = numbers | WriteToText(tmp_path / "out", suffix, by_window=by_window)
    with pytest.raises(UserCodeError, match="too far"):
        p.run()
    assert files_in(tmp_path) == {}


def test_a_failure_leaves_nothing_in_remote_files() -> None:
    p = Pipeline()
    _ = p | ReadFromIterable(range(5000)) | Map(fail_at(4000)) | WriteToText("memory://aborted/out")
    with pytest.raises(UserCodeError, match="too far"):
        p.run()
    assert fsspec.filesystem("memory").find("/aborted") == []


@pytest.mark.parametrize("suffix", [".txt", ".gz"])
async def test_cancelling_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    monkeypatch.setattr(line_file, "PIECE_BYTES", 50)
    p = Pipeline()
    _ = p | ReadFromIterable(iter(int, 1)) | Map(str) | WriteToText(tmp_path / "out", suffix)
    handle = await p.run_async()
    while not list(tmp_path.iterdir()):
        await asyncio.sleep(0)
    for _ in range(100):
        await asyncio.sleep(0)
    await handle.cancel()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_made_stops_the_run_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    message = (
        "step 'WriteToText/Write(LineSink)' could not write: FileExistsError: "
        f"[Errno 17] File exists: '{tmp_path}/file'"
    )
    with pytest.raises(SinkError, match=f"^{re.escape(message)}$"):
        write(["a"], WriteToText(tmp_path / "file/out"))


@pytest.mark.parametrize("files", [LocalFiles, RemoteFiles])
def test_a_file_that_cannot_be_renamed_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: type) -> None:
    def refuse(self: object, source: str, target: str) -> None:
        msg = "no room"
        raise OSError(msg)

    monkeypatch.setattr(files, "replace", refuse)
    prefix = tmp_path / "out" if files is LocalFiles else "memory://norename/out"
    with pytest.raises(SinkError, match=r"^step 'WriteToText/Write\(LineSink\)' could not write: OSError: no room$"):
        write(["a"], WriteToText(prefix))
    assert list(tmp_path.iterdir()) == []
    assert fsspec.filesystem("memory").find("/norename") == []


REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"max_records_per_shard": 5},
        "WriteToText has no parameter `max_records_per_shard`, got max_records_per_shard=5; leave it out",
    ),
    ({"num_shards": -1}, "`num_shards` must be a whole number from 0 on, got -1"),
    (
        {"coder": StrUtf8Coder},
        "`coder` must be an object with encode(value), got <class 'streamcore.io.line_coders.StrUtf8Coder'>; "
        "write coder=StrUtf8Coder() for str",
    ),
    ({"shard_name_template": 3}, "`shard_name_template` must be a str such as '-SSSSS-of-NNNNN', got 3"),
    (
        {"shard_name_template": "-SS", "by_window": True},
        "`shard_name_template` needs a W for the window, got '-SS'; write '-W-SSSSS-of-NNNNN'",
    ),
    (
        {"shard_name_template": "-W"},
        "`shard_name_template` has a W for the window, got '-W'; give by_window=True, or leave it out",
    ),
    (
        {"shard_name_template": "", "num_shards": 2},
        "`shard_name_template` needs S for 2 shards, got ''; write '-SSSSS-of-NNNNN'",
    ),
]


@pytest.mark.parametrize(("parameters", "message"), REFUSED)
def test_refusals(tmp_path: Path, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        write(["a"], WriteToText(tmp_path / "out", **parameters))


def test_unbounded_input_needs_windows_or_a_decision(tmp_path: Path) -> None:
    message = (
        "'WriteToText' would complete no file of its unbounded input before the run ends; put "
        "WindowInto(FixedWindows(60)) before it, or give by_window=False for one file at the end"
    )
    p = Pipeline()
    numbers = p | ReadFromIterable(range(3), bounded=False)
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        _ = numbers | WriteToText(tmp_path / "out")
    _ = numbers | "one file" >> WriteToText(tmp_path / "out", by_window=False)
    p.run()
    assert files_in(tmp_path) == {"out-00000-of-00001": "0\n1\n2\n"}


def test_windows_of_elements_that_no_aggregation_has_put_out(tmp_path: Path) -> None:
    with Pipeline() as p:
        stamped = p | Create([1, 61, 2]) | WithTimestamps(lambda at: at) | WindowInto(FixedWindows(60))
        _ = stamped | WriteToText(tmp_path / "out", by_window=True, num_shards=2, header="h")
    assert files_in(tmp_path) == {
        "out-19700101T0000-19700101T0001-00000-of-00002": "h\n1\n",
        "out-19700101T0000-19700101T0001-00001-of-00002": "h\n2\n",
        "out-19700101T0001-19700101T0002-00000-of-00002": "h\n61\n",
        "out-19700101T0001-19700101T0002-00001-of-00002": "h\n",
    }


SAME: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {}, "out-00000-of-00001"),
    ({"num_shards": 3, "shard_name_template": "-S"}, {"num_shards": 2, "shard_name_template": "-S"}, "out-0"),
    ({"by_window": True}, {"by_window": True, "header": "h"}, "out-*"),
]


@pytest.mark.parametrize(("first", "second", "name"), SAME)
def test_two_sinks_of_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: dict[str, Any], second: dict[str, Any], name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    message = (
        f"steps 'one/Write({{sink}})' and 'two/Write({{sink}})' both write {str(tmp_path / name)!r}, and one would "
        "replace the output of the other; give them different names, or unite their inputs with Flatten()"
    ).format(sink="PaneSink" if "by_window" in first else "LineSink")
    p = Pipeline()
    words = p | Create(["a", "b"])
    _ = words | "one" >> WriteToText("out", **first)
    _ = words | "two" >> WriteToText(f"{tmp_path}/./out", **second)
    with pytest.raises(PipelineError, match=f"^{re.escape(message)}$"):
        p.run()
    assert files_in(tmp_path) == {}


def test_two_sinks_of_one_remote_file() -> None:
    p = Pipeline()
    words = p | Create(["a", "b"])
    _ = words | "one" >> WriteToText("memory://both/out")
    _ = words | "two" >> WriteToText("memory:///both/out")
    with pytest.raises(PipelineError, match="both write 'memory:///both/out-00000-of-00001'"):
        p.run()


def test_two_sinks_of_different_files(tmp_path: Path) -> None:
    with Pipeline() as p:
        words = p | Create(["a", "b"])
        _ = words | "one" >> WriteToText(tmp_path / "out", num_shards=2)
        _ = words | "two" >> WriteToText(tmp_path / "out", num_shards=3)
        _ = words | "three" >> WriteToText(tmp_path / "out", by_window=True)
        _ = words | "four" >> WriteToText("memory:/" + str(tmp_path / "out"), num_shards=2)
    assert len(files_in(tmp_path)) == 6
