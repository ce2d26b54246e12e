"""A cluster with transactions, in memory, which outlives the runs that write to it, and fails when a test wants it."""

from __future__ import annotations

import asyncio
from typing import Any

from streamcore.errors import TransactionAbortedError, TransactionError, TransactionFencedError, TransactionUnknownError
from streamcore.model.bundle import Bundle
from streamcore.model.transactions import Marker, TransactionalSink, Transactions


class Cluster:
    """What a cluster holds.

    Attributes:
        rows: What has been committed.
        marker: The last marker that has been committed.
        start_faults: What the next starts of transactions raise.
        commit_faults: What the next commits raise, the next one last; None: that one goes through.
        lost_answers: How many commits from now on are carried out, but not answered.
        write_faults: What the next writes raise.
        aborted: How many transactions have been aborted.
    """

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self.marker: Marker | None = None
        self.start_faults: list[TransactionError] = []
        self.commit_faults: list[Exception | None] = []
        self.lost_answers = 0
        self.write_faults: list[TransactionError] = []
        self.aborted = 0
        self.writer = 0


class ClusterTransactions(Transactions):
    """The transactions of one writer."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._writer = 0
        self._open: list[Any] | None = None
        self._marker: Marker | None = None

    async def initialise(self) -> None:
        self._cluster.writer += 1
        self._writer = self._cluster.writer
        self._open = None

    async def read_marker(self) -> Marker | None:
        return self._cluster.marker

    async def begin(self) -> None:
        if self._cluster.start_faults:
            raise self._cluster.start_faults.pop()
        self._open, self._marker = [], None

    async def write(self, rows: list[Any]) -> None:
        await asyncio.sleep(0)
        if self._cluster.write_faults:
            raise self._cluster.write_faults.pop()
        assert self._open is not None, "a write outside a transaction"
        self._open += rows

    async def add_marker(self, marker: Marker) -> None:
        self._marker = marker

    async def commit(self) -> None:
        await asyncio.sleep(0)
        if self._writer != self._cluster.writer:
            raise TransactionFencedError("another writer has begun")
        fault = self._cluster.commit_faults.pop() if self._cluster.commit_faults else None
        if fault is not None:
            raise fault
        if self._open is not None:
            self._cluster.rows += self._open
            self._cluster.marker = self._marker
        self._open = None
        if self._cluster.lost_answers:
            self._cluster.lost_answers -= 1
            raise TransactionUnknownError("no answer")

    async def abort(self) -> None:
        if self._open is not None:
            self._cluster.aborted += 1
        self._open = None

    async def close(self) -> None:
        pass


class ClusterSink(TransactionalSink[Any]):
    """Writes to a cluster."""

    transaction_timeout = 60_000_000

    def __init__(self, cluster: Cluster, name: str = "one") -> None:
        self.cluster = name
        self._target = cluster
        self._joined: ClusterTransactions | None = None

    def transactions(self, state_id: str) -> Transactions:
        return ClusterTransactions(self._target)

    def join(self, transactions: Transactions) -> None:
        assert isinstance(transactions, ClusterTransactions)
        self._joined = transactions

    async def write(self, bundle: Bundle) -> None:
        assert self._joined is not None
        await self._joined.write(bundle.values)


def fenced() -> TransactionError:
    return TransactionFencedError("the transaction has expired")


def aborted() -> TransactionError:
    return TransactionAbortedError("the transaction was aborted")
