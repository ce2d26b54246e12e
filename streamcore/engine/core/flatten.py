"""Flatten: several inputs in one, with the lowest of their watermarks."""

from __future__ import annotations

from streamcore.engine.core.node import Node, Scheduler
from streamcore.model.bundle import Bundle


class FlattenNode(Node):
    """Unites inputs; each comes in through a port of its own.

    The watermarks of the inputs are not kept here: they are those of the nodes that they come from.
    """

    kind = "flatten"

    def __init__(self, label: str, scheduler: Scheduler) -> None:
        super().__init__(label, scheduler)
        self._inputs: list[Node] = []

    def add_port(self, producer: Node) -> FlattenPort:
        """A new input, which a node puts out."""
        self._inputs.append(producer)
        return FlattenPort(self)

    def port_count(self) -> int:
        """How many inputs there are."""
        return len(self._inputs)

    def push(self, bundle: Bundle) -> None:
        """Hands on a bundle; it belongs to no split any more, and the watermarks of one input are not those here."""
        self.metrics.elements += len(bundle.values)
        self.emit(Bundle(bundle.values, bundle.timestamps, bundle.windows, bundle.pane))

    def advance(self, watermark: int) -> None:
        """The watermark of one input has moved."""
        self.forward(min(producer.watermark for producer in self._inputs))


class FlattenPort(Node):
    """One input of a Flatten."""

    def __init__(self, flatten: FlattenNode) -> None:
        super().__init__(flatten.label, flatten.scheduler)
        self.flatten = flatten

    def push(self, bundle: Bundle) -> None:
        """Hands a bundle to the Flatten."""
        self.flatten.push(bundle)

    def advance(self, watermark: int) -> None:
        """Tells the Flatten that this input's watermark has moved."""
        self.flatten.advance(watermark)
