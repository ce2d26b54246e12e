"""Carries out what the commit protocol asks for, with the state directory, the sinks and the core.

One checkpoint, in short: the core comes to rest; the sinks have taken all that it put out; what has changed in the core
is encoded, in slices, with the positions of the readers. Then the core goes on, while its output waits. The two-phase
sinks prepare, the directory writes the checkpoint, the cluster commits if there is one, the two-phase sinks commit, the
directory notes that the checkpoint holds, and the output flows again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from streamcore.engine.committing_sinks import CommittingSinks
from streamcore.engine.core import commands
from streamcore.engine.core.checkpoint import Claim, Standing
from streamcore.engine.core.commands import Command
from streamcore.engine.core.commit import Procedure
from streamcore.engine.core.node import join_new
from streamcore.engine.durability import Durability
from streamcore.engine.execution import Execution
from streamcore.engine.inputs import Input
from streamcore.engine.manifest import Manifest, Outcome
from streamcore.engine.outlet import Outlet
from streamcore.engine.pauses import Pauses
from streamcore.engine.plan_steps import fitting_names, is_named, steps_of
from streamcore.engine.snapshots import Snapshot, restore_pieces, resume_all, take_snapshot
from streamcore.engine.start_checks import has_ended, require_names, require_origin, require_plan
from streamcore.engine.state.pieces import Scope
from streamcore.engine.state.savepoints import savepoint_path
from streamcore.engine.state_thread import StateThread
from streamcore.errors import TransactionError
from streamcore.model.clock import Clock
from streamcore.model.transactions import Marker

R = TypeVar("R")
log = logging.getLogger("streamcore")


class Run(Protocol):
    """What taking checkpoints needs of a run.

    Attributes:
        outlets: Its sinks.
        clock: Its clock.
        execution: What is being carried out at present.
    """

    outlets: list[Outlet]
    clock: Clock
    execution: Execution

    async def at_rest(self, work: Callable[[], Awaitable[None]]) -> None:
        """Does something while the core is at rest."""
        ...

    async def halt(self) -> None:
        """Ends reading and writing; what has not been written is dropped."""
        ...

    async def begin_anew(self) -> None:
        """Takes up another execution, with open nodes, first or after `halt`; nothing is polled before `release`."""
        ...

    def release(self) -> None:
        """Lets sources be polled and sinks be written to."""
        ...


class Progress(NamedTuple):
    """How far a run has come.

    Attributes:
        positions: Those of the splits of each source.
        written: How many elements have gone to sinks.
    """

    positions: list[Mapping[str, Any]]
    written: int


class _AlreadyEndedError(Exception):
    """The run whose state this is has come to its end."""


class CommitDriver:
    """Carries out commands.

    Args:
        run: The run.
        durability: How its state is kept.

    Attributes:
        outcome: How far the run has come; it goes to the directory with the next checkpoint.
        begins_anew: Steps have begun without their old state, or sources where no checkpoint tells.
    """

    def __init__(self, run: Run, durability: Durability) -> None:
        self.outcome = Outcome.RUNNING
        self.begins_anew = False
        self._run = run
        self._durability = durability
        self._state = StateThread(durability.state_dir, durability.allow_pickle)
        self._sinks = CommittingSinks(run.outlets, durability.interval)
        self._steps = tuple(steps_of(run.execution.plan))
        self._origin: str | None = None
        # Taken at the last barrier; goes to the directory with the next `PrepareState`.
        self._snapshot = Snapshot([], [])
        self._now = 0
        self._reached: list[tuple[Input, Mapping[str, Any]]] = []
        self._pauses = Pauses()
        # How far it was where the run began or went back to, and whether the last barrier was further on.
        self._began = Progress([], 0)
        self._has_moved = False
        # Scopes of steps that are not there any more, or have another kind of state.
        self._orphans: dict[Scope, None] = {}

    def sink_labels(self) -> tuple[str, ...]:
        """The sinks that take part in two phases."""
        return self._sinks.labels()

    def is_transactional(self) -> bool:
        """Whether there is a cluster whose transactions decide."""
        return self._sinks.is_transactional()

    async def drive_start(self, procedure: Procedure[Standing]) -> Standing | None:
        """Carries out the procedure that begins a run; None if that has come to its end before."""
        try:
            standing = await self.drive(procedure)
        except _AlreadyEndedError:
            return None
        manifest = await self._state.manifest(standing.checkpoint.number)
        return None if has_ended(manifest, self._state.path) else standing

    async def drive(self, procedure: Procedure[R]) -> R:
        """Carries out a procedure."""
        with contextlib.closing(procedure):
            answer: Any = None
            failure: TransactionError | None = None
            while True:
                try:
                    command = procedure.send(answer) if failure is None else procedure.throw(failure)
                except StopIteration as end:
                    result: R = end.value
                    return result
                answer = failure = None
                try:
                    answer = await HANDLERS[type(command)](self, command)
                except TransactionError as error:
                    log.warning(
                        "a transaction did not go through; the run asks again, or goes back to its last checkpoint: %s",
                        error,
                    )
                    failure = error

    def check_savepoint(self, name: str) -> None:
        """Refuses a name before a checkpoint is taken for it.

        Raises:
            StateDirectoryError: If it cannot be the name of a savepoint.
        """
        savepoint_path(self._durability.state_dir, name)

    async def keep(self, name: str) -> None:
        """Keeps the last checkpoint under a name."""
        await self._state.keep(name)

    async def close_sinks(self) -> None:
        """Closes the sinks that take part in checkpoints, after the last one."""
        await self._sinks.close()

    async def close(self) -> None:
        """Ends the open transaction, and gives the state directory free."""
        try:
            await self._sinks.end_transactions()
        finally:
            await self._state.close()

    # The directory.

    async def _lock_state(self, command: commands.LockState) -> None:
        await self._state.open(command.take_over, self._durability.from_savepoint is not None)

    async def _claim_epoch(self, command: commands.ClaimEpoch) -> Claim:
        if command.held is not None:
            await self._run.halt()
            await self._pauses.wait(self._run.clock)
            await self._state.renew()
        applied, prepared = await self._state.latest()
        if command.held is None:
            self._check(prepared or applied, is_undecided=prepared is not None)
            await self._sinks.open(self._state.directory.state_id)
        directory = self._state.directory
        return Claim(
            directory.state_id,
            directory.epoch,
            None if applied is None else applied.checkpoint,
            None if prepared is None else prepared.checkpoint,
        )

    def _check(self, manifest: Manifest | None, is_undecided: bool) -> None:
        """Refuses a state that this run cannot go on from."""
        if manifest is None:
            return
        require_origin(manifest, self._durability, self._state.path)
        self._origin = manifest.origin
        self._require_plan(manifest, self._state.path)
        if not is_undecided and has_ended(manifest, self._state.path):
            raise _AlreadyEndedError

    def _require_plan(self, manifest: Manifest, where: Path) -> None:
        require_plan(manifest, self._steps, self._labels(), self._durability, where)

    def _labels(self) -> list[str]:
        return [node.label for node in self._run.execution.plan.nodes]

    async def _prepare_state(self, command: commands.PrepareState) -> None:
        snapshot, self._snapshot = self._snapshot, Snapshot([], [])
        anew = tuple(sorted(self._durability.allow_changes))
        manifest = Manifest(command.checkpoint, self._steps, self._now, self.outcome, self._origin, anew)
        await self._state.prepare(manifest, snapshot)

    async def _apply_state(self, command: commands.ApplyState) -> None:
        await self._state.apply(command.number)
        if self._has_moved:
            self._pauses.reset()

    async def _roll_back_state(self, command: commands.RollBackState) -> None:
        await self._state.roll_back(command.number)

    # The core.

    async def _resolve_positions(self, command: commands.ResolvePositions) -> Mapping[str, object]:
        """Makes what checkpoint 0 holds: where the sources begin, or what a savepoint holds."""
        execution = self._run.execution
        self._now = execution.scheduler.now
        file = self._durability.from_savepoint
        if file is None:
            require_names(self._durability.allow_changes, self._labels(), "no step here")
            for one in execution.inputs.values():
                await one.find()
            positions = [one.positions for one in execution.inputs.values()]
            self._snapshot = await take_snapshot(positions, self._durability.allow_pickle)
            return {}
        manifest, pieces = await self._state.read_savepoint(file)
        self._require_plan(manifest, file)
        fitting = self._fitting(manifest, self._durability.allow_changes)
        self._snapshot = Snapshot([piece for piece in pieces if piece.step in fitting], [])
        self._now = manifest.now
        self._origin = str(file)
        return await self._adopt(manifest.checkpoint.prepared)

    async def _restore_engine(self, command: commands.RestoreEngine) -> None:
        async def restore() -> None:
            self.outcome = Outcome.RUNNING
            await self._sinks.reopen()
            await self._run.begin_anew()
            await self._restore(command.number)

        self._reached = []
        await self._run.at_rest(restore)

    async def _restore(self, number: int) -> None:
        execution = self._run.execution
        manifest = await self._state.manifest(number)
        execution.scheduler.now = manifest.now  # what has fallen due since is met when the core hears what time it is
        parts = {part.state_name: part for part in execution.parts()}
        anew = self._anew_since(manifest)
        fitting = self._fitting(manifest, anew)
        self._orphans = {}
        async for pieces in self._state.read(number):
            self._orphans |= {(piece.step, piece.scope): None for piece in pieces if piece.step not in fitting}
            kept = [piece for piece in pieces if piece.step in fitting]
            await restore_pieces(parts, kept, self._durability.allow_pickle)
        await resume_all(parts.values())
        join_new(execution.plan.nodes)
        has_new_positions = any(one.positions.is_new for one in execution.inputs.values())
        has_new_sinks = any(is_named(label, anew) for label in self.sink_labels())
        self.begins_anew = bool(self._orphans) or has_new_positions or has_new_sinks
        await execution.open_inputs()
        self._began = self._progress()

    def _progress(self) -> Progress:
        inputs = self._run.execution.inputs.values()
        written = sum(outlet.node.metrics.elements for outlet in self._run.outlets)
        return Progress([one.positions.reached() for one in inputs], written)

    def _anew_since(self, manifest: Manifest) -> frozenset[str]:
        """Which steps begin anew; those that the run which wrote it was told so have begun, if the option stays."""
        return self._durability.allow_changes - set(manifest.anew)

    def _fitting(self, manifest: Manifest, anew: Collection[str]) -> set[str]:
        """The names of what is put back of a checkpoint, where some steps are to begin without their old state."""
        names = [part.state_name for part in self._run.execution.parts()]
        return fitting_names(names, manifest.steps, self._steps, anew)

    async def _hold_output(self, command: commands.HoldOutput) -> None:
        await self._run.at_rest(self._take_snapshot)

    async def _take_snapshot(self) -> None:
        await self._sinks.settle(is_last=self.outcome != Outcome.RUNNING)
        execution = self._run.execution
        self._now = execution.scheduler.now
        self._snapshot = await take_snapshot(execution.parts(), self._durability.allow_pickle)
        self._snapshot.dropped.extend(self._orphans)
        self._orphans = {}
        self._reached = [(one, one.positions.reached()) for one in execution.inputs.values()]
        self._has_moved = self._progress() != self._began

    async def _release_output(self, command: commands.ReleaseOutput) -> None:
        reached, self._reached = self._reached, []
        for one, positions in reached:
            await one.tell_checkpoint(positions)
        self._run.release()

    # The sinks.

    async def _prepare_sink(self, command: commands.PrepareSink) -> object:
        return await self._sinks.prepare(command.sink, command.number)

    async def _commit_sink(self, command: commands.CommitSink) -> None:
        await self._sinks.commit(command.sink, command.number, command.prepared)

    async def _restart_sink(self, command: commands.RestartSink) -> None:
        restart = command.restart
        manifest = await self._state.manifest(restart.checkpoint)
        is_of_another_kind = any(step.label == command.sink for step in set(manifest.steps) ^ set(self._steps))
        if is_of_another_kind or is_named(command.sink, self._anew_since(manifest)):
            restart = dataclasses.replace(restart, prepared=None)
        await self._sinks.restart(command.sink, restart)

    async def _adopt(self, saved: Mapping[str, object]) -> dict[str, object]:
        """Has the sinks take over what was not complete in a savepoint, if they may not begin without it."""
        directory, anew = self._state.directory, self._durability.allow_changes
        kept = {label: prepared for label, prepared in saved.items() if not is_named(label, anew)}
        return await self._sinks.adopt(directory.state_id, directory.epoch, kept)

    # The cluster.

    async def _init_transactions(self, command: commands.InitTransactions) -> None:
        await self._sinks.cluster().initialise()

    async def _read_marker(self, command: commands.ReadMarker) -> Marker | None:
        return await self._sinks.cluster().read_marker()

    async def _begin_transaction(self, command: commands.BeginTransaction) -> None:
        await self._sinks.cluster().begin()

    async def _add_marker(self, command: commands.AddMarker) -> None:
        await self._sinks.cluster().add_marker(command.marker)

    async def _commit_transaction(self, command: commands.CommitTransaction) -> None:
        await self._sinks.cluster().commit()


HANDLERS: dict[type[Command], Callable[[CommitDriver, Any], Awaitable[Any]]] = {
    commands.LockState: CommitDriver._lock_state,
    commands.ClaimEpoch: CommitDriver._claim_epoch,
    commands.PrepareState: CommitDriver._prepare_state,
    commands.ApplyState: CommitDriver._apply_state,
    commands.RollBackState: CommitDriver._roll_back_state,
    commands.InitTransactions: CommitDriver._init_transactions,
    commands.ReadMarker: CommitDriver._read_marker,
    commands.BeginTransaction: CommitDriver._begin_transaction,
    commands.AddMarker: CommitDriver._add_marker,
    commands.CommitTransaction: CommitDriver._commit_transaction,
    commands.PrepareSink: CommitDriver._prepare_sink,
    commands.CommitSink: CommitDriver._commit_sink,
    commands.RestartSink: CommitDriver._restart_sink,
    commands.ResolvePositions: CommitDriver._resolve_positions,
    commands.RestoreEngine: CommitDriver._restore_engine,
    commands.HoldOutput: CommitDriver._hold_output,
    commands.ReleaseOutput: CommitDriver._release_output,
}
