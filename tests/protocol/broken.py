"""The protocol with one of its rules left out: a class for each rule that the protocol itself keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
from streamcore.engine.core.commit import CommitProtocol, Procedure
from streamcore.engine.core.verdict import Verdict
from streamcore.errors import MarkerAheadError, TransactionError, TransactionUnknownError
from streamcore.model.transactions import Marker


class Edited(CommitProtocol):
    """Leaves out commands, or gives them in another order: `edit` tells which take the place of some."""

    def start(self, **options: Any) -> Procedure[Standing]:
        return _edit(super().start(**options), self.is_left_out)

    def checkpoint(self, standing: Standing) -> Procedure[Standing]:
        return _edit(super().checkpoint(standing), self.is_left_out)

    def recover(self, standing: Standing) -> Procedure[Standing]:
        return _edit(super().recover(standing), self.is_left_out)

    def is_left_out(self, command: Command) -> bool:
        raise NotImplementedError


def _edit(procedure: Procedure[Standing], is_left_out: Callable[[Command], bool]) -> Procedure[Standing]:
    answer: Any = None
    while True:
        try:
            command = procedure.throw(answer) if isinstance(answer, Exception) else procedure.send(answer)
        except StopIteration as end:
            return end.value
        answer = None
        if not is_left_out(command):
            try:
                answer = yield command
            except TransactionError as error:
                answer = error


class NoLock(Edited):
    def is_left_out(self, command: Command) -> bool:
        return isinstance(command, LockState)


class NoBarrier(Edited):
    def is_left_out(self, command: Command) -> bool:
        return isinstance(command, HoldOutput)


class NoRestartOfSinks(Edited):
    def is_left_out(self, command: Command) -> bool:
        return isinstance(command, RestartSink)


class NoMarkerAtStart(CommitProtocol):
    def _open(self, standing: Standing) -> Procedure[None]:
        yield BeginTransaction()
        yield ReleaseOutput()


class NoPositionsAtStart(CommitProtocol):
    """There is no checkpoint 0 in the directory, so the start is found anew until there is a checkpoint 1."""

    def _judge(self, claim: Claim, marker: Marker | None, undecided: Verdict | None) -> Verdict:
        if claim.applied is None and (marker is None or marker.checkpoint == 0):
            return Verdict.ABORTED
        return super()._judge(claim, marker, undecided)

    def _carry_out(self, verdict: Verdict, claim: Claim) -> Procedure[Checkpoint]:
        if claim.applied is not None or verdict == Verdict.COMMITTED:
            return (yield from super()._carry_out(verdict, claim))
        if claim.prepared is not None:
            yield RollBackState(claim.prepared.number, claim.epoch)
        yield ResolvePositions()
        return Checkpoint(0, claim.epoch, self.is_transactional, {})


class MarkerBeforeFencing(CommitProtocol):
    def _consult(self, claim: Claim) -> Procedure[Marker | None]:
        marker = yield ReadMarker(claim.state_id)
        yield InitTransactions(claim.state_id)
        return marker


class MarkerBeforeClaim(CommitProtocol):
    def _recover(self, held: int | None, undecided: Verdict | None) -> Procedure[Standing]:
        while True:
            try:
                yield InitTransactions("state")
                marker = yield ReadMarker("state")
                claim: Claim = yield ClaimEpoch(held)
                held = claim.epoch
                standing = yield from self._settle(claim, marker, undecided)
                yield RestoreEngine(standing.checkpoint.number)
                yield from self._open(standing)
            except TransactionError:
                continue
            return standing


class ClaimAfterFencing(CommitProtocol):
    def _recover(self, held: int | None, undecided: Verdict | None) -> Procedure[Standing]:
        while True:
            try:
                yield InitTransactions("state")
                claim: Claim = yield ClaimEpoch(held)
                held = claim.epoch
                marker = yield ReadMarker("state")
                standing = yield from self._settle(claim, marker, undecided)
                yield RestoreEngine(standing.checkpoint.number)
                yield from self._open(standing)
            except TransactionError:
                continue
            return standing


class LateMarker(CommitProtocol):
    """The marker is added after the state was prepared, just before the commit."""

    def _take(self, standing: Standing) -> Procedure[Standing]:
        yield HoldOutput()
        following = yield from _prepare_sinks(self, standing)
        yield PrepareState(following.checkpoint)
        yield AddMarker(following.marker())
        yield from self._commit()
        return (yield from _go_on(self, following))


class LateMarkerAndClaimAfterFencing(LateMarker, ClaimAfterFencing):
    pass


class LateMarkerAndMarkerBeforeFencing(LateMarker, MarkerBeforeFencing):
    pass


class NoCheckBeforeARefusal(CommitProtocol):
    def _settle(self, claim: Claim, marker: Marker | None, undecided: Verdict | None) -> Procedure[Standing]:
        self._judge(claim, marker, undecided)
        return (yield from super()._settle(claim, marker, undecided))


class ApplyWithTheNextCheckpoint(CommitProtocol):
    """Every second checkpoint is prepared before the one before it was applied."""

    def _take(self, standing: Standing) -> Procedure[Standing]:
        yield HoldOutput()
        following = yield from _prepare_sinks(self, standing)
        yield AddMarker(following.marker())
        yield PrepareState(following.checkpoint)
        yield from self._commit()
        for sink in self.sinks:
            yield CommitSink(sink, following.checkpoint.number, following.checkpoint.prepared[sink])
        if following.checkpoint.number % 2 == 0:
            yield ApplyState(following.checkpoint.number, following.epoch)
        yield BeginTransaction()
        yield ReleaseOutput()
        return following


class UnknownIsCommitted(CommitProtocol):
    def _commit(self) -> Procedure[None]:
        try:
            yield CommitTransaction()
        except TransactionUnknownError:
            return


class UnknownIsAborted(CommitProtocol):
    def _judge(self, claim: Claim, marker: Marker | None, undecided: Verdict | None) -> Verdict:
        is_own = claim.prepared is not None and claim.applied is not None and claim.prepared.epoch == claim.epoch - 1
        return Verdict.ABORTED if is_own else super()._judge(claim, marker, undecided)


class StateBeforeSinks(CommitProtocol):
    """The directory hears nothing of what the sinks have prepared: only they know its names."""

    def _take(self, standing: Standing) -> Procedure[Standing]:
        yield HoldOutput()
        following = _following(self, standing, {})
        number = following.checkpoint.number
        if self.is_transactional:
            yield AddMarker(following.marker())
        yield PrepareState(following.checkpoint)
        prepared: dict[str, object] = {}
        for sink in self.sinks:
            prepared[sink] = yield PrepareSink(sink, number)
        if self.is_transactional:
            yield from self._commit()
        for sink, data in prepared.items():
            yield CommitSink(sink, number, data)
        return (yield from _go_on(self, following))


class CommitBeforeState(CommitProtocol):
    def _take(self, standing: Standing) -> Procedure[Standing]:
        yield HoldOutput()
        following = yield from _prepare_sinks(self, standing)
        yield AddMarker(following.marker())
        yield from self._commit()
        yield PrepareState(following.checkpoint)
        return (yield from _go_on(self, following))


class SinksBeforeTheDecision(CommitProtocol):
    def _commit(self) -> Procedure[None]:
        raise NotImplementedError

    def _take(self, standing: Standing) -> Procedure[Standing]:
        yield HoldOutput()
        following = yield from _prepare_sinks(self, standing)
        yield AddMarker(following.marker())
        yield PrepareState(following.checkpoint)
        for sink in self.sinks:
            yield CommitSink(sink, following.checkpoint.number, following.checkpoint.prepared[sink])
        yield from super()._commit()
        return (yield from _go_on(self, following))

    def _open(self, standing: Standing) -> Procedure[None]:
        yield BeginTransaction()
        yield AddMarker(standing.marker())
        yield from super()._commit()
        yield BeginTransaction()
        yield ReleaseOutput()


class ApplyBeforeSinks(CommitProtocol):
    def _complete(self, checkpoint: Checkpoint, epoch: int) -> Procedure[None]:
        yield ApplyState(checkpoint.number, epoch)
        for sink in self.sinks:
            if sink in checkpoint.prepared:
                yield CommitSink(sink, checkpoint.number, checkpoint.prepared[sink])


class NothingDoneAgain(CommitProtocol):
    def _carry_out(self, verdict: Verdict, claim: Claim) -> Procedure[Checkpoint]:
        if claim.prepared is not None and verdict == Verdict.COMMITTED:
            yield ApplyState(claim.prepared.number, claim.epoch)
            return claim.prepared
        return (yield from super()._carry_out(verdict, claim))


class MissingIsAborted(CommitProtocol):
    def _judge(self, claim: Claim, marker: Marker | None, undecided: Verdict | None) -> Verdict:
        return super()._judge(claim, marker, Verdict.ABORTED)


class MissingIsCommitted(CommitProtocol):
    def _judge(self, claim: Claim, marker: Marker | None, undecided: Verdict | None) -> Verdict:
        return super()._judge(claim, marker, Verdict.COMMITTED)


class AheadIsNothing(CommitProtocol):
    def _judge(self, claim: Claim, marker: Marker | None, undecided: Verdict | None) -> Verdict:
        try:
            return super()._judge(claim, marker, undecided)
        except MarkerAheadError:
            return Verdict.ABORTED


class AnyEpoch(CommitProtocol):
    def _judge(self, claim: Claim, marker: Marker | None, undecided: Verdict | None) -> Verdict:
        if marker is not None and claim.prepared is not None and marker.checkpoint == claim.prepared.number:
            return Verdict.COMMITTED
        return super()._judge(claim, marker, undecided)


class NoRenewal(CommitProtocol):
    """A process that goes back claims the directory whether or not it has been taken over."""

    def recover(self, standing: Standing) -> Procedure[Standing]:
        return self._recover(None, None)


def _prepare_sinks(protocol: CommitProtocol, standing: Standing) -> Procedure[Standing]:
    prepared: dict[str, object] = {}
    for sink in protocol.sinks:
        prepared[sink] = yield PrepareSink(sink, standing.checkpoint.number + 1)
    return _following(protocol, standing, prepared)


def _following(protocol: CommitProtocol, standing: Standing, prepared: dict[str, Any]) -> Standing:
    number = standing.checkpoint.number + 1
    checkpoint = Checkpoint(number, standing.epoch, protocol.is_transactional, prepared)
    return Standing(standing.state_id, standing.epoch, checkpoint)


def _go_on(protocol: CommitProtocol, following: Standing) -> Procedure[Standing]:
    yield from protocol._complete(following.checkpoint, following.epoch)
    if protocol.is_transactional:
        yield BeginTransaction()
    yield ReleaseOutput()
    return following
