"""Reading a source: one task for each split, which polls only when its last batch has been processed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from streamcore.engine.awaitables import awaitable, result_of
from streamcore.engine.cancellation import is_told_to_end
from streamcore.engine.clock import WallClock
from streamcore.engine.core.ingress import SourceNode
from streamcore.engine.core.node import NEVER
from streamcore.engine.source_failures import naming_step, source_failure
from streamcore.engine.source_results import check_batch, check_reader, check_splits
from streamcore.errors import SourceError, StreamcoreError
from streamcore.model.clock import Clock
from streamcore.model.source import Batch, Reader, Source

POLL_LIMIT: Final = 2048
# How often to look whether a split that has nothing is still connected, in microseconds.
CONNECTION_LOOK: Final = 1_000_000
# A look that comes so much too late, in microseconds, shows that the process was held up: what has come for the split
# meanwhile may be on its way.
HELD_UP: Final = 1_000_000

Arrival = tuple[SourceNode, "SplitReading | None", "Batch[Any] | None"]


class Arrivals:
    """Batches that wait to be processed, and the signal that there is something to do.

    Attributes:
        queue: Batches in the order they came, with the split; None in the place of a batch is the end of the split, and
            None in the place of a split the search for new ones, which ends too.
        held: Splits whose last batch has been processed, and which may be polled again.
        wake: Set whenever the runtime has a reason to look.
    """

    def __init__(self) -> None:
        self.queue: deque[Arrival] = deque()
        self.held: list[SplitReading] = []
        self.wake = asyncio.Event()

    def put(self, arrival: Arrival) -> None:
        """Adds what a poll brought."""
        self.queue.append(arrival)
        self.wake.set()

    async def wait(self, clock: Clock, deadline: int) -> None:
        """Waits for a reason to look, or until the clock has reached a deadline."""
        self.wake.clear()
        if deadline == NEVER:
            await self.wake.wait()
            return
        woken = asyncio.create_task(self.wake.wait())
        # For a time, not until a moment: if somebody sets the clock back, the deadlines are others.
        timer = asyncio.create_task(clock.sleep_for(deadline - clock.now()))
        try:
            await asyncio.wait((woken, timer), return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
            woken.cancel()

    def clear(self) -> None:
        """Forgets everything: what has been polled will be polled again."""
        self.queue.clear()
        self.held.clear()

    def poll_again(self) -> None:
        """Lets the splits be polled whose last batch has been processed.

        Those that need not wait for it have a turn only when there is nothing else to process, one after another.
        """
        held, self.held = self.held, []
        self.held = [reading for reading in held if not reading.go_on()]


class SplitReading:
    """One split that is being read; it polls again only when its last batch has been processed whole.

    Attributes:
        node: Where its batches go.
        split: Its name.
        reader: What is polled.
        position: Where to go on after the last batch it has brought; None where nobody asks.
    """

    def __init__(
        self,
        node: SourceNode,
        split: str,
        reader: Reader[Any],
        arrivals: Arrivals,
        clock: Clock,
        tells_positions: bool = False,
    ) -> None:
        self.node = node
        self.split = split
        self.reader = reader
        self.position: object = None
        self._tells_positions = tells_positions
        self._arrivals = arrivals
        self._clock = clock
        self._go_on = asyncio.Event()
        self._is_quick = type(reader).poll_nowait is not Reader.poll_nowait
        self._can_be_cut_off = type(reader).is_connected is not Reader.is_connected
        # Since when the split has been asked and has had nothing. While it is not asked because it is held up by us,
        # this is None: such a split is not idle. How long it had had nothing by then counts when it is asked again.
        self._waiting_since: int | None = None
        self._waited = 0
        self._has_second_chance = isinstance(clock, WallClock)  # nobody is held up by a virtual one
        self._has_ended = False

    def go_on(self) -> bool:
        """Polls at once, or lets the next poll come; returns False if it is not the split's turn.

        That is so if it is too far ahead of others, or could be polled at once while there is something to process.
        """
        if self.node.is_ahead(self.split) or (self._is_quick and self._arrivals.queue):
            return False
        if self._waiting_since is None:
            self._waiting_since = self._clock.elapsed() - self._waited
        batch = self._poll_nowait() if self._is_quick else None
        if batch is None:
            self._go_on.set()
        else:
            self._arrive(batch)
        return True

    def idle_at(self) -> int:
        """The processing time at which the split becomes idle for an estimator; `NEVER` if it does not.

        Or at which to look again whether it still is connected: a loss must not go by between two looks.
        """
        if self._waiting_since is None or not self.node.has_idle_timeout():
            return NEVER
        timeouts = self.node.idle_timeouts(self.split)
        waited = self._clock.elapsed() - self._waiting_since
        left = [timeout - waited for timeout in timeouts] + ([CONNECTION_LOOK] if self._can_be_cut_off else [])
        return self._clock.now() + min(left) if left else NEVER

    def is_idle(self) -> bool:
        """Whether the split has had nothing for the idle timeout of an estimator for which it still counts.

        Where nobody can know whether it has something, it counts, and its time begins anew.
        """
        since = self._waiting_since
        if since is None:
            return False
        try:  # once a batch for each split that waits, so without the cost of `naming_step`
            is_connected = self.reader.is_connected()
        except Exception as error:
            raise source_failure(self.node.label, f"tell whether split {self.split!r} is connected", error) from error
        now = self._clock.elapsed()
        if not is_connected:
            self._waiting_since = now
            self.node.note_active(self.split)
            return False
        timeout = min(self.node.idle_timeouts(self.split), default=NEVER)
        overdue = now - since - timeout
        if overdue > HELD_UP and self._has_second_chance:
            self._has_second_chance = False
            self._waiting_since = now - max(timeout - HELD_UP, 0)
            return False
        return overdue >= 0

    def idle_order(self) -> tuple[int, list[int]]:
        """What splits that have become idle meanwhile are told in the order of: since when, and how far they are."""
        return self._waiting_since or 0, self.node.watermarks_of(self.split)

    def note_idle(self) -> None:
        """Tells the estimators that the split is idle."""
        if self._waiting_since is not None:
            self.node.note_idle(self.split, self._clock.elapsed() - self._waiting_since)

    async def run(self) -> None:
        """Polls until the split ends."""
        while True:
            await self._go_on.wait()
            self._go_on.clear()
            batch = await self._poll(self.reader.poll, "poll")
            self._arrive(batch)
            if batch is None or is_told_to_end():
                return

    async def drain(self) -> None:
        """Has the reader give what it has taken in, when it is not polled any more and its last batch is processed."""
        batch = None if self._has_ended else await self._poll(self.reader.drain, "drain")
        if batch is not None and batch.values:
            self._arrive(batch)

    async def close(self) -> None:
        """Closes the reader."""
        with naming_step(self.node.label, f"close split {self.split!r}"):
            await awaitable(self.reader.close(), "close")

    def _arrive(self, batch: Batch[Any] | None) -> None:
        since, self._waiting_since = self._waiting_since, None
        self._has_second_chance = isinstance(self._clock, WallClock)
        self._has_ended = batch is None
        has_nothing = batch is not None and not batch.values
        self._waited = self._clock.elapsed() - since if has_nothing and since is not None else 0
        if self._tells_positions and batch is not None:
            self.position = position_of(self.node, self.split, self.reader)
        self._arrivals.put((self.node, self, batch))

    def _poll_nowait(self) -> Batch[Any] | None:
        try:
            return check_batch(self.reader.poll_nowait(POLL_LIMIT), self.node.label, self.split, "poll_nowait")
        except StreamcoreError:
            raise
        except Exception as error:
            raise source_failure(self.node.label, f"read split {self.split!r}", error) from error

    async def _poll(self, poll: Callable[[int], Awaitable[Any]], method: str) -> Batch[Any] | None:
        with naming_step(self.node.label, f"read split {self.split!r}"):
            return check_batch(await awaitable(poll(POLL_LIMIT), method), self.node.label, self.split, method)


async def list_splits(node: SourceNode, source: Source[Any]) -> Sequence[str]:
    """The splits that a source has at the start.

    Raises:
        SourceError: If the source cannot be opened.
    """
    with naming_step(node.label, "open its source"):
        return check_splits(await result_of(source.splits(), "splits"), node.label)


async def find_starts(node: SourceNode, source: Source[Any], splits: Sequence[str]) -> Mapping[str, Any]:
    """Where splits begin in a run that starts for the first time.

    Raises:
        SourceError: If the source cannot tell.
    """
    with naming_step(node.label, "find out where to begin"):
        return await result_of(source.start_positions(splits), "start_positions")


def position_of(node: SourceNode, split: str, reader: Reader[Any]) -> object:
    """Where a reader is.

    Raises:
        SourceError: If it cannot tell.
    """
    with naming_step(node.label, f"tell where it is in split {split!r}"):
        position = reader.position()
    if position is None:
        msg = (
            f"step {node.label!r} cannot be used with a state directory: its reader of split {split!r} does not tell "
            "where it is, so a later run could not go on from there; read a source that keeps its elements, such as "
            "files or Kafka, or run without `state_dir`"
        )
        raise SourceError(msg)
    return position


def open_split(node: SourceNode, source: Source[Any], split: str, position: Any) -> Reader[Any]:
    """A reader of one split, from a position or its beginning.

    Raises:
        SourceError: If the split cannot be opened.
    """
    with naming_step(node.label, f"open split {split!r}"):
        return check_reader(source.open(split, position), node.label, split)
