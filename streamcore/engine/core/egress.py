"""The nodes where elements leave the core: for sinks, and for whoever watches a PCollection."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from streamcore.engine.core.footprint import Scales
from streamcore.engine.core.node import Node, Scheduler
from streamcore.model.bundle import Bundle


class SinkNode(Node):
    """Queues bundles until the runtime has written them; a full queue stops the sources.

    Attributes:
        queue: Bundles, and watermarks between them, in the order they came.
        capacity: How many elements may wait before the sources are stopped.
        most_bytes: How much memory these may take, which is estimated, before they are.
        write_nowait: Takes a bundle at once where that is possible; set by the runtime.
        wants_watermarks: Whether the sink completes anything by the watermark; set by the runtime.
    """

    def __init__(self, label: str, scheduler: Scheduler, capacity: int, most_bytes: int) -> None:
        super().__init__(label, scheduler)
        self.write_nowait: Callable[[Bundle], bool] = _never
        self.wants_watermarks = True
        self.queue: deque[Bundle | int] = deque()
        self.capacity = capacity
        self.most_bytes = most_bytes
        self._waiting = 0
        self._scales = Scales()
        # Bytes of the first bundles of the queue; those behind are weighed when somebody asks. A sink that keeps up has
        # taken them by then.
        self._weights: deque[int] = deque()
        self._weight = 0
        self._unweighed: deque[Bundle] = deque()

    def push(self, bundle: Bundle) -> None:
        """Writes a bundle at once, or queues it."""
        self.metrics.elements += len(bundle.values)
        if self.queue or not self.write_nowait(bundle):
            self._waiting += len(bundle.values)
            self.queue.append(bundle)
            self._unweighed.append(bundle)

    def advance(self, watermark: int) -> None:
        """Queues a watermark, in place of the one before it if nothing came between the two."""
        self.watermark = watermark
        if not self.wants_watermarks:
            return
        if self.queue and isinstance(self.queue[-1], int):
            self.queue[-1] = watermark
        else:
            self.queue.append(watermark)

    def take(self) -> Bundle | int:
        """The next bundle or watermark of the queue."""
        item = self.queue.popleft()
        if not isinstance(item, int):
            self._waiting -= len(item.values)
            if self._weights:
                self._weight -= self._weights.popleft()
            else:
                self._unweighed.popleft()
        return item

    def discard(self) -> None:
        """Drops what waits and all that will come: the run goes back to a checkpoint, with other nodes."""
        self.queue.clear()
        self._waiting = self._weight = 0
        self._weights.clear()
        self._unweighed.clear()
        self.wants_watermarks = False
        self.write_nowait = _drop

    def is_full(self) -> bool:
        """Whether the sources should wait."""
        return self._waiting >= self.capacity or self._weigh() >= self.most_bytes

    def _weigh(self) -> int:
        while self._unweighed:
            weight = self._scales.weigh(self._unweighed.popleft())
            self._weights.append(weight)
            self._weight += weight
        return self._weight


def _never(bundle: Bundle) -> bool:
    return False


def _drop(bundle: Bundle) -> bool:
    return True
