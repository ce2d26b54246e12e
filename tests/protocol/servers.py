"""What outlives a process: the state directory, the cluster, and a sink that takes part in two phases."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

from streamcore.engine.core.checkpoint import Checkpoint
from streamcore.model.transactions import Marker

Records = tuple[int, ...]


class Saved(NamedTuple):
    """A checkpoint in the directory."""

    number: int
    epoch: int
    is_transactional: bool
    prepared: tuple[tuple[str, tuple[int, int]], ...]
    position: int

    def checkpoint(self) -> Checkpoint:
        return Checkpoint(self.number, self.epoch, self.is_transactional, dict(self.prepared))

    def with_epochs(self, numbers: dict[int, int]) -> Saved:
        """The checkpoint with other numbers for epochs."""
        names = tuple((sink, (numbers[name[0]], name[1])) for sink, name in self.prepared)
        return self._replace(epoch=numbers[self.epoch], prepared=names)


class Directory(NamedTuple):
    """The state directory."""

    epoch: int = 0
    applied: Saved | None = None
    prepared: Saved | None = None

    def with_epochs(self, numbers: dict[int, int]) -> Directory:
        """The directory with other numbers for epochs."""
        applied, prepared = (saved and saved.with_epochs(numbers) for saved in (self.applied, self.prepared))
        return Directory(numbers[self.epoch], applied, prepared)


class Transaction(NamedTuple):
    """A transaction of the cluster."""

    records: Records = ()
    marker: Marker | None = None

    def with_epochs(self, numbers: dict[int, int]) -> Transaction:
        """The transaction with other numbers for epochs."""
        return self._replace(marker=_renumber(self.marker, numbers))


class Cluster(NamedTuple):
    """A cluster, as the one writer sees it that it lets in.

    Attributes:
        opened: The transaction that is open.
        accepted: One whose commit was accepted, while its end is not yet written everywhere.
        log: What a reader sees who reads only what is committed.
        marker: The last marker that was committed.
        lagging: The marker before it, which a reader still sees who does not ask for stable offsets.
    """

    opened: Transaction | None = None
    accepted: Transaction | None = None
    log: Records = ()
    marker: Marker | None = None
    lagging: tuple[Marker | None] | None = None

    def initialise(self) -> Cluster:
        """Lets a new writer in: aborts what is open and waits for what was accepted."""
        lagging = self.lagging
        if self.accepted is not None and self.accepted.marker is not None:
            lagging = (self.marker,)
        return self.complete()._replace(opened=None, lagging=lagging)

    def complete(self) -> Cluster:
        """Writes the end of an accepted transaction everywhere."""
        if self.accepted is None:
            return self._replace(lagging=None)
        return self._commit(self.accepted)._replace(accepted=None, lagging=None)

    def write(self, record: int) -> Cluster:
        """Adds a record to the open transaction."""
        ready = self.complete()
        records, marker = ready.opened or Transaction()
        return ready._replace(opened=Transaction((*records, record), marker))

    def add_marker(self, marker: Marker) -> Cluster:
        """Adds a marker to the open transaction."""
        ready = self.complete()
        opened = ready.opened or Transaction()
        return ready._replace(opened=Transaction(opened.records, marker))

    def commit(self) -> Cluster:
        """Commits the open transaction; does nothing if that has been done."""
        if self.opened is None:
            return self
        return self._commit(self.opened)._replace(opened=None)

    def accept(self) -> Cluster:
        """Accepts the commit of the open transaction."""
        return self._replace(accepted=self.opened, opened=None)

    def visible(self) -> Records:
        """What is or will certainly be in the log."""
        return self.log + (() if self.accepted is None else self.accepted.records)

    def markers(self) -> list[Marker]:
        """All markers that it knows of."""
        transactions = [one for one in (self.opened, self.accepted) if one is not None]
        markers = [self.marker, *(self.lagging or ()), *(transaction.marker for transaction in transactions)]
        return [marker for marker in markers if marker is not None]

    def with_epochs(self, numbers: dict[int, int]) -> Cluster:
        """The cluster with other numbers for epochs."""
        return self._replace(
            opened=self.opened and self.opened.with_epochs(numbers),
            accepted=self.accepted and self.accepted.with_epochs(numbers),
            marker=_renumber(self.marker, numbers),
            lagging=self.lagging and (_renumber(self.lagging[0], numbers),),
        )

    def _commit(self, transaction: Transaction) -> Cluster:
        return self._replace(
            log=tuple(sorted(self.log + transaction.records)), marker=transaction.marker or self.marker
        )


class Folder(NamedTuple):
    """Where a two-phase sink writes, as files: hidden ones that are renamed when their checkpoint is committed."""

    hidden: tuple[tuple[tuple[int, int], Records], ...] = ()
    visible: Records = ()

    def prepare(self, name: tuple[int, int], records: Records) -> Folder:
        """Writes a hidden file; its name tells epoch and checkpoint."""
        return self._replace(hidden=tuple(sorted({**dict(self.hidden), name: records}.items())))

    def commit(self, name: tuple[int, int]) -> Folder:
        """Renames a file, unless that has been done."""
        files = dict(self.hidden)
        if name not in files:
            return self
        records = files.pop(name)
        return Folder(tuple(files.items()), tuple(sorted(self.visible + records)))

    def only(self, names: dict[str, tuple[int, int]]) -> Folder:
        """The folder without the hidden files that have other names."""
        return self._replace(hidden=tuple(item for item in self.hidden if item[0] in names.values()))

    def clear(self, epoch: int) -> Folder:
        """Removes the hidden files of earlier epochs."""
        return self._replace(hidden=tuple(item for item in self.hidden if item[0][0] >= epoch))


def _renumber(marker: Marker | None, numbers: dict[int, int]) -> Marker | None:
    return marker and dataclasses.replace(marker, epoch=numbers[marker.epoch])
