"""A search through every order of events with a given number of faults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from tests.protocol.driver import Driver, Outcome
from tests.protocol.world import Process, ViolationError, World, canonical, check_nothing_doubled, last

# Processes crash; replies are lost, or late; transactions expire; the cluster forgets the marker while nobody is at
# work; processes are paused, others take over, and they wake up again.
KINDS: Final = frozenset({"crashes", "replies", "expiry", "forgetting", "zombies"})
# Somebody copies the state directory, and puts the copy in its place later. Where the marker is forgotten in between
# there is nothing left to tell it by.
COPIES: Final = frozenset({"crashes", "expiry", "copies"})


class Report(NamedTuple):
    """What a search has come to.

    Attributes:
        worlds: How many worlds there are that differ.
        steps: How many steps lead from one to another.
        violation: What must not happen and did, if anything.
        trace: How that came, with as few faults as possible and then in as few steps as possible.
        ends: How many worlds there are in which a process has come to the end.
        refusals: How many there are in which a start was refused.
    """

    worlds: int
    steps: int
    violation: str | None = None
    trace: tuple[str, ...] = ()
    ends: int = 0
    refusals: int = 0

    def __str__(self) -> str:
        told = f"{self.worlds} worlds, {self.steps} steps, {self.ends} ends, {self.refusals} refusals"
        return told if self.violation is None else "\n    ".join((f"{self.violation} ({told})", *self.trace))


class Explorer:
    """Visits all worlds that can come about.

    Worlds with more faults left are visited first: what follows from a world with fewer follows from that one too.

    Args:
        driver: Carries out the steps of processes.
        kinds: Which kinds of faults there are, `KINDS` or others.
        processes: How many processes may live at once before nobody takes over any more.
        in_turn: Whether a process that wakes up is alone until it is paused or dies. Else it and the others take steps
            in every order, which is far more to visit.
    """

    def __init__(
        self, driver: Driver, *, kinds: frozenset[str] = KINDS, processes: int = 3, in_turn: bool = True
    ) -> None:
        self._driver = driver
        self._in_turn = in_turn
        self._kinds = kinds
        self._processes = processes
        self._origins: dict[World, tuple[World, str] | None] = {}

    def search(self, faults: int) -> Report:
        """Goes through everything with up to so many faults."""
        layer = [World()]
        self._origins = {layer[0]: None}
        steps = 0
        for left in range(faults, -1, -1):
            following: list[World] = []
            if not left:
                for world in layer:
                    self._origins.setdefault(last(world), self._origins[world])
                layer = list(dict.fromkeys(map(last, layer)))
            for world in layer:
                here = world
                try:
                    for label, is_fault, after in self._outcomes(world, left > 0):
                        steps += 1
                        after = canonical(after) if left else last(after)
                        if after not in self._origins:
                            self._origins[after] = world, label
                            (following if is_fault else layer).append(after)
                            here = after
                            check_nothing_doubled(after)
                            here = world
                except ViolationError as violation:
                    return self._report(steps, str(violation), here)
            layer = following
        return self._report(steps)

    def _report(self, steps: int, violation: str | None = None, world: World | None = None) -> Report:
        states = [world.state for world in self._origins]
        trace: list[str] = []
        while world is not None and (origin := self._origins[world]) is not None:
            world, label = origin
            trace.append(label)
        return Report(
            len(states), steps, violation, tuple(reversed(trace)), states.count("done"), states.count("refused")
        )

    def _outcomes(self, world: World, may_fail: bool) -> Iterator[Outcome]:
        is_going_on = False
        for number, process in enumerate(world.processes):
            if not process.is_paused:
                for label, is_fault, after in self._driver.outcomes(world, number):
                    if is_fault and not (may_fail and "replies" in self._kinds):
                        break
                    is_going_on = is_going_on or not is_fault
                    yield Outcome(f"process {number + 1}: {label}", is_fault, after)
        for outcome in self._events(world):
            is_going_on = True
            yield outcome
        if may_fail:
            yield from self._faults(world)
        if not is_going_on and world.state == "open":
            msg = "nothing goes on"
            raise ViolationError(msg)

    def _events(self, world: World) -> Iterator[Outcome]:
        """What happens without any fault."""
        if world.state == "open" and not any(process.locks for process in world.processes):
            started = self._driver.spawn(world, take_over=False)
            if started is not None:
                yield Outcome("a process starts", False, started)
        if world.cluster.accepted is not None or world.cluster.lagging is not None:
            yield Outcome("the commit is complete", False, world._replace(cluster=world.cluster.complete()))
        if all(process.is_paused for process in world.processes):
            for number, process in enumerate(world.processes):
                if process.locks:
                    yield Outcome(f"process {number + 1} goes on", False, self._wake(world, number))
        if "copies" in self._kinds and world.copy is None and world.directory.applied is not None:
            yield Outcome("the directory is copied", False, world._replace(copy=world.directory))

    def _faults(self, world: World) -> Iterator[Outcome]:
        for number, process in enumerate(world.processes):
            name = f"process {number + 1}"
            if process.is_paused:
                yield Outcome(f"{name} wakes up", True, self._wake(world, number))
            elif "crashes" in self._kinds:
                yield Outcome(f"{name} crashes", True, world.with_process(number, None))
            if process.locks and world.state == "open" and "zombies" in self._kinds:
                yield from self._second_starts(world, number, process)
        if world.cluster.opened is not None and "expiry" in self._kinds:
            expired = world._replace(cluster=world.cluster._replace(opened=None)).without_writers()
            yield Outcome("the transaction expires", True, expired)
        if all(process.is_paused for process in world.processes):
            yield from self._long_pauses(world)

    def _wake(self, world: World, number: int) -> World:
        return world._replace(
            processes=tuple(
                process._replace(is_paused=number != other and (self._in_turn or process.is_paused))
                for other, process in enumerate(world.processes)
            )
        )

    def _second_starts(self, world: World, number: int, process: Process) -> Iterator[Outcome]:
        if len(world.processes) == self._processes:
            return
        paused = world.with_process(number, process._replace(is_paused=True))
        taken_over = self._driver.spawn(paused, take_over=True)
        if taken_over is not None:
            yield Outcome(f"process {number + 1} is paused, another takes over", True, taken_over)
        second = self._driver.spawn(world, take_over=False)
        if second is not None:
            yield Outcome("a second process starts", True, second)

    def _long_pauses(self, world: World) -> Iterator[Outcome]:
        """What takes days, or somebody who believes that nothing is running."""
        cluster = world.cluster.complete()
        if cluster.marker is not None and "forgetting" in self._kinds:
            expired = cluster._replace(opened=None, marker=None)
            undecided = world.directory.prepared is not None or any(process.is_taking for process in world.processes)
            lost = world.has_lost_marker or undecided
            yield Outcome(
                "the marker is forgotten", True, world._replace(cluster=expired, has_lost_marker=lost).without_writers()
            )
        if world.copy is not None and not world.processes and world.copy != world.directory:
            after = world._replace(directory=world.copy, was_copied_back=True)
            yield Outcome("the copy is put in the directory's place", True, after)
