"""Flatten: several inputs in one, with the lowest of their watermarks."""

from __future__ import annotations

from typing import Any

from streamcore.engine.core.node import Node, Scheduler
from streamcore.model.bundle import Bundle
from streamcore.timestamp import MIN_MICROS


class FlattenNode(Node):
    """Unites inputs; each comes in through a port of its own."""

    kind = "flatten"

    def __init__(self, label: str, scheduler: Scheduler) -> None:
        super().__init__(label, scheduler)
        self._marks: list[int] = []

    def add_port(self) -> FlattenPort:
        """A new input."""
        self._marks.append(MIN_MICROS)
        return FlattenPort(self, len(self._marks) - 1)

    def port_count(self) -> int:
        """How many inputs there are."""
        return len(self._marks)

    def scalars(self) -> dict[str, Any]:
        """The watermarks of the inputs, too."""
        return super().scalars() | {"inputs": list(self._marks)}

    def restore_scalars(self, scalars: dict[str, Any]) -> None:
        """Puts the watermarks of the inputs back, too."""
        super().restore_scalars(scalars)
        self._marks = list(scalars["inputs"])

    def push(self, bundle: Bundle) -> None:
        """Hands on a bundle; it belongs to no split any more, and the watermarks of one input are not those here."""
        self.metrics.elements += len(bundle.values)
        self.emit(Bundle(bundle.values, bundle.timestamps, bundle.windows, bundle.pane))

    def advance_port(self, port: int, watermark: int) -> None:
        """One input's watermark has moved."""
        self._marks[port] = watermark
        self.forward(min(self._marks))


class FlattenPort(Node):
    """One input of a Flatten."""

    def __init__(self, flatten: FlattenNode, number: int) -> None:
        super().__init__(flatten.label, flatten.scheduler)
        self.flatten = flatten
        self._number = number

    def push(self, bundle: Bundle) -> None:
        """Hands a bundle to the Flatten."""
        self.flatten.push(bundle)

    def advance(self, watermark: int) -> None:
        """Tells the Flatten about this input's watermark."""
        self.flatten.advance_port(self._number, watermark)
