"""Each rule of the protocol is left out once: the search must then find what goes wrong."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import pytest

from streamcore.engine.core.commit import CommitProtocol
from tests.protocol import broken
from tests.protocol.driver import DUTIES, Driver
from tests.protocol.explorer import KINDS, Explorer, Report
from tests.protocol.world import SINK


class Rule(NamedTuple):
    """A rule and what shows without it.

    Attributes:
        text: The rule.
        found: What the search finds without it, as a pattern.
        protocol: The protocol without it.
        broken: What the world does not do, if it is a rule for the world.
        faults: With how many faults it shows.
        kinds: Of which kinds.
        is_transactional: Whether with a cluster.
    """

    text: str
    found: str
    protocol: type[CommitProtocol] = CommitProtocol
    broken: tuple[str, ...] = ()
    faults: int = 2
    kinds: str = "crashes replies expiry zombies"
    is_transactional: bool = True


RULES: Final = [
    Rule("the directory is locked", "takes the directory, which nobody asked for", broken.NoLock, faults=1),
    Rule("fencing shuts writers out", "doubled in the cluster", broken=("writers are shut out",), faults=1),
    Rule("a wait for the marker ends", "nothing goes on", broken=("no wait for ever",), kinds="zombies crashes"),
    Rule("fencing before the marker", "does not come to rest", broken.MarkerBeforeFencing, faults=1),
    Rule("prepare checks the epoch", "", broken=("prepare checks the epoch", "one undecided")),
    Rule("apply checks the epoch", "", broken=("apply checks the epoch", ), faults=3, kinds="crashes zombies"),
    Rule("roll back checks the epoch", "", broken=("roll back checks the epoch",), faults=3, kinds="crashes zombies"),
    Rule("the claim comes before the marker", "", broken.MarkerBeforeClaim),
    Rule("the claim comes before fencing", "", broken.ClaimAfterFencing),
    Rule("the claim comes before fencing, with late marker", "", broken.LateMarkerAndClaimAfterFencing, faults=3, kinds="zombies"),
    Rule("late marker", "", broken.LateMarker, faults=2),
    Rule("late marker and marker before fencing", "", broken.LateMarkerAndMarkerBeforeFencing, faults=2),
    Rule("stable offsets", "", broken=("stable offsets",)),
    Rule("a marker before the first record", "MarkerMissingError", broken.NoMarkerAtStart),
    Rule("start positions are kept", "lost", broken.NoPositionsAtStart, ("one undecided",), faults=1),
    Rule("one undecided checkpoint", "", broken.ApplyWithTheNextCheckpoint, ("one undecided",)),
    Rule("output of the next epoch is held back", "doubled", broken.NoBarrier),
    Rule("unknown is not committed", "", broken.UnknownIsCommitted),
    Rule("unknown is not aborted", "", broken.UnknownIsAborted),
    Rule("sinks are prepared before the state", "", broken.StateBeforeSinks, is_transactional=False),
    Rule("sinks are prepared before the state, tx", "", broken.StateBeforeSinks),
    Rule("the state is prepared before the commit", "", broken.CommitBeforeState),
    Rule("other sinks commit after the decision", "", broken.SinksBeforeTheDecision),
    Rule("apply comes last", "", broken.ApplyBeforeSinks),
    Rule("apply comes last, db", "", broken.ApplyBeforeSinks, is_transactional=False),
    Rule("commits are done again", "", broken.NothingDoneAgain),
    Rule("commits are done again, db", "", broken.NothingDoneAgain, is_transactional=False),
    Rule("a missing marker is not aborted", "", broken.MissingIsAborted),
    Rule("a missing marker is not committed", "", broken.MissingIsCommitted),
    Rule("a marker ahead refuses", "", broken.AheadIsNothing, kinds="crashes copies"),
    Rule("the marker has the epoch", "", broken.AnyEpoch, faults=3, kinds="crashes copies"),
    Rule("a renewed claim is a new one", "", broken=("a renewed claim is a new one",), faults=3, kinds="crashes copies expiry"),
    Rule("a claim is renewed", "takes the directory, which nobody asked for", broken.NoRenewal, faults=1),
    Rule("later epochs are left alone", "", broken=("later epochs are left alone",), faults=3, kinds="zombies expiry"),
    Rule("sinks restart", "", broken.NoRestartOfSinks),
    Rule("the claim is checked before a refusal", "", broken.NoCheckBeforeARefusal),
]


def search(rule: Rule, faults: int) -> Report:
    protocol = rule.protocol((SINK,), rule.is_transactional, 1)
    driver = Driver(protocol, records=4, per_checkpoint=2, broken=frozenset(rule.broken))
    return Explorer(driver, kinds=frozenset(rule.kinds.split())).search(faults)
