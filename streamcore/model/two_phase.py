"""The contract of a sink that shows each checkpoint's output once: prepared with the checkpoint, committed after it."""

from __future__ import annotations

import abc
import dataclasses
from typing import Any, Generic, TypeVar

from streamcore.model.sink import Sink

T = TypeVar("T", contravariant=True)


@dataclasses.dataclass(frozen=True, slots=True)
class SinkRestart:
    """From where a sink goes on.

    Attributes:
        state_id: The state directory that the run keeps its checkpoints in. Another one counts checkpoints anew.
        step: Full label of the step, which tells the sink from others of the pipeline.
        epoch: Higher at every restart.
        checkpoint: Number of the last checkpoint that holds; its output has been committed. 0 if nothing has been
            written yet.
        prepared: What `prepare` returned for that checkpoint, or `adopt`; None if the sink was not there then.
    """

    state_id: str
    step: str
    epoch: int
    checkpoint: int
    prepared: Any


class TwoPhaseSink(Sink[T], Generic[T]):
    r"""A sink whose output is seen exactly once, although a run may crash and go back to its last checkpoint.

    In a run with a state directory the engine calls, in this order: `open`; `adopt`, if the run begins with a savepoint
    that has something of the sink; `commit`, if a crash left that undone;
    `restart`; then `write` any number of times, `prepare` and `commit`, again and again; at the end `finish`,
    `prepare`, `commit`; and `close`. Between `prepare` and `commit` there may be writes, which belong to the next
    checkpoint. `commit` and `restart` come again when a run goes back to its last checkpoint without ending.

    Without a state directory there is no `restart`, and one `prepare` and `commit`, at the end. A sink of endless input
    may then show what it has earlier, in `write` or `flush`.

    A sink that keeps its rows in the checkpoint, and writes a file for each::

        class Reports(TwoPhaseSink[str]):
            def __init__(self, directory: Path) -> None:
                self.directory = directory
                self.rows: list[str] = []

            async def restart(self, restart: SinkRestart) -> None:
                self.rows = []

            async def write(self, bundle: Bundle) -> None:
                self.rows += bundle.values

            async def prepare(self, number: int) -> list[str]:
                rows, self.rows = self.rows, []
                return rows

            async def commit(self, number: int, prepared: list[str]) -> None:
                (self.directory / f"report-{number}").write_text("\n".join(prepared))
    """

    @abc.abstractmethod
    async def restart(self, restart: SinkRestart, /) -> None:
        """Forgets what no checkpoint knows of, and goes on from one.

        That is all that was written after the checkpoint, in memory or outside, by this process or one that crashed.
        What an epoch not below `restart.epoch` has written must be left alone: this process may be one that was
        paused, while another has taken over and is at work. Names and rows outside therefore carry the epoch.
        """

    @abc.abstractmethod
    async def prepare(self, number: int, /) -> Any:
        """Makes safe, but does not show, what was written since the last call; it belongs to the checkpoint `number`.

        Returns:
            What `commit` needs, as plain data: None, bool, int, float, str, bytes, and lists, tuples and dicts of them.
            It is kept in the checkpoint, so large output should be put aside and only its name returned.
        """

    @abc.abstractmethod
    async def commit(self, number: int, prepared: Any, /) -> None:
        """Shows what was prepared: the checkpoint holds.

        Called again after a crash, by another process too, and possibly after later checkpoints were committed: what
        has been shown is then not shown again. After a crash it may come before `restart`, so `prepared` has to tell
        everything.
        """

    async def adopt(self, restart: SinkRestart, /) -> Any:
        """Takes over what was not complete in a savepoint, when a run begins with it in a directory of its own.

        For sinks that go on with something over several checkpoints, such as a file that is still open; the others need
        not define it. The run that the savepoint is of may go on, and others may begin with the same one: what it has
        prepared must be copied, and not changed. Called before `restart`, once more if a crash follows.

        Args:
            restart: Of the new run, but with what `prepare` returned for the savepoint.

        Returns:
            What `commit` and `restart` get for checkpoint 0; None if there is nothing.

        Raises:
            StartRefusedError: If what was prepared is not there any more.
        """
        return None

    async def finish(self) -> None:
        """All elements have been written; the next `prepare` is the last."""
