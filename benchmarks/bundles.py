"""What it costs to hand over elements one by one, and that results do not depend on it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamcore as sc
from benchmarks.data import input_of
from benchmarks.jobs import add_j1
from benchmarks.measuring import Options, ResultsDifferError, compare
from benchmarks.ratios import WARM_UP
from streamcore.model.options import PipelineOptions

DEFAULT = 256
SIZES = (1, 16, 2048)


def run(options: Options) -> None:
    """Print the speed of j1 at each bundle size in relation to the default one."""
    source = input_of("j1", options.events, options.data)
    with tempfile.TemporaryDirectory() as name:
        usual, rows = Path(name, "usual.jsonl"), Path(name, "rows.jsonl")
        j1_in_bundles(input_of("j1", max(options.events // WARM_UP, 1), options.data), usual, DEFAULT)
        for size in SIZES:
            comparison = compare(
                lambda: j1_in_bundles(source, usual, DEFAULT),
                lambda size=size: j1_in_bundles(source, rows, size),  # type: ignore[misc]
                options.rounds,
            )
            if usual.read_bytes() != rows.read_bytes():
                msg = f"bundles of {size} give other bytes than bundles of {DEFAULT}"
                raise ResultsDifferError(msg)
            print(f"bundles of {size}: {comparison.ratio:.2f} of the speed with {DEFAULT}, the same bytes")


def j1_in_bundles(source: Path, sink: Path, size: int) -> None:
    """Run j1 with bundles of at most so many elements."""
    with sc.Pipeline(options=PipelineOptions(bundle_size=size)) as p:
        add_j1(p, source, sink)
