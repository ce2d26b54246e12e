"""A world in which the protocol runs: processes with what they hold in memory, and what outlives them.

A small job copies records to a cluster and to a two-phase sink. A process takes one step at a time; between any two
anything may happen that `faults` lists.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.protocol.servers import Cluster, Directory, Folder, Records

SINK = "files"
RUNNING = -1


class ViolationError(AssertionError):
    """Something that must never happen."""


class Process(NamedTuple):
    """A process; all of it is lost when it crashes.

    Attributes:
        at: The place of the procedure that it carries out, `RUNNING` between two of them.
        standing: Where it stands after its last checkpoint: a number that the driver knows.
        since: How far that checkpoint had read.
        position: The next record to read.
        barrier: How far the checkpoint that is being taken has read.
        is_taking: Whether one is being taken, while which the engine may go on.
        is_held: Whether output is held back.
        is_prepared: Whether the sink has been prepared, and may be written to again.
        to_cluster: Output for the cluster that is held back.
        to_sink: Output for the sink that is held back.
        unprepared: What the sink has in memory.
        is_let_in: Whether it is the one that the cluster lets in.
        sink_epoch: The epoch that its sink writes under.
        resolved: Where it has found that the input begins.
        locks: Whether it holds the lock of the directory.
        may_claim: Whether it has taken the lock to begin, and has not claimed the directory yet.
        owns: Whether nobody has claimed the directory after it.
        is_paused: Whether it does nothing, until it is woken.
        has_failed: Whether the cluster has refused a record.
        has_written: Whether it has changed anything since it last claimed the directory.
    """

    at: int
    standing: int = -1
    since: int = 0
    position: int = 0
    barrier: int = 0
    is_taking: bool = False
    is_held: bool = True
    is_prepared: bool = False
    to_cluster: Records = ()
    to_sink: Records = ()
    unprepared: Records = ()
    is_let_in: bool = False
    sink_epoch: int = 0
    resolved: int = 0
    locks: bool = False
    may_claim: bool = False
    owns: bool = False
    is_paused: bool = False
    has_failed: bool = False
    has_written: bool = False


class World(NamedTuple):
    """Everything.

    Attributes:
        directory: The state directory.
        cluster: The cluster.
        folder: Where the two-phase sink writes.
        processes: Those that live, in the order they began.
        copy: A copy of the directory that somebody has made.
        first: The first record that was ever read.
        found: Where the input was last found to begin; a record later each time.
        was_copied_back: Whether the copy was put in the directory's place.
        has_lost_marker: Whether the marker was forgotten while a checkpoint was prepared.
        state: `open`, `done` when a process has come to the end, or `refused`.
    """

    directory: Directory = Directory()
    cluster: Cluster = Cluster()
    folder: Folder = Folder()
    processes: tuple[Process, ...] = ()
    copy: Directory | None = None
    first: int | None = None
    found: int = -1
    was_copied_back: bool = False
    has_lost_marker: bool = False
    state: str = "open"

    def with_process(self, index: int, process: Process | None) -> World:
        """The world with another state of a process, or without it."""
        changed = () if process is None else (process,)
        processes = (*self.processes[:index], *changed, *self.processes[index + 1 :])
        return World(self.directory, self.cluster, self.folder, processes, *self[4:])

    def without_owner(self) -> World:
        """The world at the moment at which somebody claims the directory."""
        return self._replace(processes=tuple(process._replace(owns=False) for process in self.processes))

    def without_writers(self) -> World:
        """The world after the cluster has shut out all writers."""
        return self._replace(processes=tuple(process._replace(is_let_in=False) for process in self.processes))


def check_nothing_doubled(world: World) -> None:
    """What can be seen once is not seen again."""
    for name, records in (("the sink", world.folder.visible), ("the cluster", world.cluster.visible())):
        if len(set(records)) != len(records):
            msg = f"doubled in {name}: {records}"
            raise ViolationError(msg)


def check_nothing_lost(world: World, position: int, is_transactional: bool) -> None:
    """What was read before a position can be seen, now that a process goes on from there."""
    outputs = {"the sink": world.folder.visible}
    if is_transactional:
        outputs["the cluster"] = world.cluster.visible()
    for name, records in outputs.items():
        lost = set(range(position if world.first is None else world.first, position)) - set(records)
        if lost:
            msg = f"lost in {name}: {sorted(lost)}"
            raise ViolationError(msg)


def canonical(world: World) -> World:
    """The world with epochs counted anew, if no process remembers them: only their order matters.

    Hidden files that nobody knows of any more are left out. With a copy of the directory an epoch may be given twice,
    and which one it is matters too.
    """
    if world.processes or world.copy is not None:
        return world
    directory, cluster = world.directory, world.cluster
    folder = world.folder.only({} if directory.prepared is None else dict(directory.prepared.prepared))
    epochs = {directory.epoch, *(name[0] for name, _ in folder.hidden)}
    for saved in (directory.applied, directory.prepared):
        if saved is not None:
            epochs |= {saved.epoch, *(name[0] for _, name in saved.prepared)}
    epochs |= {marker.epoch for marker in cluster.markers()}
    ranks = {epoch: rank for rank, epoch in enumerate(sorted(epochs))}
    return world._replace(
        directory=directory.with_epochs(ranks),
        cluster=cluster.with_epochs(ranks),
        folder=folder._replace(hidden=tuple(((ranks[name[0]], name[1]), records) for name, records in folder.hidden)),
    )


def last(world: World) -> World:
    """The world if there are no more faults: nobody wakes up who does not hold the lock, and no copy is used."""
    processes = tuple(process for process in world.processes if process.locks or not process.is_paused)
    if len(processes) == len(world.processes) and world.copy is None:
        return canonical(world)
    return canonical(world._replace(processes=processes, copy=None))
