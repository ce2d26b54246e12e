"""The sinks of a run, as the commit protocol sees them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from streamcore.engine.outlet import Outlet
from streamcore.engine.transactional_sinks import transactional_sinks
from streamcore.errors import TransactionError
from streamcore.model.transactions import TransactionalSink, Transactions
from streamcore.model.two_phase import SinkRestart, TwoPhaseSink


class CommittingSinks:
    """All sinks of a run; those of two phases by their labels, and the cluster of those that write in transactions.

    Args:
        outlets: The sinks.
        interval: Microseconds from one checkpoint to the next; None: only on request.

    Raises:
        PipelineError: If the sinks cannot be written to exactly once together.
    """

    def __init__(self, outlets: Sequence[Outlet], interval: int | None) -> None:
        self._outlets = outlets
        self._two_phase: dict[str, tuple[Outlet, TwoPhaseSink[Any]]] = {
            outlet.label: (outlet, outlet.sink) for outlet in outlets if isinstance(outlet.sink, TwoPhaseSink)
        }
        self._transactional = transactional_sinks(outlets, interval)
        self._transactions: Transactions | None = None

    def labels(self) -> tuple[str, ...]:
        """The sinks that take part in two phases."""
        return tuple(self._two_phase)

    def is_transactional(self) -> bool:
        """Whether there is a cluster whose transactions decide."""
        return bool(self._transactional)

    def cluster(self) -> Transactions:
        """The transactions of that cluster."""
        assert self._transactions is not None
        return self._transactions

    async def open(self, state_id: str) -> None:
        """Has the sinks join the transactions of a state directory, and opens them."""
        if self._transactional:
            self._transactions = self._transactional[0].transactions(state_id)
            for sink in self._transactional:
                sink.join(self._transactions)
        await self.reopen()

    async def reopen(self) -> None:
        """Opens the sinks that are not open: they may have come to their end before."""
        for outlet in self._outlets:
            await outlet.open()

    async def settle(self, is_last: bool) -> None:
        """Waits until the sinks have been given all that belongs to a checkpoint, and holds back what follows.

        Args:
            is_last: Nothing follows.
        """
        for outlet in self._outlets:
            await outlet.written()
            outlet.hold()
            await _settle(outlet, is_last)

    async def prepare(self, label: str, number: int) -> object:
        """Prepares a sink of two phases; returns what `commit` needs."""
        outlet, sink = self._two_phase[label]
        return await outlet.guard(sink.prepare(number), "prepare")

    async def commit(self, label: str, number: int, prepared: object) -> None:
        """Commits what a sink has prepared."""
        outlet, sink = self._two_phase[label]
        await outlet.guard(sink.commit(number, prepared), "commit")

    async def restart(self, label: str, restart: SinkRestart) -> None:
        """Has a sink of two phases go on from a checkpoint."""
        outlet, sink = self._two_phase[label]
        await outlet.guard(sink.restart(restart), "restart")

    async def adopt(self, state_id: str, epoch: int, saved: Mapping[str, object]) -> dict[str, object]:
        """Has the sinks take over what was not complete in a savepoint.

        Args:
            state_id: The state directory of the run that begins with it.
            epoch: Its claim on it.
            saved: What sinks had prepared, by label.
        """
        adopted = {}
        for label, (outlet, sink) in self._two_phase.items():
            if label in saved:
                restart = SinkRestart(state_id, label, epoch, 0, saved[label])
                adopted[label] = await outlet.guard(sink.adopt(restart), "adopt")
        return adopted

    async def close(self) -> None:
        """Closes the sinks, after the last checkpoint."""
        for outlet in self._outlets:
            await outlet.close()

    async def end_transactions(self) -> None:
        """Aborts the open transaction, and frees what the cluster's transactions hold."""
        if self._transactions is None:
            return
        try:
            with contextlib.suppress(TransactionError):
                await self._transactions.abort()
        finally:
            await self._transactions.close()


async def _settle(outlet: Outlet, is_last: bool) -> None:
    if isinstance(outlet.sink, TwoPhaseSink):
        if is_last:
            await outlet.guard(outlet.sink.finish(), "finish")
    elif is_last and not isinstance(outlet.sink, TransactionalSink):
        await outlet.close()  # not after the checkpoint, as a crash in between would leave it for ever incomplete
    else:
        await outlet.guard(outlet.sink.sync(), "sync")
