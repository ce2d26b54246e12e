"""The searches that show the protocol right: those of every test run, and the long ones."""

from __future__ import annotations

from typing import Final, NamedTuple

from streamcore.engine.core.commit import CommitProtocol
from tests.protocol.driver import Driver
from tests.protocol.explorer import COPIES, KINDS, Explorer, Report
from tests.protocol.world import SINK


class Search(NamedTuple):
    """A job, and what may go wrong with it.

    Attributes:
        name: What it is about.
        faults: How many things go wrong at most.
        kinds: Which things.
        records: How many records the job reads.
        per_checkpoint: How many it reads between two checkpoints.
        on_request: Whether checkpoints may also come earlier.
        is_transactional: Whether it writes to a cluster, and not only to a two-phase sink.
        attempts: How often a commit is asked for.
        processes: How many live at once before nobody takes over any more.
        in_turn: Whether one process runs at a time, until something happens.
        refuses: Whether there are starts that have to be refused.
    """

    name: str
    faults: int
    kinds: frozenset[str] = KINDS
    records: int = 4
    per_checkpoint: int = 2
    on_request: bool = False
    is_transactional: bool = True
    attempts: int = 1
    processes: int = 2
    in_turn: bool = True
    refuses: bool = True

    def __str__(self) -> str:
        return self.name

    def run(self) -> Report:
        """Searches."""
        protocol = CommitProtocol((SINK,), self.is_transactional, self.attempts)
        driver = Driver(protocol, records=self.records, per_checkpoint=self.per_checkpoint, on_request=self.on_request)
        return Explorer(driver, kinds=self.kinds, processes=self.processes, in_turn=self.in_turn).search(self.faults)


ALONE: Final = KINDS - {"zombies"}
ZOMBIES: Final = frozenset({"crashes", "zombies"})
QUICK: Final = [
    Search("one process", 3, ALONE, records=6),
    Search("one process that asks again", 3, ALONE, attempts=2),
    Search("checkpoints at any time", 3, ALONE, records=3, on_request=True),
    Search("zombies", 3, ZOMBIES, records=2, per_checkpoint=1, refuses=False),
    Search("zombies in every order", 2, in_turn=False),
    Search("copies of the directory", 3, COPIES, records=2, on_request=True),
    Search("no cluster", 3, ZOMBIES, is_transactional=False, refuses=False),
]
LONG: Final = [
    Search("two processes", 3),
    Search("three processes", 3, records=2, per_checkpoint=1, processes=3),
    Search("zombies in every order", 3, ZOMBIES, records=2, per_checkpoint=1, in_turn=False, refuses=False),
    Search("copies of the directory", 3, COPIES),
    Search("checkpoints at any time", 2, on_request=True),
    Search("no cluster, in every order", 3, processes=3, in_turn=False, is_transactional=False, refuses=False),
]
