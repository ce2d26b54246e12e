"""What the protocol makes of a state directory and a marker, and what it refuses."""

from __future__ import annotations

import re
from typing import Any

import pytest

from streamcore.engine.core.checkpoint import Checkpoint, Claim, Standing
from streamcore.engine.core.commands import ClaimEpoch, CommitTransaction, InitTransactions, LockState, ReadMarker
from streamcore.engine.core.commit import CommitProtocol, Procedure
from streamcore.engine.core.verdict import Verdict, judge
from streamcore.errors import (
    MarkerAheadError,
    MarkerBehindError,
    MarkerMissingError,
    StartRefusedError,
    TransactionUnknownError,
    UndecidedCheckpointError,
)
from streamcore.model.transactions import Marker

BEHIND = (
    "the state directory knows of checkpoint 3 of epoch 1, but its cluster has committed only checkpoint 2 of epoch 1: "
    "the cluster has lost transactions, or this is another one; use the cluster that was written to, or an empty state "
    "directory to begin anew"
)


def ahead(known: str, marker: str) -> str:
    return (
        f"the state directory knows of {known}, but its cluster has committed {marker}: the directory is an older "
        "copy, and going on from it would write output a second time; use the directory that ran last, or an empty "
        "one to begin anew"
    )


def claim(
    applied: tuple[int, int] | None, prepared: tuple[int, int] | None = None, transactional: bool = True
) -> Claim:
    saved = [one and Checkpoint(*one, transactional, {}) for one in (applied, prepared)]
    return Claim("id", 5, *saved)


CERTAIN: list[tuple[tuple[int, int] | None, tuple[int, int] | None, tuple[int, int] | None, Verdict]] = [
    # applied, prepared, marker
    (None, None, None, Verdict.COMMITTED),
    (None, (0, 1), None, Verdict.COMMITTED),  # nothing has been read yet
    ((0, 1), None, None, Verdict.COMMITTED),
    ((3, 1), None, (3, 1), Verdict.COMMITTED),
    ((3, 1), None, None, Verdict.COMMITTED),  # forgotten while nothing was undecided
    ((3, 1), (4, 1), (4, 1), Verdict.COMMITTED),
    ((3, 1), (4, 2), (3, 1), Verdict.ABORTED),
]


@pytest.mark.parametrize(("applied", "prepared", "marker", "verdict"), CERTAIN)
def test_certain(applied: Any, prepared: Any, marker: Any, verdict: Verdict) -> None:
    assert judge(claim(applied, prepared), marker and Marker("id", *marker), is_transactional=True) == verdict


REFUSED: list[tuple[Any, Any, Any, type[StartRefusedError], str]] = [
    (None, None, (0, 1), MarkerAheadError, ahead("no checkpoint", "checkpoint 0 of epoch 1")),
    ((3, 1), None, (4, 1), MarkerAheadError, ahead("checkpoint 3 of epoch 1", "checkpoint 4 of epoch 1")),
    ((3, 1), None, (3, 2), MarkerAheadError, ahead("checkpoint 3 of epoch 1", "checkpoint 3 of epoch 2")),
    ((3, 1), (4, 1), (4, 2), MarkerAheadError, ahead("checkpoint 4 of epoch 1", "checkpoint 4 of epoch 2")),
    ((3, 1), (4, 1), (5, 1), MarkerAheadError, ahead("checkpoint 4 of epoch 1", "checkpoint 5 of epoch 1")),
    ((3, 1), None, (2, 1), MarkerBehindError, BEHIND),
    ((3, 1), (4, 1), (2, 1), MarkerBehindError, BEHIND),
    (
        (3, 1),
        (4, 1),
        None,
        MarkerMissingError,
        "checkpoint 4 was prepared, but its cluster no longer knows whether the transaction was committed: the marker "
        "has expired or was deleted, or this is another cluster; look whether the output of the last checkpoint is in "
        "the topics, then start once with undecided='committed' if it is, and undecided='aborted' if it is not",
    ),
]


@pytest.mark.parametrize(("applied", "prepared", "marker", "error", "message"), REFUSED)
def test_refused(applied: Any, prepared: Any, marker: Any, error: type[StartRefusedError], message: str) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        judge(claim(applied, prepared), marker and Marker("id", *marker), is_transactional=True)


