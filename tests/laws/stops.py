"""Runs that stop at any point, and go on in a new engine from what was kept of the old one."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

from streamcore.engine.core.changes import Change, Stateful
from streamcore.engine.core.ingress import SourceNode
from streamcore.engine.core.node import join_new
from streamcore.engine.planning import Plan
from streamcore.engine.state.columns import decode, encode
from streamcore.model.metrics import StepMetrics
from streamcore.model.windowed_value import WindowedValue
from tests.laws.arrivals import Poll, Replay
from tests.laws.runs import Build

Output = tuple[str, WindowedValue[Any]]


class Kept:
    """What has been kept of an engine: the changes of each of its nodes, without those that are outdated.

    Values go through bytes, as they do on their way to the disk.
    """

    def __init__(self) -> None:
        self.changes: dict[str, list[Change]] = {}

    def take(self, stateful: Stateful) -> int:
        """Takes what has changed; returns how many pieces that was."""
        pieces = [change for change in stateful.changes() if change is not None]
        mine = self.changes.setdefault(stateful.state_name, [])
        for change in pieces:
            if change.replaces:
                mine[:] = [other for other in mine if other.scope != change.scope]
            if change.columns:
                columns = tuple([decode(encode(column)) for column in change.columns])
                mine.append(change._replace(columns=columns))
        return len(pieces)

    def give_back(self, stateful: Stateful) -> None:
        """Restores a node."""
        for change in self.changes.pop(stateful.state_name, []):
            stateful.restore(copy.deepcopy(change))

    def rows(self, name: str) -> int:
        """How many values are kept of a node, besides its scalars."""
        return sum(len(column) for change in self.changes[name] if change.scope for column in change.columns)


class Engine:
    """A plan that is driven by hand."""

    def __init__(self, build: Build, tracks: bool = True) -> None:
        self.plan = Plan(build.pipeline)
        self.plan.scheduler.now = 0
        self.ports: dict[int, SourceNode] = {}
        self.outputs: list[Output] = []
        for node in self.plan.nodes:
            node.tracks = tracks
        for node in self.plan.nodes:
            node.open()
        for source_node, source in self.plan.sources:
            self.ports |= dict.fromkeys(source.ports, source_node)  # type: ignore[attr-defined]

    def start(self) -> None:
        """Makes the splits known; a restored engine knows them."""
        for port, node in self.ports.items():
            node.add_split(str(port))

    def play(self, poll: Poll) -> None:
        """Takes in what one poll brings."""
        if poll.pause:
            self.pass_time(poll.pause)
        self.ports[poll.port].take(str(poll.port), copy.deepcopy(poll.batch))
        self.settle()

    def pass_time(self, seconds: int) -> None:
        """Moves the clock on."""
        self.plan.scheduler.now += seconds * 1_000_000
        for timed in self.plan.timed:
            timed.advance_clock()
        self.settle()

    def cut_off(self) -> None:
        """Nobody knows any more whether splits that were idle have something."""
        for port, node in self.ports.items():
            node.note_active(str(port))

    def end(self, port: int) -> None:
        """Ends a split."""
        self.ports[port].end_split(str(port))
        self.settle()

    def end_all(self) -> None:
        """Ends the sources."""
        for node, _ in self.plan.sources:
            node.end()
            self.settle()

    def settle(self) -> None:
        """Works until nothing is left, and takes what has come out."""
        self.plan.scheduler.run()
        for sink, _ in self.plan.sinks:
            while sink.queue:
                item = sink.take()
                # Watermarks are looked at when all has come to rest: in between, timers of windows that have gone up in
                # others make more cuts, and a restored engine has no such timers any more.
                if not isinstance(item, int):
                    self.outputs += [(sink.label, one) for one in item.windowed_values()]

    def watermarks(self) -> list[tuple[str, int]]:
        """How far every step has come."""
        return [(node.state_name, node.watermark) for node in self.plan.nodes]


class Seen(NamedTuple):
    """All that can be seen of a run: what came out, how far every step was after each poll, and what was counted."""

    outputs: list[Output]
    watermarks: list[list[tuple[str, int]]]
    metrics: dict[str, StepMetrics]


class Stop(NamedTuple):
    """A checkpoint after so many polls.

    With a `crash` the engine is thrown away, and a new one goes on when it has been `down` for so many seconds.
    """

    after: int
    crash: bool
    down: int = 0


def play(
    polls: Sequence[Poll],
    ports: int,
    bundle_size: int,
    construct: Callable[[Build], None],
    stops: Collection[Stop] = (),
    is_durable: bool = True,
) -> Seen:
    """A run with stops; it may also be stopped between the ends of the splits, which come after all polls.

    Where the run is not durable nothing is kept. Instead of a crash its sources are then cut off for as long.
    """

    def engine(tracks: bool) -> Engine:
        build = Build(Replay([], ports), bundle_size)
        construct(build)
        return Engine(build, tracks)

    kept = Kept()
    running = engine(is_durable)
    running.start()
    watermarks = []
    outputs: list[Output] = []
    for number in range(len(polls) + ports + 1):
        for stop in stops:
            if stop.after == number:
                assert running.plan.scheduler.is_idle()
                if is_durable:
                    for node in running.plan.nodes:
                        kept.take(node)
                    assert nothing_changed(running)
                if stop.crash and is_durable:
                    outputs += running.outputs
                    running = restored(kept, running, engine(True))
                    assert nothing_changed(running)
                elif stop.crash:
                    running.cut_off()
                if stop.crash:
                    running.pass_time(stop.down)
        if number < len(polls):
            running.play(polls[number])
        elif number < len(polls) + ports:
            running.end(number - len(polls))
        else:
            running.end_all()
        watermarks.append(running.watermarks())
    outputs += running.outputs
    return Seen(outputs, watermarks, {node.state_name: node.metrics for node in running.plan.nodes})


def restored(kept: Kept, old: Engine, new: Engine) -> Engine:
    """A new engine that goes on where the old one was."""
    new.plan.scheduler.now = old.plan.scheduler.now
    copied = copy.deepcopy(kept)
    for node in new.plan.nodes:
        copied.give_back(node)
        for _ in node.resume():
            pass
    assert not copied.changes, "state of steps that are not there any more"
    join_new(new.plan.nodes)
    return new


def nothing_changed(engine: Engine) -> bool:
    """Whether a node that is asked again has nothing to tell."""
    return not any(Kept().take(node) for node in engine.plan.nodes)
