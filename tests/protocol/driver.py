"""How a process of the world carries out the commands of the protocol: one step, with every outcome it may have."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any, NamedTuple

from streamcore.engine.core import commands
from streamcore.engine.core.checkpoint import Claim, Standing
from streamcore.engine.core.commit import CommitProtocol
from streamcore.errors import (
    MarkerAheadError,
    MarkerMissingError,
    StartRefusedError,
    StateTakenOverError,
    TransactionError,
    TransactionFencedError,
    TransactionUnknownError,
)
from tests.protocol.machine import Machine
from tests.protocol.servers import Cluster, Saved
from tests.protocol.world import RUNNING, Process, ViolationError, World, check_nothing_lost

STATE_ID = "state"
# What the state directory, the cluster and the sink must do for the protocol to be right.
DUTIES = frozenset(
    {
        "prepare checks the epoch",
        "apply checks the epoch",
        "roll back checks the epoch",
        "one undecided",
        "a renewed claim is a new one",
        "writers are shut out",
        "stable offsets",
        "no wait for ever",
        "later epochs are left alone",
    }
)
# What nobody outside the process can see or change: it is done together with the step before.
INNER = (commands.BeginTransaction, commands.HoldOutput, commands.RestoreEngine)


class Outcome(NamedTuple):
    """What may come of a step.

    Attributes:
        label: What happened.
        is_fault: Whether it is a fault.
        world: The world after it.
    """

    label: str
    is_fault: bool
    world: World


class Driver:
    """Carries out the steps of processes.

    Args:
        protocol: The protocol.
        records: How many records there are.
        per_checkpoint: How many are read between two checkpoints.
        on_request: Whether checkpoints may also come earlier.
        broken: What the world does not do although it should, of `DUTIES`.
    """

    def __init__(
        self,
        protocol: CommitProtocol,
        *,
        records: int,
        per_checkpoint: int,
        on_request: bool = False,
        broken: frozenset[str] = frozenset(),
    ) -> None:
        self.protocol = protocol
        self.machine = Machine()
        self._standings: list[Standing] = []
        self._numbers: dict[Hashable, int] = {}
        self._records = records
        self._per_checkpoint = per_checkpoint
        self._on_request = on_request
        self._broken = broken

    def spawn(self, world: World, take_over: bool) -> World | None:
        """Starts a process; None if it does not get the lock."""
        at = self.machine.begin(("start", take_over), lambda: self.protocol.start(take_over=take_over))
        if not isinstance(self.machine.places[at].command, commands.LockState):
            is_alone = not any(process.locks for process in world.processes)
            return world._replace(processes=(*world.processes, Process(at, locks=is_alone, may_claim=is_alone)))
        if not take_over and any(process.locks for process in world.processes):
            return None
        others = tuple(process._replace(locks=False) for process in world.processes)
        at = self.machine.answer(at, None, None)
        return world._replace(processes=(*others, Process(at, locks=True, may_claim=True)))

    def outcomes(self, world: World, index: int) -> Iterator[Outcome]:
        """All outcomes of the next step of a process, faults last."""
        process = world.processes[index]
        if process.at == RUNNING:
            yield from self._run(world, index, process)
            return
        command = self.machine.places[process.at].command
        if command is None:
            raise AssertionError(process)
        name = type(command).__name__
        may_read = process.is_taking and not isinstance(command, commands.HoldOutput)
        if may_read and process.position == process.barrier < self._records:
            yield Outcome(f"read {process.position} meanwhile", False, self._read(world, index, process))
        for label, is_fault, after, changed, key, value in getattr(self, f"_{name}")(world, process, command):
            yield Outcome(f"{name}{label}", is_fault, self._go_on(after, index, changed, key, value))

    # Between two procedures.

    def _run(self, world: World, index: int, process: Process) -> Iterator[Outcome]:
        standing = self._standings[process.standing]
        if process.has_failed:
            at = self.machine.begin(("recover", process.standing), lambda: self.protocol.recover(standing))
            yield Outcome("the engine goes back", False, world.with_process(index, process._replace(at=at)))
            return
        if process.since == self._records:
            self._check_complete(world)
            yield Outcome("the end", False, world.with_process(index, None)._replace(state="done"))
            return
        is_due = process.position in (process.since + self._per_checkpoint, self._records)
        if is_due or (self._on_request and process.position > process.since):
            at = self.machine.begin(("checkpoint", process.standing), lambda: self.protocol.checkpoint(standing))
            taking = process._replace(at=at, is_taking=True, barrier=process.position)
            yield Outcome("a checkpoint is due", False, self._do_inner(world, index, taking))
        if not is_due:
            yield Outcome(f"read {process.position}", False, self._read(world, index, process))
            if self.protocol.is_transactional:
                lost = process._replace(position=process.position + 1, has_failed=True)
                yield Outcome(f"record {process.position} gets no answer", True, world.with_process(index, lost))

    def _read(self, world: World, index: int, process: Process) -> World:
        record = process.position
        process = process._replace(position=record + 1)
        if self.protocol.is_transactional and not process.is_held:
            try:
                world = world._replace(cluster=self._cluster_for(world, process).write(record))
            except TransactionError:
                process = process._replace(has_failed=True)
        elif self.protocol.is_transactional:
            process = process._replace(to_cluster=(*process.to_cluster, record))
        if process.is_held and not process.is_prepared:
            process = process._replace(to_sink=(*process.to_sink, record))
        else:
            process = process._replace(unprepared=(*process.unprepared, record))
        first = record if world.first is None else min(world.first, record)
        return world.with_process(index, process)._replace(first=first)

    def _check_complete(self, world: World) -> None:
        if world.directory.applied is None or world.directory.applied.position != self._records:
            msg = f"came to the end, but the directory holds {world.directory.applied}"
            raise ViolationError(msg)
        check_nothing_lost(world, self._records, self.protocol.is_transactional)

    def _go_on(self, world: World, index: int, process: Process, key: Hashable, value: Any) -> World:
        """The world after an answer."""
        if isinstance(value, StateTakenOverError):
            return world.with_process(index, None)
        at = self.machine.answer(process.at, key, value)
        place = self.machine.places[at]
        if isinstance(place.error, StartRefusedError):
            _check_refusal(world, process, place.error)
            return world.with_process(index, None)._replace(state="refused")
        if place.error is not None:
            raise ViolationError(repr(place.error)) from place.error
        if place.result is not None:
            standing = self._intern(place.result)
            process = process._replace(
                at=RUNNING, standing=standing, since=process.barrier, is_taking=False, is_prepared=False
            )
            return world.with_process(index, process)
        return self._do_inner(world, index, process._replace(at=at))

    def _do_inner(self, world: World, index: int, process: Process) -> World:
        """Carries out what follows and concerns only the process itself."""
        command = self.machine.places[process.at].command
        is_inner = isinstance(command, INNER)
        if not is_inner and not (isinstance(command, commands.ReleaseOutput) and not process.to_cluster):
            return world.with_process(index, process)
        name = type(command).__name__
        [(_, _, world, process, key, value)] = getattr(self, f"_{name}")(world, process, command)
        return self._go_on(world, index, process, key, value)

    def _intern(self, standing: Standing) -> int:
        checkpoint = standing.checkpoint
        key = standing.epoch, checkpoint.number, checkpoint.epoch, tuple(checkpoint.prepared.items())
        if key not in self._numbers:
            self._numbers[key] = len(self._standings)
            self._standings.append(standing)
        return self._numbers[key]

    # The state directory. Each gives label, whether it is a fault, the world, the process, and the answer with its key.

    def _ClaimEpoch(self, world: World, process: Process, command: commands.ClaimEpoch) -> Iterator[Any]:
        directory = world.directory
        if command.held is not None and command.held != directory.epoch:
            yield ": taken over", False, world, process, None, StateTakenOverError("taken over")
            return
        if command.held is None and not process.may_claim:
            msg = "takes the directory, which nobody asked for"
            raise ViolationError(msg)
        epoch = directory.epoch + 1
        if command.held is not None and "a renewed claim is a new one" in self._broken:
            epoch = directory.epoch
        if epoch > 15:
            msg = "does not come to rest"
            raise ViolationError(msg)
        key = epoch, directory.applied, directory.prepared
        applied, prepared = (saved and saved.checkpoint() for saved in (directory.applied, directory.prepared))
        world = world.without_owner()._replace(directory=directory._replace(epoch=epoch))
        process = process._replace(owns=True, has_written=False, has_failed=False, is_taking=False, may_claim=False)
        yield "", False, world, process, key, Claim(STATE_ID, epoch, applied, prepared)

    def _PrepareState(self, world: World, process: Process, command: commands.PrepareState) -> Iterator[Any]:
        new, directory = command.checkpoint, world.directory
        if self._is_refused("prepare", world, process, new.epoch):
            yield ": taken over", False, world, process, None, StateTakenOverError("taken over")
            return
        expected = 0 if directory.applied is None else directory.applied.number + 1
        is_in_order = directory.prepared is None and new.number == expected
        if not is_in_order and "one undecided" not in self._broken:
            msg = f"prepares {new} after {directory}"
            raise ViolationError(msg)
        position = process.barrier if new.number else process.resolved
        saved = Saved(new.number, new.epoch, new.is_transactional, tuple(new.prepared.items()), position)
        world = world._replace(directory=directory._replace(prepared=saved))
        yield "", False, world, process._replace(has_written=True), None, None

    def _ApplyState(self, world: World, process: Process, command: commands.ApplyState) -> Iterator[Any]:
        directory = world.directory
        if self._is_refused("apply", world, process, command.epoch):
            yield ": taken over", False, world, process, None, StateTakenOverError("taken over")
            return
        if directory.prepared is not None and directory.prepared.number == command.number:
            directory = directory._replace(applied=directory.prepared, prepared=None)
        elif directory.applied is None or directory.applied.number < command.number:
            msg = f"applies {command.number} to {directory}"
            raise ViolationError(msg)
        world = world._replace(directory=directory, has_lost_marker=False)
        yield "", False, world, process._replace(has_written=True), None, None

    def _RollBackState(self, world: World, process: Process, command: commands.RollBackState) -> Iterator[Any]:
        directory = world.directory
        if self._is_refused("roll back", world, process, command.epoch):
            yield ": taken over", False, world, process, None, StateTakenOverError("taken over")
            return
        if directory.prepared is not None and directory.prepared.number == command.number:
            directory = directory._replace(prepared=None)
        world = world._replace(directory=directory, has_lost_marker=False)
        yield "", False, world, process._replace(has_written=True), None, None

    def _is_refused(self, write: str, world: World, process: Process, epoch: int) -> bool:
        if f"{write} checks the epoch" not in self._broken and epoch != world.directory.epoch:
            return True
        if not process.owns:
            msg = f"was taken over and writes to the directory all the same: {write}"
            raise ViolationError(msg)
        return False

    # The cluster.

    def _cluster_for(self, world: World, process: Process) -> Cluster:
        if not process.is_let_in:
            raise TransactionFencedError
        return world.cluster

    def _InitTransactions(self, world: World, process: Process, command: commands.InitTransactions) -> Iterator[Any]:
        after = world
        if "writers are shut out" not in self._broken:
            after = world._replace(cluster=world.cluster.initialise()).without_writers()
        yield "", False, after, process._replace(is_let_in=True), None, None
        yield from self._unanswered(world, after, process._replace(is_let_in=False))

    def _ReadMarker(self, world: World, process: Process, command: commands.ReadMarker) -> Iterator[Any]:
        cluster = world.cluster
        if "stable offsets" not in self._broken:
            if cluster.opened is not None and cluster.opened.marker is not None:
                if "no wait for ever" not in self._broken:
                    yield ": no answer in time", False, world, process, "unknown", TransactionUnknownError()
                return
            cluster = cluster.complete()
            marker = cluster.marker
        else:
            marker = cluster.marker if cluster.lagging is None else cluster.lagging[0]
        yield "", False, world._replace(cluster=cluster), process, marker, marker
        yield ": no answer", True, world, process, "unknown", TransactionUnknownError()

    def _BeginTransaction(self, world: World, process: Process, command: commands.BeginTransaction) -> Iterator[Any]:
        yield "", False, world, process, None, None

    def _AddMarker(self, world: World, process: Process, command: commands.AddMarker) -> Iterator[Any]:
        try:
            after = world._replace(cluster=self._cluster_for(world, process).add_marker(command.marker))
        except TransactionFencedError as error:
            yield ": fenced", False, world, process, "fenced", error
            return
        yield "", False, after, process, None, None
        yield from self._unanswered(world, after, process)

    def _CommitTransaction(self, world: World, process: Process, command: commands.CommitTransaction) -> Iterator[Any]:
        try:
            after = world._replace(cluster=self._cluster_for(world, process).commit())
        except TransactionFencedError as error:
            yield ": fenced", False, world, process, "fenced", error
            return
        yield "", False, after, process, None, None
        yield from self._unanswered(world, after, process)
        if world.cluster.opened is not None:
            accepted = world._replace(cluster=world.cluster.accept())
            yield ": accepted, not yet complete", True, accepted, process, None, None
            yield from self._unanswered(None, accepted, process)

    def _unanswered(self, before: World | None, after: World, process: Process) -> Iterator[Any]:
        """No answer comes, because the request was lost or because the answer was."""
        if before is not None:
            yield ": lost on the way there", True, before, process, "unknown", TransactionUnknownError()
        if after != before:
            yield ": done, but no answer", True, after, process, "unknown", TransactionUnknownError()

    # The sink.

    def _PrepareSink(self, world: World, process: Process, command: commands.PrepareSink) -> Iterator[Any]:
        name = process.sink_epoch, command.number
        world = world._replace(folder=world.folder.prepare(name, process.unprepared))
        yield "", False, world, process._replace(unprepared=(), is_prepared=True, has_written=True), name, name

    def _CommitSink(self, world: World, process: Process, command: commands.CommitSink) -> Iterator[Any]:
        world = world._replace(folder=world.folder.commit(command.prepared))  # type: ignore[arg-type]
        yield "", False, world, process._replace(has_written=True), None, None

    def _RestartSink(self, world: World, process: Process, command: commands.RestartSink) -> Iterator[Any]:
        epoch = command.restart.epoch
        keep_from = epoch + 100 if "later epochs are left alone" in self._broken else epoch
        world = world._replace(folder=world.folder.clear(keep_from))
        yield "", False, world, process._replace(unprepared=(), sink_epoch=epoch, has_written=True), None, None

    # The engine.

    def _ResolvePositions(self, world: World, process: Process, command: commands.ResolvePositions) -> Iterator[Any]:
        found = min(world.found + 1, 1)
        yield "", False, world._replace(found=found), process._replace(resolved=found), None, {}

    def _RestoreEngine(self, world: World, process: Process, command: commands.RestoreEngine) -> Iterator[Any]:
        applied = world.directory.applied
        if (0 if applied is None else applied.number) != command.number:
            yield ": gone", False, world, process, None, StateTakenOverError("taken over")
            return
        position = process.resolved if applied is None else applied.position
        check_nothing_lost(world, position, self.protocol.is_transactional)
        process = process._replace(position=position, since=position, barrier=position, to_cluster=(), to_sink=())
        yield "", False, world, process._replace(is_held=True, is_prepared=False), None, None

    def _HoldOutput(self, world: World, process: Process, command: commands.HoldOutput) -> Iterator[Any]:
        yield "", False, world, process._replace(is_held=True, barrier=process.position), None, None

    def _ReleaseOutput(self, world: World, process: Process, command: commands.ReleaseOutput) -> Iterator[Any]:
        try:
            for record in process.to_cluster:
                world = world._replace(cluster=self._cluster_for(world, process).write(record))
        except TransactionError:
            process = process._replace(has_failed=True)
        unprepared = process.unprepared + process.to_sink
        process = process._replace(is_held=False, to_cluster=(), to_sink=(), unprepared=unprepared)
        yield "", False, world, process, None, None


def _check_refusal(world: World, process: Process, error: StartRefusedError) -> None:
    """A refusal must have a reason, and change nothing."""
    reasons = {
        MarkerMissingError: world.has_lost_marker or world.was_copied_back,
        MarkerAheadError: world.was_copied_back,
    }
    if not reasons.get(type(error), False) or process.has_written:
        raise ViolationError(repr(error)) from error
