from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from streamcore import CombinePerKey, FixedWindows, WindowInto
from streamcore.io import WriteToJsonLines
from streamcore.io.file_names import FileNaming, pane_name
from streamcore.io.file_systems import LocalFiles
from streamcore.io.line_coders import ToBytesCoder
from streamcore.io.line_encoders import TextEncoder
from streamcore.io.line_shards import FileLayout
from streamcore.io.pane_sink import PaneSink
from streamcore.model.bundle import Bundle
from streamcore.model.pane import ONLY_FIRING, PANE_INFO_UNKNOWN, PaneInfo, PaneInfoTiming
from streamcore.model.window import BoundedWindow, GlobalWindow, IntervalWindow
from streamcore.model.windowing import AccumulationMode
from streamcore.testing import TestPipeline, TestStream
from streamcore.triggers import AfterCount, AfterWatermark

SECOND = 1_000_000
EARLY = PaneInfo(True, False, PaneInfoTiming.EARLY, 0, -1)
ON_TIME_AND_OPEN = PaneInfo(True, False, PaneInfoTiming.ON_TIME, 0, 0)
LATE = PaneInfo(False, False, PaneInfoTiming.LATE, 1, 1)
MINUTE = IntervalWindow(0, 60)
NEXT = IntervalWindow(60, 120)


def sink_in(directory: Path, lateness: int = 0) -> PaneSink:
    encoder = TextEncoder(ToBytesCoder(), True)
    naming = FileNaming(str(directory / "out"), "-W", "")
    return PaneSink(FileLayout(LocalFiles(), naming, encoder), lateness * SECOND)


def complete_files(directory: Path) -> dict[str, str]:
    return {path.name[4:]: path.read_text() for path in sorted(directory.iterdir()) if path.name[0] != "."}


def bundle(values: list[Any], window: IntervalWindow, pane: PaneInfo) -> Bundle:
    return Bundle(values, 0, (window,), pane)


async def test_a_file_appears_when_the_watermark_has_passed_the_window(tmp_path: Path) -> None:
    sink = sink_in(tmp_path)
    await sink.open()
    await sink.write(bundle(["a"], MINUTE, ONLY_FIRING))
    await sink.write(bundle(["b"], MINUTE, ONLY_FIRING))  # of the same firing, in another bundle
    await sink.flush(60 * SECOND - 1)
    assert complete_files(tmp_path) == {}
    await sink.write(bundle(["c"], NEXT, ONLY_FIRING))
    await sink.flush(60 * SECOND)
    assert complete_files(tmp_path) == {"19700101T0000-19700101T0001-pane-0-on-time": "a\nb\n"}
    await sink.close()
    assert len(complete_files(tmp_path)) == 2


async def test_early_panes_wait_for_other_keys(tmp_path: Path) -> None:
    sink = sink_in(tmp_path)
    await sink.open()
    await sink.write(bundle(["ann"], MINUTE, EARLY))
    await sink.flush(30 * SECOND)
    await sink.write(bundle(["bob"], MINUTE, EARLY))
    await sink.write(bundle(["bob"], MINUTE, ON_TIME_AND_OPEN))
    await sink.flush(60 * SECOND)
    assert complete_files(tmp_path) == {
        "19700101T0000-19700101T0001-pane-0-early": "ann\nbob\n",
        "19700101T0000-19700101T0001-pane-0-on-time": "bob\n",
    }


async def test_late_panes_wait_for_the_expiry(tmp_path: Path) -> None:
    sink = sink_in(tmp_path, lateness=100)
    await sink.open()
    await sink.flush(70 * SECOND)
    await sink.write(bundle(["ann"], MINUTE, LATE))
    await sink.flush(159 * SECOND)
    assert complete_files(tmp_path) == {}
    await sink.write(bundle(["bob"], MINUTE, LATE))
    await sink.flush(160 * SECOND)
    assert complete_files(tmp_path) == {"19700101T0000-19700101T0001-pane-1-late": "ann\nbob\n"}


