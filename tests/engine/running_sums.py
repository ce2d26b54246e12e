"""A pipeline that writes within the transactions of a cluster, and to a sink of two phases beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from streamcore.graph.pipeline import Pipeline
from streamcore.model.source import Source
from streamcore.model.windowing import AccumulationMode
from streamcore.transforms.elementwise import Map
from streamcore.transforms.group import CombinePerKey
from streamcore.transforms.read import Read
from streamcore.transforms.window_into import WindowInto
from streamcore.transforms.write import Write
from streamcore.triggers import AfterCount, AfterWatermark
from streamcore.windowing import FixedWindows
from tests.engine.clusters import Cluster, ClusterSink
from tests.engine.ledgers import Ledger, LedgerSink, options, run_to_end
from tests.engine.sources import Counting, Gate, GatedSource


def running_sums(source: Source[int], cluster: Cluster, ledger: Ledger, state_dir: Path, **settings: Any) -> Pipeline:
    """Sums so far, to a cluster, and to a sink of two phases."""
    p = Pipeline(options=options(state_dir, **settings))
    sums = (
        p
        | "read" >> Read(source)
        | "keys" >> Map(lambda number: (number % 3, number))
        | WindowInto(FixedWindows(20), AfterWatermark(early=AfterCount(2)), AccumulationMode.ACCUMULATING)
        | "sums" >> CombinePerKey(sum)
    )
    _ = sums | "to cluster" >> Write(ClusterSink(cluster))
    _ = sums | "to ledger" >> Write(LedgerSink(ledger))
    return p


async def whole_run(state_dir: Path) -> list[tuple[int, int]]:
    """What a run that nothing happens to writes to a cluster."""
    cluster = Cluster()
    await run_to_end(running_sums(Counting(90, splits=["a"]), cluster, Ledger(), state_dir))
    return cluster.rows


def ungated() -> Source[int]:
    """The source of such a run, behind an open gate."""
    gate = Gate()
    gate.allow(1000)
    return GatedSource(Counting(90, splits=["a"]), gate)
