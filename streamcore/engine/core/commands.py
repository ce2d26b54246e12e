"""What the commit protocol asks for: one command a step, carried out by whoever drives it.

Each class tells what is to be done, what the result is that is sent back, and what may be thrown back instead. Other
exceptions than those end the run; whatever was left half done is put right by the next start.
"""

from __future__ import annotations

import dataclasses
from typing import TypeAlias

from streamcore.engine.core.checkpoint import Checkpoint
from streamcore.model.transactions import Marker
from streamcore.model.two_phase import SinkRestart


@dataclasses.dataclass(frozen=True, slots=True)
class LockState:
    """Take the lock of the state directory, so that nobody starts from it by accident.

    Result: None. Refused with the holder's name while another process holds it, unless `take_over`.
    """

    take_over: bool


@dataclasses.dataclass(frozen=True, slots=True)
class ClaimEpoch:
    """Claim the state directory in one transaction of its database, and read what it holds.

    Result: a `Claim` with a higher epoch than any before. From then on every write under an older epoch fails with
    `StateTakenOverError`.

    If `held` is given the claim is renewed: it fails with `StateTakenOverError`, unless `held` is still the last one.
    """

    held: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class PrepareState:
    """Write a checkpoint to the directory, undecided; it is safe on the disk when this returns (synchronous=FULL).

    With it go the state of the engine and the positions of the sources at the barrier, or, for checkpoint 0, those that
    `ResolvePositions` has found. Result: None.

    Refused with `StateTakenOverError` if `checkpoint.epoch` is not the last claim.
    """

    checkpoint: Checkpoint


@dataclasses.dataclass(frozen=True, slots=True)
class ApplyState:
    """The prepared checkpoint of this number holds. Result: None. Checks `epoch` as `PrepareState` does."""

    number: int
    epoch: int


@dataclasses.dataclass(frozen=True, slots=True)
class RollBackState:
    """The prepared checkpoint of this number does not hold: forget it. Result: None. Checks `epoch`."""

    number: int
    epoch: int


@dataclasses.dataclass(frozen=True, slots=True)
class InitTransactions:
    """`Transactions.initialise` under a transactional id that follows from the state id alone. Result: None.

    Throws a `TransactionError` back.
    """

    state_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class ReadMarker:
    """`Transactions.read_marker`. Result: a `Marker` or None. Throws a `TransactionError` back.

    It must not wait for ever: a process that began later may have left a transaction open. `TransactionUnknownError`
    after some seconds leads to another `InitTransactions`, which ends that one.
    """

    state_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class BeginTransaction:
    """`Transactions.begin`. Result: None."""


@dataclasses.dataclass(frozen=True, slots=True)
class AddMarker:
    """Flush all records of the open transaction, then `Transactions.add_marker`.

    The offsets of the sources may be added too, for others to see. Result: None. Throws a `TransactionError` back, also
    for records of this transaction that were refused before.
    """

    marker: Marker


@dataclasses.dataclass(frozen=True, slots=True)
class CommitTransaction:
    """`Transactions.commit`. Result: None if it is certain that it is committed. Throws a `TransactionError` back."""


@dataclasses.dataclass(frozen=True, slots=True)
class PrepareSink:
    """`TwoPhaseSink.prepare` of the sink with this label. Result: what it returns, which is plain data.

    When it has returned the sink may be written to again: that belongs to the next checkpoint.
    """

    sink: str
    number: int


@dataclasses.dataclass(frozen=True, slots=True)
class CommitSink:
    """`TwoPhaseSink.commit` of the sink with this label. Result: None."""

    sink: str
    number: int
    prepared: object


@dataclasses.dataclass(frozen=True, slots=True)
class RestartSink:
    """`TwoPhaseSink.restart` of the sink with this label. Result: None."""

    sink: str
    restart: SinkRestart


@dataclasses.dataclass(frozen=True, slots=True)
class ResolvePositions:
    """Find out where every split begins, as numbers, so that `latest` means the same after a crash.

    The driver keeps them for the `PrepareState` of checkpoint 0, which follows. Result: by the label of a two-phase
    sink, what it begins with in place of what `prepare` returns; nothing unless the run begins with a savepoint.
    """


@dataclasses.dataclass(frozen=True, slots=True)
class RestoreEngine:
    """Throw away all that was done after this checkpoint, output that is held back too, and begin again from it.

    The engine's state and the positions of the readers are those of the checkpoint. Nothing is polled before
    `ReleaseOutput`. Result: None.
    """

    number: int


@dataclasses.dataclass(frozen=True, slots=True)
class HoldOutput:
    """The barrier: what has been read so far belongs to this checkpoint, what is read from now on to the next one.

    Have the engine come to rest and all sinks take what it has put out, then take its state and the positions. From
    now on no sink is written to; the engine may go on while its queues have room. Result: None. Throws a
    `TransactionError` back if writing failed with one.
    """


@dataclasses.dataclass(frozen=True, slots=True)
class ReleaseOutput:
    """Let sources be polled and sinks be written to, beginning with what was held back. Result: None."""


Command: TypeAlias = (
    LockState
    | ClaimEpoch
    | PrepareState
    | ApplyState
    | RollBackState
    | InitTransactions
    | ReadMarker
    | BeginTransaction
    | AddMarker
    | CommitTransaction
    | PrepareSink
    | CommitSink
    | RestartSink
    | ResolvePositions
    | RestoreEngine
    | HoldOutput
    | ReleaseOutput
)