async def test_late_elements_that_no_aggregation_has_seen_get_another_file(tmp_path: Path) -> None:
    sink = sink_in(tmp_path)
    await sink.open()
    for number in range(3):
        await sink.write(bundle([number], MINUTE, PANE_INFO_UNKNOWN))
        await sink.flush((60 + number) * SECOND)
    assert complete_files(tmp_path) == {
        "19700101T0000-19700101T0001": "0\n",
        "19700101T0000-19700101T0001-late-1": "1\n",
        "19700101T0000-19700101T0001-late-2": "2\n",
    }


async def test_columns_of_windows_and_panes(tmp_path: Path) -> None:
    sink = sink_in(tmp_path)
    await sink.open()
    await sink.write(Bundle(["a", "b"], [0, 1], [(MINUTE,), (MINUTE, NEXT)], [ONLY_FIRING, LATE]))
    await sink.close()
    assert complete_files(tmp_path) == {
        "19700101T0000-19700101T0001-pane-0-on-time": "a\n",
        "19700101T0000-19700101T0001-pane-1-late": "b\n",
        "19700101T0001-19700101T0002-pane-1-late": "b\n",
    }


async def test_abort_removes_what_is_open_and_ends_the_sink(tmp_path: Path) -> None:
    sink = sink_in(tmp_path)
    await sink.open()
    await sink.write(bundle(["x" * 1_000_000], MINUTE, ONLY_FIRING))
    assert len(list(tmp_path.iterdir())) == 1
    await sink.abort()
    await sink.write(bundle(["y"], MINUTE, ONLY_FIRING))
    await sink.flush(60 * SECOND)
    await sink.close()
    assert list(tmp_path.iterdir()) == []


class Deadline(BoundedWindow):
    __slots__ = ()


NAMES: list[tuple[BoundedWindow, PaneInfo, str]] = [
    (MINUTE, PANE_INFO_UNKNOWN, "19700101T0000-19700101T0001"),
    (GlobalWindow(), LATE, "global-pane-1-late"),
    (IntervalWindow(1, 2.5), PANE_INFO_UNKNOWN, "19700101T000001-19700101T000002.500000"),
    (IntervalWindow(-1e12, 0), PANE_INFO_UNKNOWN, "-1000000000000000000us-19700101T0000"),
    (Deadline(60), ONLY_FIRING, "until-19700101T0001-pane-0-on-time"),
]


@pytest.mark.parametrize(("window", "pane", "expected"), NAMES)
def test_names(window: BoundedWindow, pane: PaneInfo, expected: str) -> None:
    assert pane_name(window, pane) == expected


def test_panes_of_a_stream(tmp_path: Path) -> None:
    events = (
        TestStream()
        .add_elements([("ann", 1)], event_timestamp=10)
        .add_elements([("ann", 1)], event_timestamp=11)
        .add_elements([("bob", 1)], event_timestamp=12)
        .advance_watermark_to(60)
        .add_elements([("bob", 1)], event_timestamp=13)
        .advance_watermark_to_infinity()
    )
    with TestPipeline() as p:
        _ = (
            p
            | events
            | WindowInto(
                FixedWindows(60),
                trigger=AfterWatermark(early=AfterCount(2), late=AfterCount(1)),
                accumulation_mode=AccumulationMode.ACCUMULATING,
                allowed_lateness=60,
            )
            | CombinePerKey(sum)
            | WriteToJsonLines(tmp_path / "out")
        )
    assert complete_files(tmp_path) == {
        "19700101T0000-19700101T0001-pane-0-early.jsonl": '["ann",2]\n',
        "19700101T0000-19700101T0001-pane-0-on-time.jsonl": '["bob",1]\n',
        "19700101T0000-19700101T0001-pane-1-late.jsonl": '["bob",2]\n',
        "19700101T0000-19700101T0001-pane-1-on-time.jsonl": '["ann",2]\n',
    }
