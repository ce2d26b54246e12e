"""What runs a pipeline, seen from the pipeline: the runner and the handle of a run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Protocol, TypeVar

from streamcore.errors import PipelineError, describe
from streamcore.model.options import PipelineOptions
from streamcore.model.windowed_value import WindowedValue

if TYPE_CHECKING:
    from streamcore.graph.pipeline import Pipeline
    from streamcore.graph.pvalue import PCollection
    from streamcore.model.metrics import MetricResults

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Stream(Protocol[T_co]):
    """Elements to iterate over while they come out; whoever does not want all of them closes it."""

    def __aiter__(self) -> AsyncIterator[T_co]: ...

    async def __anext__(self) -> T_co: ...

    async def aclose(self) -> None:
        """Leaves the stream: what has not been taken is dropped, and holds the pipeline up no more."""
        ...


class JobHandle(Protocol):
    """A run of a pipeline: watch it, read its results, end it.

    Its coroutines are for the event loop of the run; another thread hands them to `asyncio.run_coroutine_threadsafe`.
    """

    @property
    def state(self) -> str:
        """`RUNNING`, `DONE`, `FAILED`, `CANCELLED` or `DRAINED`, as in Beam."""
        ...

    @property
    def metrics(self) -> MetricResults:
        """What has been counted so far, by step."""
        ...

    @property
    def watermarks(self) -> Mapping[str, int]:
        """The output watermark of every step, in microseconds."""
        ...

    @property
    def lags(self) -> Mapping[str, Mapping[str, int]]:
        """How many elements wait at the sources, by step and split, where a source knows."""
        ...

    def stream(self, pcoll: PCollection[T]) -> Stream[WindowedValue[T]]:
        """The elements of a PCollection as they come out, for a service in the same event loop.

        Elements that are not taken hold the pipeline up, until the stream is closed or dropped, or the wait for its
        next element is cancelled:
        `async with contextlib.aclosing(handle.stream(pcoll)) as stream:` closes it at the end of the block.
        """
        ...

    async def wait(self) -> str:
        """Waits for the end and returns the state; raises what made the run fail."""
        ...

    async def drain(self) -> None:
        """Stops reading, lets the watermark go to its end so that all open windows come out, and ends."""
        ...

    async def cancel(self) -> None:
        """Ends the run without emitting what is open."""
        ...

    async def checkpoint(self) -> int:
        """Takes a checkpoint now; returns its number when it holds. Needs `PipelineOptions(state_dir=...)`.

        Raises:
            TransactionAbortedError: If a transaction was lost meanwhile: nothing that came since the last checkpoint is
                in one, and the run does it again.
        """
        ...

    async def savepoint(self, name: str) -> int:
        """Takes a checkpoint now and keeps it under a name; returns its number. Raises what `checkpoint` raises."""
        ...

    def wait_until_finish(self, duration: int | None = None) -> str:
        """The state of a finished run; for Beam programs, whose `run()` returns before the end."""
        ...


class Runner(Protocol):
    """Runs pipelines."""

    def run(self, pipeline: Pipeline) -> JobHandle:
        """Runs a pipeline to its end, in an event loop of its own."""
        ...

    async def run_async(self, pipeline: Pipeline) -> JobHandle:
        """Starts a pipeline in the running event loop and returns at once."""
        ...


_RUNNERS: dict[str, tuple[str, Callable[[], Runner]]] = {}


def register_runner(name: str, make: Callable[[], Runner]) -> None:
    """Makes a runner known under a name; the name `default` is used where a pipeline names none."""
    _RUNNERS[name.lower()] = (name, make)


def find_runner(runner: Runner | str | None) -> Runner:
    """The runner of that name, or the given runner itself.

    As in Beam, names are those of classes in any case, with or without "Runner" at the end, or their paths in Beam.

    Raises:
        PipelineError: If no runner has that name, or it is no runner.
    """
    if runner is not None and not isinstance(runner, str):
        return _check_runner(runner)
    name = (runner or "default").lower()
    if name.startswith("apache_beam.runners."):
        name = name.rpartition(".")[2]
    found = _RUNNERS.get(name) or _RUNNERS.get(f"{name}runner")
    if found is None:
        known = ", ".join(sorted(name for name, _ in _RUNNERS.values()))
        msg = f"no runner is called {runner!r}; the known ones are {known}"
        raise PipelineError(msg)
    return found[1]()


def _check_runner(runner: Runner) -> Runner:
    methods = (getattr(runner, name, None) for name in ("run", "run_async"))
    if not isinstance(runner, type) and all(map(callable, methods)):
        return runner
    hint = "leave it out for the embedded engine"
    if isinstance(runner, PipelineOptions):
        hint = "write Pipeline(options=...)"
    elif isinstance(runner, type) and hasattr(runner, "run_async"):
        hint = f"write {runner.__name__}()"
    msg = f"`runner` must be a runner or the name of one, got {describe(runner)}; {hint}"
    raise PipelineError(msg)
