"""What a composite trigger costs: j1 with one on streamcore against the loop, which has none."""

from __future__ import annotations

import tempfile
from pathlib import Path

import orjson

from benchmarks.data import input_of
from benchmarks.digest import digest
from benchmarks.jobs import j1_with_triggers
from benchmarks.loops import LOOPS
from benchmarks.measuring import Comparison, Options, ResultsDifferError, compare, report
from benchmarks.ratios import WARM_UP


def run(options: Options) -> None:
    """Print the ratio, and how many panes streamcore wrote for each row of the loop."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _take_turns(input_of("j1", max(options.events // WARM_UP, 1), options.data), folder, rounds=1)
        comparison = _take_turns(input_of("j1", options.events, options.data), folder, options.rounds)
        report("j1-triggers", comparison, options.events)
        panes, rows = _count(folder / "streamcore.jsonl"), _count(folder / "loop.jsonl")
        print(f"j1-triggers: {panes:,} panes for {rows:,} rows of the loop")


def _take_turns(source: Path, folder: Path, rounds: int) -> Comparison:
    expected, panes, final = (folder / name for name in ("loop.jsonl", "streamcore.jsonl", "final.jsonl"))
    comparison = compare(lambda: LOOPS["j1"](source, expected), lambda: j1_with_triggers(source, panes), rounds)
    keep_final(panes, final)
    if digest(expected) != digest(final):
        msg = "j1-triggers: the final panes are not the rows of the loop"
        raise ResultsDifferError(msg)
    return comparison


def keep_final(panes: Path, final: Path) -> None:
    """Write the last pane of each user and window: panes accumulate, so it is the whole result."""
    last: dict[tuple[str, int], bytes] = {}
    with panes.open("rb") as lines:
        for line in lines:
            pane = orjson.loads(line)
            last[pane["user"], pane["ws"]] = line
    final.write_bytes(b"".join(last.values()))


def _count(path: Path) -> int:
    with path.open("rb") as lines:
        return sum(1 for _ in lines)
