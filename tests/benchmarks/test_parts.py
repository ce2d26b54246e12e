"""Each part of `make bench` on a tiny input: it runs, checks its results, and prints its lines."""

import re
import subprocess
from pathlib import Path

import pytest

from benchmarks import checkpoints, measuring, triggers
from benchmarks.__main__ import PARTS, main
from benchmarks.jobs import JOBS
from benchmarks.measuring import Comparison, Cost, Options, ResultsDifferError
from streamcore.errors import SourceError

EVENTS = 2_000

# Lines that each part must print; figures may be anything.
EXPECTED = {
    "ratios": [rf"ratio {job} \d+\.\d\d \[CPU time \d+\.\d\d\]" for job in JOBS] + [r"geometric mean \d+\.\d\d"],
    "plain": [rf"ratio {job}-plain \d+\.\d\d" for job in JOBS] + [r"geometric mean to plain loops \d+\.\d\d"],
    "typed": [rf"ratio {job}-typed \d+\.\d\d" for job in ("j1", "j4", "q1")],
    "triggers": [r"ratio j1-triggers \d+\.\d\d", r"j1-triggers: [\d,]+ panes for [\d,]+ rows of the loop"],
    "bundles": [rf"bundles of {size}: \d+\.\d\d of the speed with 256, the same bytes" for size in (1, 16, 2048)],
    "keys": [
        r"bytes per open key at 2,000 keys: loop -?\d+",
        r"bytes per open key at 2,000 keys: streamcore -?\d+",
        r"2 keys: ratio \d+\.\d\d",
        r"2,000 keys: ratio \d+\.\d\d",
        r"ratio at 2,000 keys / ratio at 2 keys: \d+\.\d\d",
    ],
    "loopback": [
        r"loopback, idle: p50",
        r"loopback, j1 at [\d,]+ events/s: ",
        r"loopback, a window of 2,000 keys fires: ",
    ],
    "checkpoints": [
        r"checkpoint of 2,000 new keys: \d+\.\d\d s",
        r"checkpoint of 200 changed keys of 2,000: \d+\.\d\d s, rounds .* \(goal: done within 2 s\)",
        r"state of 2,000 keys on disk: \d+\.\d MB after 2 checkpoints",
        r"recovery of 2,000 keys: \d+\.\d\d s \(goal: < 5 s\)",
        r"loopback, checkpoint of 2,000 new keys: ",
        r"loopback, checkpoints of 200 changed keys: ",
        r"loopback, recovery of 2,000 keys: ",
    ],
    "memory": [r"memory of 10,000 elements: .* MB after 100%", r"memory flat: \+\d+\.\d MB"],
}


@pytest.mark.parametrize("part", PARTS)
def test_part_prints_its_lines(part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([part, "--events", str(EVENTS), "--rounds", "1", "--data", str(tmp_path)])
    printed = capsys.readouterr().out
    for line in EXPECTED[part]:
        assert re.search(f"^{line}", printed, re.MULTILINE), f"{line} is not in:\n{printed}"


def test_every_part_has_expected_lines() -> None:
    assert EXPECTED.keys() == PARTS.keys()


def test_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["speed"])
    assert "there is no part 'speed'; the parts are ratios, plain, typed, triggers" in capsys.readouterr().err


def test_different_rows_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triggers, "keep_final", lambda panes, final: final.write_bytes(b""))
    with pytest.raises(ResultsDifferError, match="the final panes are not the rows of the loop"):
        triggers.run(Options(EVENTS, 1, tmp_path))


def test_a_recovery_that_loses_something_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints.StagedReader, "position", lambda self: self._next - 1)
    with pytest.raises(ResultsDifferError, match=r"a run that was recovered gives \(20, 25, .*, not \(20, 24, "):
        checkpoints.run(Options(20, 1, tmp_path))


def test_a_run_that_fails_ends_the_measuring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(self: checkpoints.StagedReader, limit: int) -> None:
        raise OSError("gone")

    monkeypatch.setattr(checkpoints.StagedReader, "poll", fail)
    with pytest.raises(SourceError, match="gone"):
        checkpoints.run(Options(20, 1, tmp_path))


def test_ratio_is_the_median_of_the_rounds() -> None:
    comparison = Comparison(
        base=[Cost(2.0, 1.0), Cost(2.0, 1.0), Cost(9.0, 3.0)],
        other=[Cost(1.0, 1.0), Cost(4.0, 1.0), Cost(3.0, 1.0)],
    )
    assert comparison.ratio == 2.0
    assert comparison.cpu_ratio == 1.0
    assert comparison.spread == "0.50 to 3.00"
    assert comparison.rates(6) == (3.0, 2.0)


def test_resident_bytes_without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "_STATM", Path("not there"))
    monkeypatch.setattr(
        subprocess, "run", lambda *args, **kwargs: subprocess.CompletedProcess(args, 0, stdout=b" 2048\n")
    )
    assert measuring.resident_bytes() == 2048 * 1024


def test_one_way_can_be_measured_alone() -> None:
    assert float(measuring.run_child("benchmarks.open_pairs", "loop", 100)) >= 0
