"""The contract of a sink: it takes bundles, and says when it is full."""

from __future__ import annotations

import abc
from collections.abc import Collection
from typing import Generic, TypeVar

from streamcore.model.bundle import Bundle

T = TypeVar("T", contravariant=True)


class Sink(abc.ABC, Generic[T]):
    """Where elements leave the pipeline.

    The engine writes bundles one after another and waits for each, so that a slow sink slows the sources down.

    >>> class Shown(Sink):
    ...     async def open(self):
    ...         print("open")
    ...
    ...     async def write(self, bundle):
    ...         print(bundle.values)
    ...
    ...     async def close(self):
    ...         print("complete")
    >>> with Pipeline() as p:
    ...     _ = p | Create([1, 2]) | Write(Shown())
    open
    [1, 2]
    complete
    """

    def for_run(self) -> Sink[T]:
        """What one run writes to; called first of all, once in each run, and the other methods on what it returns.

        A pipeline may run several times, also at once: a sink that keeps in itself what it opens returns a copy.
        """
        return self

    def destinations(self) -> Collection[str]:
        """What this sink alone may write to, such as the names of its files; nothing where several sinks may.

        Two sinks of a pipeline with the same destination are refused before anything runs, as one would replace what
        the other has written.
        """
        return ()

    async def open(self) -> None:
        """Called once before the first write.

        In a run with a state directory it may be called again after `close`: if the run, at its end, has to go back to
        its last checkpoint because a cluster has lost a transaction.
        """

    @abc.abstractmethod
    async def write(self, bundle: Bundle, /) -> None:
        """Takes a bundle; returns when the sink is ready for the next one."""

    def write_nowait(self, bundle: Bundle, /) -> bool:
        """Takes a bundle at once, if that needs no waiting; on False the engine calls `write` instead.

        For sinks that only copy to a buffer: elements that are written as soon as they are made are still in the cache.
        """
        return False

    async def flush(self, watermark: int, /) -> None:
        """The watermark (microseconds) has moved, and nothing older follows: what waits for that can be completed."""

    async def sync(self) -> None:
        """A checkpoint is taken: what has been written is safe where it goes when this returns.

        For sinks that hold something back, as a crash does not bring that back; a `TwoPhaseSink` has `prepare` for it.
        """

    async def close(self) -> None:
        """All elements have been written: completes the output."""

    async def abort(self) -> None:
        """The pipeline failed or was cancelled: frees what the sink holds and completes nothing."""
