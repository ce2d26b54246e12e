"""The asyncio shell around the core: reads sources, drives the core in short slices, writes sinks, shuts down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from streamcore.engine.cancellation import check_cancelled, is_cancelled, is_dropped, tell_to_end
from streamcore.engine.checkpointing import Checkpointing, too_late
from streamcore.engine.clock import choose_clock
from streamcore.engine.durability import durability_of
from streamcore.engine.ending import Ending
from streamcore.engine.execution import Execution
from streamcore.engine.intake import Arrivals
from streamcore.engine.manifest import Outcome
from streamcore.engine.outlet import Outlet
from streamcore.engine.own_loop import end_of, require_loop_of
from streamcore.engine.planning import Plan
from streamcore.engine.rest import Rest, Work
from streamcore.engine.slices import Slices
from streamcore.engine.streams import Streams
from streamcore.engine.tasks import Tasks, free_all, own_task_error
from streamcore.engine.writing import Writing
from streamcore.errors import PipelineError, StateDirectoryError, TransactionAbortedError
from streamcore.graph.pipeline import Pipeline
from streamcore.graph.pvalue import PCollection
from streamcore.graph.runner import Stream
from streamcore.model.metrics import MetricResults
from streamcore.model.windowed_value import WindowedValue

T = TypeVar("T")


class Job:
    """A run of a pipeline in the running event loop; the handle that `run_async` returns.

    Work is done in slices of at most a millisecond, between which other tasks of the loop get their turn.

    Attributes:
        clock: The clock of the run.
        outlets: The sinks of the pipeline.
        execution: What is being carried out at present.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        durability = durability_of(pipeline.options)
        self._is_durable = durability is not None
        self._arrivals = Arrivals()
        wake = self._arrivals.wake.set
        self._tasks = Tasks(wake)
        plan = Plan(pipeline)
        self.clock = choose_clock(source for _, source in plan.sources)
        self._sources = [source.for_run() for _, source in plan.sources]
        self.execution = self._execute(plan)
        self.outlets = [Outlet(node, sink.for_run(), wake, durability is None) for node, sink in plan.sinks]
        self._checkpoints = None if durability is None else Checkpointing(self, durability)
        self._rest = Rest(wake)
        self._writing = Writing(self._tasks, self._go_back)
        self._streams = Streams(self._writing, wake, self._tell_failure)
        self._streams.attach(self.execution)
        self._is_polling = False
        self._draining = False
        self._finishing = False
        self._ending = Ending(self._tasks)
        self._main = asyncio.create_task(self._run(), name="streamcore", context=self._tasks.context)

    def __repr__(self) -> str:
        return f"<Job {self.state}>"

    # The handle.

    @property
    def state(self) -> str:
        """`RUNNING`, `DONE`, `FAILED`, `CANCELLED` or `DRAINED`."""
        return self._ending.state

    @property
    def metrics(self) -> MetricResults:
        """What has been counted so far, by step."""
        return self.execution.metrics()

    @property
    def watermarks(self) -> Mapping[str, int]:
        """The output watermark of every step, in microseconds."""
        return {node.label: node.watermark for node in self.execution.plan.nodes}

    @property
    def lags(self) -> Mapping[str, Mapping[str, int]]:
        """How many elements wait at the sources, by step and split, where a source knows; none after the end."""
        return self.execution.lags()

    def stream(self, pcoll: PCollection[T]) -> Stream[WindowedValue[T]]:
        """The elements of a PCollection from now on, as they come out; ends with the run.

        Elements that are not taken hold the pipeline up, until the stream is closed or dropped.
        """
        return self._streams.open(pcoll, is_over=self._finishing or self.state != "RUNNING")

    async def checkpoint(self) -> int:
        """Takes a checkpoint now; returns its number as soon as it holds.

        Raises:
            PipelineError: If the run has no state directory or has ended, or a part of it calls this, as for `wait`.
            TransactionAbortedError: If a transaction was lost meanwhile, and the run has gone back and goes on.
        """
        checkpoints = self._require_checkpoints("checkpoint")
        return await self._ask("checkpoint()", checkpoints.take)

    async def savepoint(self, name: str) -> int:
        """Takes a checkpoint now and keeps it under a name, until somebody deletes it; returns its number.

        Args:
            name: Name of the savepoint, which becomes the file `STATE_DIR/savepoints/NAME.sqlite`.

        Raises:
            PipelineError: As for `checkpoint`.
            TransactionAbortedError: As for `checkpoint`; nothing is kept then.
            StateDirectoryError: If there is a savepoint of that name, it cannot be a name, or nothing could be written.
        """
        checkpoints = self._require_checkpoints("savepoint")
        return await self._ask("savepoint(...)", lambda: checkpoints.savepoint(name))

    async def wait(self) -> str:
        """Waits for the end of the run and returns its state; raises what made it fail.

        Raises:
            PipelineError: If a part of the run calls it, such as a sink, and would wait for itself, or it is awaited in
                another event loop; `drain` likewise.
        """
        self._refuse_own_task("wait()")
        self._ending.waiting += 1
        try:
            await end_of(self._main)
        finally:
            self._ending.waiting -= 1
        if not self._main.cancelled():
            self._main.result()
        return self.state

    async def run_to_end(self) -> None:
        """Waits for the end; if the waiting task is cancelled, as Ctrl-C does, so is the run."""
        try:
            await self.wait()
        except asyncio.CancelledError:
            await self.cancel()
            raise

    def wait_until_finish(self, duration: int | None = None) -> str:
        """The state of a run that has ended.

        Raises:
            PipelineError: If it is still running.
        """
        if self.state == "RUNNING":
            msg = "the run has not ended, and waiting for it here would block its event loop; use `await handle.wait()`"
            raise PipelineError(msg)
        return self.state

    async def drain(self) -> None:
        """Stops reading, lets the watermark go to its end so that all open windows come out, and waits for that."""
        self._refuse_own_task("drain()")
        self._draining = True
        self._arrivals.wake.set()
        await self.wait()

    async def cancel(self) -> None:
        """Ends the run without putting out what is open; sinks drop what they have not completed."""
        require_loop_of(self._main, "cancel()")
        if self.state == "RUNNING":  # else it has come to its end, and frees what it holds
            tell_to_end(self._main)
        else:
            self._refuse_own_task("cancel()")
        await end_of(self._main)
        if self.state == "RUNNING":  # it had not begun
            self._ending.state = "CANCELLED"
            await self._abort()

    # The run.

    async def _run(self) -> None:
        try:
            await self._carry_out()
        except GeneratorExit:  # nobody refers to the run, and nothing can wait
            raise
        except BaseException:
            await self._close()
            raise
        await self._close()

    async def _carry_out(self) -> None:
        task = asyncio.current_task()
        try:
            if await self._start():
                await self._work()
                while not await self._finish():
                    await self._work()
            self._ending.state = "DRAINED" if self._draining else "DONE"
        except BaseException as error:
            if is_dropped(error, task):
                raise
            if is_cancelled(error):
                self._ending.state = "CANCELLED"
                await self._abort()
                raise
            self._ending.fail(error)
            await self._abort()
            self._tasks.check()

    async def _start(self) -> bool:
        """Opens everything; False if the state says that the run has come to its end before."""
        if self._checkpoints is not None:
            if not await self._checkpoints.start():
                await self._abort()
                return False
            self._tasks.start(self._checkpoints.run)
            return True
        for outlet in self.outlets:
            await outlet.open()
        self._open(self.execution)
        await self.execution.open_inputs()
        self.release()
        return True

    def _execute(self, plan: Plan) -> Execution:
        return Execution(plan, self._sources, self.clock, self._arrivals, self._tasks, self._is_durable)

    def _open(self, execution: Execution) -> None:
        execution.open_nodes(self.outlets)
        for outlet in self.outlets:
            self._writing.start(outlet)

    async def _work(self) -> None:
        """Takes batches one after another, each to its end, until all sources have ended."""
        while True:
            await self._settle()
            await self._rest.use()
            execution, arrivals = self.execution, self._arrivals
            if self._draining:
                await execution.stop()
                if self._is_polling:  # else what has been taken in belongs to what is dropped
                    await execution.drain()
            if not execution.is_fed() or (self._draining and not arrivals.queue):
                break
            if not self._draining and self._is_polling:  # else what has been read is still processed
                arrivals.poll_again()
            if not arrivals.queue:
                await arrivals.wait(self.clock, execution.next_deadline())
                self._tasks.check()
                execution.tick()
                continue
            execution.tick()  # what is due comes before what arrives
            if execution.take():
                await self._settle()
                execution.end_sources()
        for node in self.execution.inputs:
            node.end()
            await self._settle()

    async def _settle(self) -> None:
        """Drives the core until there is nothing left to do, with a break for other tasks after every slice."""
        slices, scheduler = Slices(), self.execution.scheduler
        if self._checkpoints is not None and not scheduler.is_idle():
            self._checkpoints.note_work()
        while scheduler.step():
            scheduler.adapt(slices.lap())
            if slices.is_over():
                await self._give_way()
                slices.begin()
        await self._give_way()

    async def _give_way(self) -> None:
        """Lets other tasks of the loop go on, sinks among them; waits while a sink is full."""
        self._writing.notify()
        await asyncio.sleep(0)
        check_cancelled()
        self._tasks.check()
        while self._writing.is_full():
            self._arrivals.wake.clear()
            await self._arrivals.wake.wait()
            self._tasks.check()

    async def _finish(self) -> bool:
        """Waits until everything has been written and completed; False if the run has to go on, from a checkpoint."""
        self._finishing, execution = True, self.execution
        await self._serve(self._writing.finish(self.outlets))
        if self._checkpoints is not None:
            outcome = Outcome.DRAINED if self._draining else Outcome.DONE
            await self._serve([self._tasks.start(self._checkpoints.finish, outcome, execution)])
        self._finishing = self.execution is execution
        if self._finishing:
            await self._serve(self._writing.finish(self._streams.outlets()))
        return self._finishing

    async def _serve(self, tasks: list[asyncio.Task[Any]]) -> None:
        """Waits for tasks, and meanwhile lets be done what waits for the core to be at rest."""
        while waiting := {task for task in tasks if not task.done()}:
            await self._rest.use()
            self._arrivals.wake.clear()
            woken = asyncio.create_task(self._arrivals.wake.wait())
            try:
                await asyncio.wait({*waiting, woken}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                woken.cancel()
            self._tasks.check()

    # What taking checkpoints needs.

    async def at_rest(self, work: Work) -> None:
        """Does something while the core is at rest."""
        if asyncio.current_task() is self._main:
            await work()
            return
        await self._rest.hand_over(work)

    async def halt(self) -> None:
        """Ends reading and writing; what has not been written is dropped."""
        self._is_polling = False
        await self.execution.stop()
        self._arrivals.clear()
        for outlet in self.outlets:
            await self._writing.halt(outlet)
        self._arrivals.wake.set()

    async def begin_anew(self) -> None:
        """Takes up another execution; nothing is polled before `release`."""
        for error in await self.execution.close(ends_run=False):
            if not isinstance(error, Exception):
                raise error
        self.execution = self._execute(Plan(self._pipeline))
        self._open(self.execution)
        self._streams.attach(self.execution)

    def release(self) -> None:
        """Lets sources be polled and sinks be written to."""
        self._is_polling = True
        for outlet in self.outlets:
            outlet.release()
        self._arrivals.wake.set()

    def _require_checkpoints(self, what: str) -> Checkpointing:
        if not self._is_durable:
            msg = f"a {what} needs a place to be kept; run the pipeline with PipelineOptions(state_dir=...)"
            raise PipelineError(msg)
        if self._checkpoints is None or self._finishing or self.state != "RUNNING":
            raise too_late(self.state)
        return self._checkpoints

    async def _ask(self, call: str, work: Callable[[], Awaitable[int]]) -> int:
        self._refuse_own_task(call)
        number = await self._tasks.see_through(work, StateDirectoryError, TransactionAbortedError)
        if number is None:
            raise too_late(self.state)
        return number

    def _go_back(self) -> None:
        """A sink has lost its transaction: goes back to the last checkpoint."""
        if self._checkpoints is not None:
            self._tasks.start(self._checkpoints.recover)

    def _refuse_own_task(self, call: str) -> None:
        """Refuses to wait in a task that the run waits for. One that reads it does not wait for, it cancels it."""
        require_loop_of(self._main, call)
        if asyncio.current_task() is self._main or (self._tasks.is_current() and not self.execution.is_reading()):
            raise own_task_error(call)

    async def _tell_failure(self) -> None:
        if self._tasks.failure is not None:
            await self.wait()

    async def _abort(self) -> None:
        """Has the sinks drop what they have not completed."""
        aborts = [outlet.abort for outlet in self.outlets]
        self._ending.tell_aborted(await free_all([self._stop_tasks, *aborts, self._streams.abort]))

    async def _stop_tasks(self) -> None:
        await self.execution.stop()
        await self._tasks.stop()

    async def _close(self) -> None:
        """Frees everything, and tells what has failed meanwhile."""
        errors = await free_all([self._stop_tasks]) + await self.execution.close()
        if self._checkpoints is not None:
            errors += await free_all([self._checkpoints.close])
        self._forget()
        self._ending.tell_closed(errors)

    def _forget(self) -> None:
        """Drops what was open: a handle may be kept much longer than its run, for what that has counted."""
        self._checkpoints = None
        self._streams.forget()
        self._writing.forget_all()
        self.execution.forget()
        self.outlets.clear()