def test_without_transactions_for_a_while_the_marker_stays_behind() -> None:
    found = Claim("id", 5, Checkpoint(3, 1, False, {}), None)
    assert judge(found, Marker("id", 2, 1), is_transactional=True) == Verdict.COMMITTED
    message = ahead("checkpoint 3 of epoch 1", "checkpoint 4 of epoch 1")
    with pytest.raises(MarkerAheadError, match=f"^{re.escape(message)}$"):
        judge(found, Marker("id", 4, 1), is_transactional=True)


def test_once_a_transaction_is_prepared_the_marker_is_not_behind_any_more() -> None:
    found = Claim("id", 5, Checkpoint(3, 1, False, {}), Checkpoint(4, 1, True, {}))
    with pytest.raises(MarkerBehindError, match=f"^{re.escape(BEHIND)}$"):
        judge(found, Marker("id", 2, 1), is_transactional=True)


@pytest.mark.parametrize("verdict", Verdict)
def test_what_the_cluster_forgot_can_be_told(verdict: Verdict) -> None:
    assert judge(claim((3, 1), (4, 1)), None, is_transactional=True, undecided=verdict) == verdict


@pytest.mark.parametrize("verdict", Verdict)
def test_what_the_cluster_knows_cannot_be_overruled(verdict: Verdict) -> None:
    certain = claim((3, 1), (4, 1))
    assert judge(certain, Marker("id", 4, 1), is_transactional=True, undecided=verdict) == Verdict.COMMITTED
    assert judge(certain, Marker("id", 3, 1), is_transactional=True, undecided=verdict) == Verdict.ABORTED


def test_without_a_cluster_what_is_prepared_holds() -> None:
    assert judge(claim((3, 1), (4, 1), transactional=False), None, is_transactional=False) == Verdict.COMMITTED


@pytest.mark.parametrize(
    ("was", "told"), [(True, "with a transactional sink"), (False, "without a transactional sink")]
)
def test_a_pipeline_that_decides_in_another_way(was: bool, told: str) -> None:
    message = (
        f"checkpoint 4 was prepared by a pipeline {told}, and only that one can tell whether it was committed; start "
        "the pipeline once as it was, then change it"
    )
    with pytest.raises(UndecidedCheckpointError, match=f"^{re.escape(message)}$"):
        judge(claim((3, 1), (4, 1), transactional=was), None, is_transactional=not was)


def answer(procedure: Procedure[Standing], *answers: Any) -> list[Any]:
    """The commands of a procedure that is given some answers."""
    return [next(procedure), *map(procedure.send, answers)]


def test_a_sink_that_is_gone_has_something_to_commit() -> None:
    prepared = Checkpoint(4, 1, False, {"files": 1, "rows": 2})
    found = Claim("id", 5, Checkpoint(3, 1, False, {}), prepared)
    procedure = CommitProtocol(("rows",)).start()
    assert answer(procedure, None, found) == [LockState(False), ClaimEpoch(None), ClaimEpoch(5)]
    message = (
        "checkpoint 4 was prepared by a pipeline with 'files', and only that one can tell whether it was committed; "
        "start the pipeline once as it was, then change it"
    )
    with pytest.raises(UndecidedCheckpointError, match=f"^{re.escape(message)}$"):
        procedure.send(found)


def test_the_order_of_a_start() -> None:
    procedure = CommitProtocol(is_transactional=True).start(take_over=True)
    assert answer(procedure, None, claim((3, 1)), None) == [
        LockState(True),
        ClaimEpoch(None),
        InitTransactions("id"),
        ReadMarker("id"),
    ]


def test_a_commit_is_asked_for_as_often_as_said() -> None:
    checkpoint = Checkpoint(3, 5, True, {})
    procedure = CommitProtocol(is_transactional=True).checkpoint(Standing("id", 5, checkpoint))
    answer(procedure, None, None, None)
    commands = [procedure.throw(TransactionUnknownError()) for _ in range(3)]
    assert commands == [CommitTransaction(), CommitTransaction(), ClaimEpoch(5)]
