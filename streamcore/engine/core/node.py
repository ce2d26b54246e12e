"""Nodes, the steps of a running pipeline, and the scheduler that carries out their longer work in small pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import length_hint
from typing import Any, ClassVar, Final, Protocol, runtime_checkable

import msgspec

from streamcore.engine.core.changes import SCALARS, Change, state_name
from streamcore.engine.core.pace import Pace
from streamcore.errors import InvariantError, LifeCycleError, UserCodeError
from streamcore.model.bundle import Bundle
from streamcore.model.metrics import StepMetrics
from streamcore.timestamp import MIN_MICROS

NEVER: Final = 1 << 62


class Scheduler:
    """Carries out tasks, last in first out, one small piece at a time.

    A task is an iterator; each `next` is a piece of well under a millisecond. A task that is spawned by a piece is
    carried out whole before that piece's task goes on. So a node that calls others twice, such as once with a bundle
    and then with a watermark, yields between the two calls, and all that follows from the first is done before the
    second.

    Attributes:
        now: Processing time in microseconds; moved by the runtime between bundles.
        intake: How many elements of sources should travel together.
    """

    def __init__(self) -> None:
        self.now = MIN_MICROS
        self.intake = Pace()
        self._pace: Pace | None = None
        self._handed_on = 0
        self._stack: list[Iterator[None]] = []
        self._spawned: list[Iterator[None]] = []

    def spawn(self, task: Iterator[None]) -> None:
        """Adds a task; tasks spawned by one piece are carried out in the order they were spawned."""
        self._spawned.append(task)

    def step(self) -> bool:
        """Carries out one piece; False when there was nothing left to do."""
        if self._spawned:
            self._stack.extend(reversed(self._spawned))
            self._spawned.clear()
        if not self._stack:
            return False
        task = self._stack[-1]
        for _ in task:
            return True
        self._stack.pop()
        return True

    def note_bundle(self, pace: Pace, count: int) -> None:
        """The present piece hands on so many elements, as many as a pace allowed."""
        self._pace = pace
        self._handed_on = count

    def adapt(self, load: float) -> None:
        """Tells the pace how long the last piece took, as a part of what it should take at most."""
        if self._pace is not None:
            self._pace.adapt(self._handed_on, load)
            self._pace = None

    def run(self) -> None:
        """Carries out everything; for tests, and where nobody waits."""
        while self.step():
            pass

    def forget(self) -> None:
        """Drops all tasks, when the run is over."""
        self._stack.clear()
        self._spawned.clear()

    def is_idle(self) -> bool:
        """Whether there is nothing to do: the engine is quiescent."""
        return not self._stack and not self._spawned


class Node:
    """A step of the running pipeline: it is pushed bundles and told how far the watermark has come.

    Attributes:
        label: Full label of the step.
        metrics: Its counters.
        consumers: The nodes behind it, by output tag.
        watermark: Its output watermark.
        kind: What kind of state it keeps; several nodes of one step differ in it.
        tracks: It notes what changes, so that it can be asked for it; set before anything else, if at all.
        relays: It hands on by tasks, so that the nodes of a long row do not call each other ever deeper; set by the
            planner.
    """

    kind: ClassVar[str] = "step"

    def __init__(self, label: str, scheduler: Scheduler) -> None:
        self.label = label
        self.scheduler = scheduler
        self.metrics = StepMetrics()
        self.consumers: dict[str | None, list[Node]] = {None: []}
        self.watermark = MIN_MICROS
        self.tracks = False
        self.relays = False
        # The scalars as they were last given or put back.
        self._told: dict[str, Any] | None = None

    def open(self) -> None:
        """Called once before the first bundle."""

    def close(self) -> None:
        """Called once at the end, also after an error, if `open` succeeded."""

    def outline(self) -> Node:
        """What is kept of a node when the run is over: its counters, and how far its watermark has come."""
        outline = Node(self.label, self.scheduler)
        outline.metrics, outline.watermark = self.metrics, self.watermark
        return outline

    def push(self, bundle: Bundle) -> None:
        """Takes a bundle, in which there is at least one element."""
        raise NotImplementedError

    def advance(self, watermark: int) -> None:
        """Takes a new input watermark, which never goes back."""
        self.forward(watermark)

    def emit(self, bundle: Bundle, tag: str | None = None) -> None:
        """Hands a bundle to the consumers of an output, if there is anything in it."""
        if not bundle.values:
            return
        if self.relays:
            self.scheduler.spawn(self._relay(bundle, tag))
            return
        for consumer in self.consumers[tag]:
            consumer.push(bundle)

    def forward(self, watermark: int) -> None:
        """Moves the output watermark."""
        if watermark <= self.watermark:
            return
        if self.relays:
            self.scheduler.spawn(self._relay_watermark(watermark))
            return
        self.watermark = watermark
        for consumers in self.consumers.values():
            for consumer in consumers:
                consumer.advance(watermark)

    def _relay(self, bundle: Bundle, tag: str | None) -> Iterator[None]:
        for consumer in self.consumers[tag]:
            consumer.push(bundle)
        yield

    def _relay_watermark(self, watermark: int) -> Iterator[None]:
        # Not before: a Flatten takes the watermark from here, and what was emitted before it is still on its way.
        if watermark > self.watermark:
            self.watermark = watermark
            for consumers in self.consumers.values():
                for consumer in consumers:
                    consumer.advance(watermark)
        yield

    def heard(self) -> int:
        """The last watermark that those in front of it have told it."""
        return self.watermark

    # Its state, as in `Stateful`.

    @property
    def is_new(self) -> bool:
        """Whether no state has been put back or given so far."""
        return self._told is None

    @property
    def state_name(self) -> str:
        """What its state is kept under."""
        return state_name(self.label, self.kind)

    def scalars(self) -> dict[str, Any]:
        """The part of the state that is small, and written as a whole when anything in it has changed."""
        return {"watermark": self.watermark, **msgspec.structs.asdict(self.metrics)}

    def restore_scalars(self, scalars: dict[str, Any]) -> None:
        """Puts the small part of the state back."""
        self.watermark = scalars["watermark"]
        for counter in self.metrics.__struct_fields__:
            setattr(self.metrics, counter, scalars[counter])

    def changes(self) -> Iterator[Change | None]:
        """What has changed in the state."""
        scalars = self.scalars()
        if scalars != self._told:
            self._told = scalars
            yield Change(SCALARS, (list(scalars), list(scalars.values())), replaces=True)

    def restore(self, change: Change) -> None:
        """Puts back a part of the state."""
        if change.scope == SCALARS:
            self._told = dict(zip(*change.columns, strict=True))
            self.restore_scalars(self._told)
        else:
            self.restore_rows(change)

    def restore_rows(self, change: Change) -> None:
        """Puts back rows of the state; for nodes that have any."""
        msg = f"rows of scope {change.scope!r} are to be put back in {self.state_name!r}, which keeps none"
        raise InvariantError(msg)

    def resume(self) -> Iterator[None]:
        """Rebuilds what follows from the state."""
        yield from ()

    @staticmethod
    def position(bundle: Bundle, elements: Iterator[object]) -> int:
        """Which element of a bundle an iterator over its values gave out last."""
        return len(bundle.values) - length_hint(elements) - 1

    def failure(self, bundle: Bundle, position: int, cause: BaseException, method: str | None = None) -> UserCodeError:
        """The error for user code that raised at one element of a bundle."""
        one = next(bundle.slice(position, position + 1).windowed_values())
        window = one.windows[0] if len(one.windows) == 1 else one.windows
        return UserCodeError(self.label, one.value, window, cause, method)

    def life_cycle_failure(self, user_code: object, method: str, cause: BaseException) -> LifeCycleError:
        """The error for user code that raised in a method that is called without an element."""
        return LifeCycleError(self.label, f"{type(user_code).__name__}.{method}", cause)


def join_new(nodes: Sequence[Node]) -> None:
    """Has nodes that begin without state join those whose state has been put back, at the present watermark.

    They hear how far those in front of them have come, which may not move any more; and they do not pull back those
    behind them: what is older than these have heard is late.

    Args:
        nodes: All nodes, inputs before outputs; the state of each has been put back that has any.
    """
    for node in reversed(nodes):
        if node.is_new:
            heard = [one.heard() for consumers in node.consumers.values() for one in consumers if not one.is_new]
            node.watermark = min(heard, default=node.watermark)
    for node in nodes:
        for consumers in node.consumers.values():
            for consumer in consumers:
                if consumer.is_new and node.watermark > MIN_MICROS:
                    consumer.advance(node.watermark)


@runtime_checkable
class TimedNode(Protocol):
    """A node that processing time matters to."""

    def deadline(self) -> int:
        """The processing time (microseconds) at which something will be due; `NEVER` if nothing is."""
        ...

    def advance_clock(self) -> None:
        """Processing time has moved on, to `scheduler.now`; called only while the engine is quiescent."""
        ...
