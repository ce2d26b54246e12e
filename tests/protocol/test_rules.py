"""Each rule of the protocol is left out once: the search must then find what goes wrong."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import pytest

from streamcore.engine.core.commit import CommitProtocol
from tests.protocol import broken
from tests.protocol.driver import Driver
from tests.protocol.explorer import Explorer, Report
from tests.protocol.world import SINK

ANY: Final = "crashes replies expiry forgetting zombies"


class Rule(NamedTuple):
    """A rule, and what shows without it.

    Attributes:
        text: The rule.
        found: What the search finds without it.
        faults: With how many faults.
        protocol: The protocol without it.
        broken: What the world does not do, if the world has to keep it.
        kinds: Which faults there are.
        is_transactional: Whether there is a cluster.
    """

    text: str
    found: str
    faults: int
    protocol: type[CommitProtocol] = CommitProtocol
    broken: tuple[str, ...] = ()
    kinds: str = ANY
    is_transactional: bool = True


RULES: Final = [
    Rule("lock the directory", "takes the directory, which nobody asked for", 1, broken.NoLock),
    Rule("claim before the marker is read", "MarkerMissingError", 2, broken.MarkerBeforeClaim),
    Rule(
        "claim before writers are shut out", "MarkerAheadError", 3, broken.LateMarkerAndClaimAfterFencing, (), "zombies"
    ),
    Rule("shut writers out", "doubled in the cluster", 1, broken=("writers are shut out",)),
    Rule("shut out before the marker is read", "does not come to rest", 1, broken.MarkerBeforeFencing),
    Rule("read stable offsets", "doubled in the cluster", 1, broken=("stable offsets",)),
    Rule("do not wait for ever for them", "nothing goes on", 2, broken=("no wait for ever",)),
    Rule("check the epoch to prepare", "was taken over and writes", 2, broken=("prepare checks the epoch",)),
    Rule("check the epoch to apply", "was taken over and writes", 2, broken=("apply checks the epoch",)),
    Rule("check the epoch to roll back", "was taken over and writes", 3, broken=("roll back checks the epoch",)),
    Rule("renew the claim to go back", "takes the directory, which nobody asked for", 1, broken.NoRenewal),
    Rule(
        "renew it with a new epoch",
        "lost in the",
        3,
        broken=("a renewed claim is a new one",),
        kinds="crashes expiry copies",
    ),
    Rule("check the claim before a refusal", "MarkerAheadError", 2, broken.NoCheckBeforeARefusal),
    Rule("commit a marker before the first record", "MarkerMissingError", 1, broken.NoMarkerAtStart),
    Rule("keep the start positions", "lost in the", 1, broken.NoPositionsAtStart, ("one undecided",)),
    Rule("one undecided checkpoint", "MarkerAheadError", 1, broken.ApplyWithTheNextCheckpoint, ("one undecided",)),
    Rule("hold the next epoch's output back", "doubled in the cluster", 1, broken.NoBarrier),
    Rule("unknown is not committed", "lost in the cluster", 1, broken.UnknownIsCommitted),
    Rule("unknown is not aborted", "doubled in the cluster", 1, broken.UnknownIsAborted),
    Rule("sinks before the state", "lost in the sink", 1, broken.StateBeforeSinks),
    Rule("sinks before the state, no cluster", "lost in the sink", 1, broken.StateBeforeSinks, is_transactional=False),
    Rule("state before the commit", "MarkerAheadError", 1, broken.CommitBeforeState),
    Rule("other sinks after the commit", "doubled in the sink", 1, broken.SinksBeforeTheDecision),
    Rule("apply after the sinks", "lost in the sink", 1, broken.ApplyBeforeSinks),
    Rule("apply after the sinks, no cluster", "lost in the sink", 1, broken.ApplyBeforeSinks, is_transactional=False),
    Rule("commit sinks again", "lost in the sink", 1, broken.NothingDoneAgain),
    Rule("commit sinks again, no cluster", "lost in the sink", 1, broken.NothingDoneAgain, is_transactional=False),
    Rule("restart sinks", "doubled in the sink", 1, broken.NoRestartOfSinks),
    Rule("leave later epochs alone", "lost in the sink", 2, broken=("later epochs are left alone",)),
    Rule("missing is not aborted", "doubled in the cluster", 2, broken.MissingIsAborted),
    Rule("missing is not committed", "lost in the cluster", 2, broken.MissingIsCommitted),
    Rule("refuse a marker ahead", "doubled in the cluster", 2, broken.AheadIsNothing, kinds="crashes copies"),
    Rule("the marker has the epoch", "lost in the sink", 3, broken.AnyEpoch, kinds="crashes copies"),
]


def search(rule: Rule, faults: int) -> Report:
    driver = Driver(
        rule.protocol((SINK,), rule.is_transactional, commit_attempts=1),
        records=3 if "copies" in rule.kinds else 4,
        per_checkpoint=2,
        on_request="copies" in rule.kinds,
        broken=frozenset(rule.broken),
    )
    return Explorer(driver, kinds=frozenset(rule.kinds.split()), processes=2).search(faults)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.text)
def test_without_a_rule_something_goes_wrong(rule: Rule) -> None:
    report = search(rule, rule.faults)
    print(report)
    assert report.violation is not None
    assert re.match(rule.found, report.violation)
