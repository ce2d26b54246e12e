"""The contract of a cluster whose transactions decide whether a checkpoint holds, and the marker it keeps."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Generic, TypeVar

from streamcore.model.sink import Sink

T = TypeVar("T", contravariant=True)

SEPARATOR: Final = ":"


@dataclasses.dataclass(frozen=True, slots=True)
class Marker:
    """What a transaction commits together with its records: the checkpoint they belong to.

    Attributes:
        state_id: The state directory.
        checkpoint: Number of the checkpoint.
        epoch: Which of the processes that have owned the directory, one after another, took it.

    >>> Marker("6fd0", 7, 2).encode()
    '6fd0:7:2'
    >>> Marker.decode("6fd0:7:2")
    Marker(state_id='6fd0', checkpoint=7, epoch=2)
    """

    state_id: str
    checkpoint: int
    epoch: int

    def encode(self) -> str:
        """The marker as text, for the metadata of an offset."""
        return SEPARATOR.join((self.state_id, str(self.checkpoint), str(self.epoch)))

    @classmethod
    def decode(cls, text: str) -> Marker:
        """A marker of its text.

        Raises:
            ValueError: If it is not the text of a marker.
        """
        state_id, checkpoint, epoch = text.rsplit(SEPARATOR, 2)
        return cls(state_id, int(checkpoint), int(epoch))


class Transactions(abc.ABC):
    """The transactions of one cluster, which all transactional sinks of a pipeline share.

    The engine calls `initialise`, `read_marker`, and then, for each checkpoint, `begin`, `add_marker` and `commit`.
    Between `begin` and `add_marker` the sinks write their records.

    Every method but `begin` may raise `TransactionFencedError` (the cluster takes nothing more from this writer),
    `TransactionAbortedError` (nothing of the transaction will be seen) or `TransactionUnknownError` (no answer came in
    time). What else they raise ends the run.
    """

    @abc.abstractmethod
    async def initialise(self) -> None:
        """Shuts out every earlier writer of the same state directory and ends its transaction.

        What it left open is aborted; a commit that the cluster has accepted is waited for.
        """

    @abc.abstractmethod
    async def read_marker(self) -> Marker | None:
        """The last marker that was committed, or None if there is none.

        Called after `initialise`. Waits while a transaction that holds a marker is undecided ("stable" offsets): what
        was committed a moment ago must not be overlooked.
        """

    @abc.abstractmethod
    async def begin(self) -> None:
        """Begins a transaction."""

    @abc.abstractmethod
    async def add_marker(self, marker: Marker) -> None:
        """Adds the marker to the open transaction, after all its records have been acknowledged."""

    @abc.abstractmethod
    async def commit(self) -> None:
        """Commits the open transaction; called again after `TransactionUnknownError`, also if it had been committed."""

    @abc.abstractmethod
    async def abort(self) -> None:
        """Aborts the open transaction, if there is one; called when a run ends by an error or is cancelled."""

    @abc.abstractmethod
    async def close(self) -> None:
        """Frees what is held."""


class TransactionalSink(Sink[T], Generic[T]):
    """A sink that writes within the transactions of a cluster, which decide whether a checkpoint holds.

    With a state directory the engine makes one `Transactions` of the first such sink of a pipeline, hands it to
    all of them with `join` before `open`, and calls `write` only between `begin` and `add_marker`.

    Attributes:
        cluster: Names the cluster; sinks with the same name share transactions, and a pipeline has only one.
        transaction_timeout: Microseconds after which the cluster aborts an open transaction; checkpoints have to be
            taken more often.
        properties: How whoever writes the transactions is set up; as that is one for all sinks of a pipeline, they
            have to agree. Values are not shown: some are secret.
    """

    cluster: str
    transaction_timeout: int
    properties: Mapping[str, object] = MappingProxyType({})

    @abc.abstractmethod
    def transactions(self, state_id: str) -> Transactions:
        """The transactions of the cluster, under a transactional id that follows from the state id alone."""

    @abc.abstractmethod
    def join(self, transactions: Transactions) -> None:
        """From now on records are written within these transactions."""
