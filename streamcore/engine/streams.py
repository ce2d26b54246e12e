"""PCollections that somebody iterates over while they come out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from streamcore.engine.core.egress import SinkNode
from streamcore.engine.execution import Execution
from streamcore.engine.outlet import Outlet, StreamSink
from streamcore.engine.planning import SINK_CAPACITY
from streamcore.graph.pvalue import PCollection


class Streams:
    """Has what PCollections hold go to whoever iterates over them, also after a run has gone back to a checkpoint.

    Args:
        on_room: Called when something has been taken.
    """

    def __init__(self, on_room: Callable[[], None]) -> None:
        self._on_room = on_room
        self._watched: list[tuple[PCollection[Any], Outlet]] = []

    def make(self, execution: Execution, pcoll: PCollection[Any]) -> Outlet:
        """Makes what a PCollection is to be watched by.

        Raises:
            PipelineError: If the PCollection is of another pipeline.
        """
        producer, _ = execution.plan.producer(pcoll)
        node = SinkNode(f"{producer.label}/stream", execution.scheduler, SINK_CAPACITY)
        return Outlet(node, StreamSink(SINK_CAPACITY), self._on_room)

    def attach(self, execution: Execution, pcoll: PCollection[Any], outlet: Outlet) -> None:
        """Begins to watch; the core is at rest."""
        self._watched.append((pcoll, outlet))
        _watch(execution, pcoll, outlet)

    def attach_all(self, execution: Execution) -> None:
        """Goes on with another execution."""
        for pcoll, outlet in self._watched:
            _watch(execution, pcoll, outlet)

    def outlets(self) -> list[Outlet]:
        """What is being written to."""
        return [outlet for _, outlet in self._watched]

    async def abort(self) -> None:
        """Tells everybody that nothing follows."""
        for outlet in self.outlets():
            with contextlib.suppress(Exception):
                await outlet.sink.abort()


def _watch(execution: Execution, pcoll: PCollection[Any], outlet: Outlet) -> None:
    producer, tag = execution.plan.producer(pcoll)
    producer.consumers[tag].append(outlet.node)
