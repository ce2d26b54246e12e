"""The commit protocol: every record in the output exactly once, whenever a process or a connection dies.

The protocol does nothing by itself. Its procedures are generators: each yields a command (`commands.py`), is sent the
result or has an exception thrown in, and returns where the process stands. So the engine drives it with real I/O, and a
test drives it through every interleaving of crashes, lost replies and processes that wake up late
(`tests/protocol`). A driver is a loop::

    async def drive(procedure):
        with contextlib.closing(procedure):
            answer = procedure.send, None
            while True:
                send, value = answer
                try:
                    command = send(value)
                except StopIteration as end:
                    return end.value
                try:
                    answer = procedure.send, await carry_out(command)
                except TransactionError as error:
                    answer = procedure.throw, error

What `carry_out` raises besides `TransactionError` ends the run, and nothing is tidied up: the next start does that.
The driver calls

- `start` once. When it returns, records may be polled.
- `checkpoint` whenever one is due: at the interval, for a savepoint, when a run is drained or its input has ended.
  Never before the last one has returned. If nothing was read since then it may be left out, but not for more than a
  day (`MARKER_REFRESH_SECONDS`). With a cluster the interval has to be below the timeout of its transactions.
- `recover` when a sink fails with a `TransactionError` between two checkpoints.

`checkpoint` and `recover` return a `Standing`, and all is well; when the run had to go back, `RestoreEngine` was
among the commands.

Who takes part: the state directory; the transactions of at most one cluster; any number of two-phase sinks. What makes
a checkpoint hold is one event, the decision: with a cluster the commit of its transaction, else the moment it is
prepared in the directory. The rest follows from it, and is done again after a crash.

Why nothing is lost or doubled:

- Sinks are prepared before the directory, and the directory before the decision. So whoever finds a checkpoint that
  was decided can complete it.
- The transaction holds a marker that names the checkpoint. So whoever finds a checkpoint prepared can ask the cluster
  what became of it. It is never assumed; an answer that did not come is asked for again.
- The marker of the standing checkpoint is committed before the first record is polled, in a transaction of its own.
  So a marker that is missing has expired, and does not mean "never committed".
- A process claims the directory, then has the cluster shut out its predecessors, then reads the marker. A predecessor
  can prepare nothing after the claim, and commit nothing after it was shut out: what the marker says remains so.
- A claim is renewed before a process goes back, so that one that was taken over stops there, and a checkpoint that is
  made a second time has another epoch than the first.
- What a sink forgets at a restart was written under an older claim, never under a later one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from typing import Any, Final, TypeAlias, TypeVar

from streamcore.engine.core.checkpoint import Checkpoint, Claim, Standing
from streamcore.engine.core.commands import (
    AddMarker,
    ApplyState,
    BeginTransaction,
    ClaimEpoch,
    Command,
    CommitSink,
    CommitTransaction,
    HoldOutput,
    InitTransactions,
    LockState,
    PrepareSink,
    PrepareState,
    ReadMarker,
    ReleaseOutput,
    ResolvePositions,
    RestartSink,
    RestoreEngine,
    RollBackState,
)
from streamcore.engine.core.verdict import Verdict, judge
from streamcore.errors import (
    InvariantError,
    StartRefusedError,
    TransactionError,
    TransactionUnknownError,
    UndecidedCheckpointError,
)
from streamcore.model.transactions import Marker
from streamcore.model.two_phase import SinkRestart

R = TypeVar("R")
Procedure: TypeAlias = Generator[Command, Any, R]

# A checkpoint with nothing in it is taken after so long, because brokers forget the offsets of a group without members.
MARKER_REFRESH_SECONDS: Final = 86_400


@dataclasses.dataclass(frozen=True, slots=True)
class CommitProtocol:
    """The procedures for the sinks of one pipeline.

    Attributes:
        sinks: Labels of the two-phase sinks.
        is_transactional: Whether there is a cluster whose transactions decide.
        commit_attempts: How often a commit is asked for before the marker is asked instead.
    """

    sinks: tuple[str, ...] = ()
    is_transactional: bool = False
    commit_attempts: int = 3

    def start(self, *, take_over: bool = False, undecided: Verdict | None = None) -> Procedure[Standing]:
        """Begins, or goes on after the end or the crash of a process.

        Args:
            take_over: Whether to go on in place of a process that still holds the directory.
            undecided: What to take for granted of a prepared checkpoint that the cluster has forgotten.

        Raises:
            StartRefusedError: If going on could lose or double output.
        """
        yield LockState(take_over)
        return (yield from self._recover(None, undecided))

    def checkpoint(self, standing: Standing) -> Procedure[Standing]:
        """Takes a checkpoint; goes back to the last one if the cluster takes nothing more of this transaction.

        Raises:
            StartRefusedError: If it had to ask the marker, and that does not tell.
        """
        try:
            return (yield from self._take(standing))
        except TransactionError:
            return (yield from self.recover(standing))

    def recover(self, standing: Standing) -> Procedure[Standing]:
        """Goes back to the last checkpoint within the process, or to the one that turns out to be committed.

        Raises:
            StartRefusedError: If the marker does not tell which that is.
        """
        return (yield from self._recover(standing.epoch, None))

    def _recover(self, held: int | None, undecided: Verdict | None) -> Procedure[Standing]:
        while True:
            claim: Claim = yield ClaimEpoch(held)
            held = claim.epoch
            try:
                marker = yield from self._consult(claim)
                standing = yield from self._settle(claim, marker, undecided)
                yield RestoreEngine(standing.checkpoint.number)
                yield from self._open(standing)
            except TransactionError:
                continue  # nothing was assumed, so it can be asked again
            return standing

    def _consult(self, claim: Claim) -> Procedure[Marker | None]:
        """What the cluster knows, once nobody else can commit there any more."""
        if not self.is_transactional:
            return None
        yield InitTransactions(claim.state_id)
        marker: Marker | None = yield ReadMarker(claim.state_id)
        return marker

    def _settle(self, claim: Claim, marker: Marker | None, undecided: Verdict | None) -> Procedure[Standing]:
        """Decides on the prepared checkpoint, carries that out, and has the sinks forget what belongs to none."""
        try:
            verdict = self._judge(claim, marker, undecided)
        except StartRefusedError:
            # One that was taken over reads the marker of its successor, and has to be told that instead.
            yield ClaimEpoch(claim.epoch)
            raise
        checkpoint = yield from self._carry_out(verdict, claim)
        for sink in self.sinks:
            data = checkpoint.prepared.get(sink)
            yield RestartSink(sink, SinkRestart(claim.state_id, sink, claim.epoch, checkpoint.number, data))
        return Standing(claim.state_id, claim.epoch, checkpoint)

    def _judge(self, claim: Claim, marker: Marker | None, undecided: Verdict | None) -> Verdict:
        if claim.prepared is not None:
            missing = [repr(sink) for sink in claim.prepared.prepared if sink not in self.sinks]
            if missing:
                raise UndecidedCheckpointError(claim.prepared.number, f"with {', '.join(missing)}")
        return judge(claim, marker, self.is_transactional, undecided)

    def _carry_out(self, verdict: Verdict, claim: Claim) -> Procedure[Checkpoint]:
        """Returns the checkpoint that holds."""
        if claim.prepared is not None:
            if verdict == Verdict.COMMITTED:
                yield from self._complete(claim.prepared, claim.epoch)
                return claim.prepared
            yield RollBackState(claim.prepared.number, claim.epoch)
        if claim.applied is not None:
            return claim.applied
        if claim.prepared is not None:
            msg = f"checkpoint {claim.prepared.number} was rolled back, and there is none before it"
            raise InvariantError(msg)
        inherited: Mapping[str, object] = yield ResolvePositions()
        first = Checkpoint(0, claim.epoch, self.is_transactional, inherited)
        yield PrepareState(first)
        yield ApplyState(0, claim.epoch)
        return first

    def _open(self, standing: Standing) -> Procedure[None]:
        """Commits the marker of where the process stands, then lets records be read and written."""
        if self.is_transactional:
            yield BeginTransaction()
            yield AddMarker(standing.marker())
            yield from self._commit()
            yield BeginTransaction()
        yield ReleaseOutput()

    def _take(self, standing: Standing) -> Procedure[Standing]:
        yield HoldOutput()
        number = standing.checkpoint.number + 1
        prepared: dict[str, object] = {}
        for sink in self.sinks:
            prepared[sink] = yield PrepareSink(sink, number)
        checkpoint = Checkpoint(number, standing.epoch, self.is_transactional, prepared)
        following = Standing(standing.state_id, standing.epoch, checkpoint)
        if self.is_transactional:
            yield AddMarker(following.marker())
        yield PrepareState(checkpoint)
        if self.is_transactional:
            yield from self._commit()
        yield from self._complete(checkpoint, standing.epoch)
        if self.is_transactional:
            yield BeginTransaction()
        yield ReleaseOutput()
        return following

    def _commit(self) -> Procedure[None]:
        """Commits the transaction; raises `TransactionUnknownError` if that is not certain after some attempts."""
        for _ in range(self.commit_attempts - 1):
            try:
                yield CommitTransaction()
            except TransactionUnknownError:
                continue
            return
        yield CommitTransaction()

    def _complete(self, checkpoint: Checkpoint, epoch: int) -> Procedure[None]:
        """Makes what was prepared visible; the checkpoint is decided, so this may come twice."""
        for sink in self.sinks:
            if sink in checkpoint.prepared:
                yield CommitSink(sink, checkpoint.number, checkpoint.prepared[sink])
        yield ApplyState(checkpoint.number, epoch)
