"""Whether a checkpoint that a crash left prepared was committed."""

from __future__ import annotations

import enum

from streamcore.engine.core.checkpoint import Checkpoint, Claim
from streamcore.errors import MarkerAheadError, MarkerBehindError, MarkerMissingError, UndecidedCheckpointError
from streamcore.model.transactions import Marker


class Verdict(enum.Enum):
    """What became of a prepared checkpoint."""

    COMMITTED = "committed"
    ABORTED = "aborted"


def judge(claim: Claim, marker: Marker | None, is_transactional: bool, undecided: Verdict | None = None) -> Verdict:
    """What became of the prepared checkpoint; `COMMITTED` also if there is none, and all is well.

    Args:
        claim: What the state directory knows.
        marker: What the cluster knows; None too if there is no cluster.
        is_transactional: Whether the pipeline has a cluster.
        undecided: What to take for granted if the cluster no longer knows; None to refuse.

    Raises:
        StartRefusedError: If neither is certain.
    """
    if claim.prepared is None:
        if not _was_without_cluster(claim.applied, marker):
            _refuse_other_history(claim.applied, marker)
        return Verdict.COMMITTED
    if claim.prepared.is_transactional != is_transactional:
        sinks = "without a transactional sink" if is_transactional else "with a transactional sink"
        raise UndecidedCheckpointError(claim.prepared.number, sinks)
    if not is_transactional:
        return Verdict.COMMITTED
    return _judge_by_marker(claim.prepared, claim.applied, marker, undecided)


def _judge_by_marker(
    prepared: Checkpoint, applied: Checkpoint | None, marker: Marker | None, undecided: Verdict | None
) -> Verdict:
    if marker is None:
        if applied is None:  # before the first record there is nothing to commit
            return Verdict.COMMITTED
        if undecided is None:
            raise MarkerMissingError(prepared.number)
        return undecided
    if _is_of(marker, prepared):
        return Verdict.COMMITTED
    if marker.checkpoint >= prepared.number:
        raise MarkerAheadError(str(prepared), _told(marker))
    _refuse_other_history(applied, marker)
    return Verdict.ABORTED


def _was_without_cluster(applied: Checkpoint | None, marker: Marker | None) -> bool:
    """Whether the pipeline has gone on without transactions since the marker was committed."""
    return (
        applied is not None
        and marker is not None
        and not applied.is_transactional
        and marker.checkpoint < applied.number
    )


def _refuse_other_history(applied: Checkpoint | None, marker: Marker | None) -> None:
    if marker is None or (applied is not None and _is_of(marker, applied)):
        return
    if applied is not None and marker.checkpoint < applied.number:
        raise MarkerBehindError(str(applied), _told(marker))
    raise MarkerAheadError("no checkpoint" if applied is None else str(applied), _told(marker))


def _is_of(marker: Marker, checkpoint: Checkpoint) -> bool:
    """The epoch tells a checkpoint from one of the same number that an older copy of the directory does not know of."""
    return (marker.checkpoint, marker.epoch) == (checkpoint.number, checkpoint.epoch)


def _told(marker: Marker) -> str:
    return f"checkpoint {marker.checkpoint} of epoch {marker.epoch}"
