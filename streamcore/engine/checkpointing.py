"""Checkpoints of a run: when they are taken, and how a run begins from the last one."""

from __future__ import annotations

import asyncio
import logging

from streamcore.engine.commit_driver import CommitDriver, Run
from streamcore.engine.core.checkpoint import Standing
from streamcore.engine.core.commit import MARKER_REFRESH_SECONDS, CommitProtocol
from streamcore.engine.durability import Durability
from streamcore.engine.execution import Execution
from streamcore.engine.manifest import Outcome
from streamcore.engine.tasks import end_tasks
from streamcore.errors import (
    InvariantError,
    PipelineError,
    StateDirectoryError,
    StateWriteError,
    TransactionAbortedError,
)
from streamcore.timestamp import to_micros

log = logging.getLogger("streamcore")


def too_late(state: str) -> PipelineError:
    """What is raised where a run takes no more checkpoints."""
    when = "about to end" if state == "RUNNING" else state
    return PipelineError(f"the run is {when}, and takes no more checkpoints; start it again to go on")


class Checkpointing:
    """Has a run begin from its last checkpoint, and takes further ones.

    Args:
        run: The run.
        durability: How its state is kept.
    """

    def __init__(self, run: Run, durability: Durability) -> None:
        self._run = run
        self._durability = durability
        self._driver = CommitDriver(run, durability)
        self._protocol = CommitProtocol(self._driver.sink_labels(), self._driver.is_transactional())
        self._standing: Standing | None = None
        self._has_begun = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._has_work = asyncio.Event()
        self._last = 0  # in the time of `Clock.elapsed`

    async def start(self) -> bool:
        """Begins, or goes on from the last checkpoint; False if that was the end of the run.

        Raises:
            StartRefusedError: If going on could lose or double something, or the steps have changed.
            StateError: If the state directory cannot be used.
        """
        settings = self._durability
        procedure = self._protocol.start(take_over=settings.take_over, undecided=settings.undecided)
        self._standing = await self._driver.drive_start(procedure)
        self._last = self._run.clock.elapsed()
        if self._standing is not None:
            if self._driver.begins_anew:
                await self._take_first()
            self._has_begun.set()
        else:
            log.info(
                "the run whose state is in %s has processed all of its input, there is nothing to do; "
                "use an empty state directory to process it again",
                self._durability.state_dir,
            )
        return self._standing is not None

    async def run(self) -> None:
        """Takes a checkpoint at every interval in which something has happened, and with a cluster at least daily."""
        interval = self._durability.interval
        if interval is None:
            return
        while True:
            await self._wait_for_work()
            await self._sleep_since_last(interval)
            async with self._one_at_a_time:
                if self._driver.outcome != Outcome.RUNNING:  # the last one was taken, and the sinks are closed
                    return
                if self._run.clock.elapsed() >= self._last + interval:  # else one was taken, or the run went back
                    await self._take()

    def note_work(self) -> None:
        """Something has happened since the last checkpoint."""
        self._has_work.set()

    async def take(self) -> int:
        """Takes a checkpoint; returns its number when it holds.

        Raises:
            TransactionAbortedError: If the run has gone back meanwhile.
        """
        await self._has_begun.wait()
        execution = self._run.execution
        async with self._one_at_a_time:
            return await self._take_all_of(execution)

    async def savepoint(self, name: str) -> int:
        """Takes a checkpoint and keeps it under a name; returns its number.

        Raises:
            StateDirectoryError: If there is a savepoint of that name, it cannot be a name, or nothing could be written.
            TransactionAbortedError: If the run has gone back meanwhile; nothing is kept.
        """
        self._driver.check_savepoint(name)
        await self._has_begun.wait()
        execution = self._run.execution
        async with self._one_at_a_time:
            number = await self._take_all_of(execution)
            try:
                await self._driver.keep(name)
            except StateWriteError as error:
                msg = f"checkpoint {number} holds and the run goes on, but there is no savepoint {name!r}: {error}"
                raise StateDirectoryError(msg) from error
            return number

    async def finish(self, outcome: Outcome, execution: Execution) -> None:
        """Takes the last checkpoint, when all has been written, and closes the sinks.

        It does not if the run has another execution by then: then it has gone back to a checkpoint, and goes on.
        """
        async with self._one_at_a_time:
            if self._run.execution is execution:
                self._driver.outcome = outcome
                await self._take()
            if self._run.execution is execution:
                await self._driver.close_sinks()

    async def recover(self) -> None:
        """Goes back to the last checkpoint, after a sink has failed in the midst of a transaction."""
        async with self._one_at_a_time:
            if any(outlet.has_failed() for outlet in self._run.outlets):  # else a checkpoint has done so meanwhile
                self._standing = await self._driver.drive(self._protocol.recover(self._required()))
                self._last = self._run.clock.elapsed()

    async def close(self) -> None:
        """Gives the state directory free."""
        await self._driver.close()

    async def _wait_for_work(self) -> None:
        """Waits until something has happened, or the cluster is about to forget the marker of the last checkpoint."""
        if not self._driver.is_transactional():
            await self._has_work.wait()
            return
        reminder = asyncio.create_task(self._remind())
        try:
            await self._has_work.wait()
        finally:
            await end_tasks([reminder])

    async def _remind(self) -> None:
        await self._sleep_since_last(to_micros(MARKER_REFRESH_SECONDS))
        self.note_work()

    async def _sleep_since_last(self, micros: int) -> None:
        clock = self._run.clock
        await clock.sleep_for(self._last + micros - clock.elapsed())

    async def _take_first(self) -> None:
        """Takes a checkpoint before anything is read: after a crash steps would begin anew again, and elsewhere."""
        has_taken = False
        while not has_taken:
            self._run.execution.scheduler.run()
            has_taken = await self._take()

    async def _take_all_of(self, execution: Execution) -> int:
        """Takes a checkpoint of all that an execution has done until now; returns its number.

        When the run has gone back there may be another checkpoint soon, but whoever has asked has seen more than that
        holds.
        """
        if self._run.execution is not execution or not await self._take():
            msg = (
                f"a transaction was lost, and the run has gone back to checkpoint {self._required().checkpoint.number}"
                ": what came after that is in no checkpoint, and is done again; ask again when it has come as far (the "
                "log tells how it was lost)"
            )
            raise TransactionAbortedError(msg)
        return self._required().checkpoint.number

    async def _take(self) -> bool:
        """Takes a checkpoint; returns False if the run has gone back to the one before instead."""
        self._has_work.clear()
        before = self._required()
        self._standing = await self._driver.drive(self._protocol.checkpoint(before))
        self._last = self._run.clock.elapsed()
        return self._standing.checkpoint.number > before.checkpoint.number

    def _required(self) -> Standing:
        if self._standing is None:
            msg = "a checkpoint was asked for before the run had begun"
            raise InvariantError(msg)
        return self._standing
