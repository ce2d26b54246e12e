"""The nodes where elements leave the core: for sinks, and for whoever watches a PCollection."""

from __future__ import annotations

from collections import deque

from streamcore.engine.core.node import Node, Scheduler
from streamcore.model.bundle import Bundle


class SinkNode(Node):
    """Queues bundles until the runtime has written them; a full queue stops the sources.

    Attributes:
        queue: Bundles, and watermarks between them, in the order they came.
        capacity: How many elements may wait before the sources are stopped.
    """

    def __init__(self, label: str, scheduler: Scheduler, capacity: int) -> None:
        super().__init__(label, scheduler)
        self.queue: deque[Bundle | int] = deque()
        self.capacity = capacity
        self._waiting = 0

    def push(self, bundle: Bundle) -> None:
        """Queues a bundle."""
        if bundle.values:
            self.metrics.elements += len(bundle.values)
            self._waiting += len(bundle.values)
            self.queue.append(bundle)

    def advance(self, watermark: int) -> None:
        """Queues a watermark, in place of the one before it if nothing came between the two."""
        if self.queue and isinstance(self.queue[-1], int):
            self.queue[-1] = watermark
        else:
            self.queue.append(watermark)
        self.watermark = watermark

    def take(self) -> Bundle | int:
        """The next bundle or watermark of the queue."""
        item = self.queue.popleft()
        if not isinstance(item, int):
            self._waiting -= len(item.values)
        return item

    def is_full(self) -> bool:
        """Whether the sources should wait."""
        return self._waiting >= self.capacity
