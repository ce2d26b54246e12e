"""A pipeline driven by hand, with a probe behind each of its nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from streamcore.engine.core.egress import SinkNode
from streamcore.engine.core.ingress import SourceNode
from streamcore.engine.core.node import Node
from streamcore.engine.planning import Plan
from streamcore.model.bundle import Bundle
from streamcore.model.windowed_value import WindowedValue
from streamcore.timestamp import MIN_MICROS
from tests.laws.arrivals import Poll
from tests.laws.runs import Build


class Passed(NamedTuple):
    """An element that passed a probe, and the watermark just before it."""

    element: WindowedValue[Any]
    watermark: int


class Probe(Node):
    """Keeps what one output of a node puts out; a watermark that does not go on is refused at once."""

    def __init__(self, behind: Node) -> None:
        super().__init__(f"probe behind {behind.label}", behind.scheduler)
        self.behind = behind
        self.passed: list[Passed] = []

    def push(self, bundle: Bundle) -> None:
        marks = bundle.watermarks or [self.watermark] * len(bundle)
        assert len(marks) == len(bundle)
        assert marks == sorted(marks)
        self.passed += map(Passed, bundle.windowed_values(), marks)

    def advance(self, watermark: int) -> None:
        assert watermark >= self.watermark, self.label
        self.watermark = watermark


class ByHand:
    """A run without a runtime.

    Attributes:
        probes: All probes.
    """

    def __init__(self, build: Build) -> None:
        self.plan = Plan(build.pipeline)
        self.probes: list[Probe] = []
        self._ports: dict[int, SourceNode] = {}
        self.plan.scheduler.now = 0
        for node in self.plan.nodes:
            node.open()
            for consumers in node.consumers.values() if not isinstance(node, SinkNode) else ():
                self.probes.append(Probe(node))
                # In front, so that it sees an element and a watermark before anything follows from them.
                consumers.insert(0, self.probes[-1])

    def probe(self, label: str) -> Probe:
        """The probe behind the main output of a step."""
        return next(
            probe for probe in self.probes if probe in probe.behind.consumers[None] and probe.behind.label == label
        )

    def run(self, polls: Sequence[Poll]) -> None:
        """Plays everything to its end."""
        self._open_ports()
        for poll in polls:
            if poll.pause:
                self.plan.scheduler.now += poll.pause * 1_000_000
                for timed in self.plan.timed:
                    timed.advance_clock()
                self.plan.scheduler.run()
            self._ports[poll.port].take(str(poll.port), poll.batch)
            self.plan.scheduler.run()
        for port, node in self._ports.items():
            node.end_split(str(port))
            self.plan.scheduler.run()
        for node, _ in self.plan.sources:
            node.end()
            self.plan.scheduler.run()

    def _open_ports(self) -> None:
        for node, source in self.plan.sources:
            for port in source.ports:  # type: ignore[attr-defined]
                node.add_split(str(port))
                self._ports[port] = node
        assert all(node.watermark == MIN_MICROS for node in self.plan.nodes)
