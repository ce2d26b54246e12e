"""What the handle of a run keeps when the run is over."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from streamcore.engine.runtime import Job
from streamcore.errors import PipelineError, SinkError, SourceError
from streamcore.graph.pipeline import Pipeline
from streamcore.graph.pvalue import PCollection
from streamcore.model.bundle import Bundle
from streamcore.model.options import PipelineOptions
from streamcore.model.source import Batch
from streamcore.model.watermark import BoundedOutOfOrderness
from streamcore.transforms.elementwise import Map
from streamcore.transforms.group import GroupByKey
from streamcore.transforms.read import Read
from streamcore.transforms.window_into import WindowInto
from streamcore.transforms.write import Write
from streamcore.windowing import FixedWindows
from tests.engine.sources import FedReader, FedSource, until
from tests.engine.test_runtime import Collected


class Element:
    """Something that can be watched until nobody keeps it."""

    def __init__(self, kept: weakref.WeakSet[Element]) -> None:
        kept.add(self)


class FaultyReader(FedReader):
    """Fails when it is told to."""

    def position(self) -> int:
        return self.polls

    async def poll(self, limit: int) -> Batch[Any] | None:
        batch = await super().poll(limit)
        if batch is not None and not batch.values:
            raise OSError("gone")
        return batch


class FaultySink(Collected):
    """Fails when it is told to."""

    fails = False

    async def write(self, bundle: Bundle) -> None:
        if self.fails:
            raise OSError("full")
        await super().write(bundle)


class Run:
    """A run with open windows.

    Attributes:
        kept: The elements of open windows.
    """

    def __init__(self, options: PipelineOptions | None = None) -> None:
        self.source, self.sink = FedSource(), FaultySink()
        self.source.readers["a"] = FaultyReader()
        self.kept: weakref.WeakSet[Element] = weakref.WeakSet()
        p = Pipeline(options=options)
        read = p | "read" >> Read(self.source, watermark=BoundedOutOfOrderness(0))
        numbers = read | WindowInto(FixedWindows(10)) | Map(lambda value: (value, Element(self.kept))) | GroupByKey()
        self.numbers: PCollection[Any] = numbers | "numbers" >> Map(lambda pair: pair[0])
        _ = self.numbers | Write(self.sink)
        self.job = Job(p)

    async def begin(self) -> None:
        """Opens windows."""
        self.source.feed("a", 1, 12, 13)
        await until(lambda: self.sink.values == [1])
        assert len(self.kept) == 2

    async def fail_to_read(self) -> None:
        self.source.readers["a"].queue.put_nowait(Batch([]))
        with pytest.raises(SourceError):
            await self.job.wait()

    async def fail_to_write(self) -> None:
        self.sink.fails = True
        self.source.feed("a", 24)
        with pytest.raises(SinkError):
            await self.job.wait()

    async def end(self) -> None:
        self.source.end()
        await self.job.wait()


ENDS: list[Callable[[Run], Awaitable[object]]] = [
    lambda run: run.job.cancel(),
    lambda run: run.job.drain(),
    Run.end,
    Run.fail_to_read,
    Run.fail_to_write,
]
NAMES = ["cancelled", "drained", "done", "failed to read", "failed to write"]


@pytest.mark.parametrize("is_durable", [False, True])
@pytest.mark.parametrize("end", ENDS, ids=NAMES)
async def test_open_windows_are_dropped(
    end: Callable[[Run], Awaitable[object]], is_durable: bool, tmp_path: Path
) -> None:
    run = Run(PipelineOptions(state_dir=str(tmp_path), allow_pickle=True) if is_durable else None)
    stream = run.job.stream(run.numbers)
    await run.begin()
    await end(run)
    gc.collect()
    assert not run.kept
    await stream.aclose()


@pytest.mark.parametrize("end", ENDS, ids=NAMES)
async def test_what_was_counted_stays(end: Callable[[Run], Awaitable[object]]) -> None:
    run = Run()
    await run.begin()
    before = run.job.metrics
    await end(run)
    assert {label: run.job.metrics[label] for label in before} == dict(before)
    assert list(run.job.metrics) == list(before)
    assert run.job.metrics["GroupByKey"].elements >= 3
    assert run.job.watermarks["GroupByKey"] >= 12_999_999
    assert run.job.lags == {}


async def test_a_stream_of_what_is_over_has_nothing_and_one_of_another_pipeline_is_refused() -> None:
    run, other = Run(), Run()
    await run.begin()
    await run.job.cancel()
    assert [element async for element in run.job.stream(run.numbers)] == []
    with pytest.raises(PipelineError, match="belongs to another pipeline than the one that runs"):
        run.job.stream(other.numbers)
    await other.job.cancel()


async def test_a_stream_that_is_left_after_the_end_has_nothing_to_leave() -> None:
    run = Run()
    stream = run.job.stream(run.numbers)
    await run.begin()
    await run.job.drain()
    first = await anext(stream)
    await stream.aclose()
    assert first.value == 1


async def test_a_checkpoint_that_is_asked_for_after_the_end_is_refused(tmp_path: Path) -> None:
    run = Run(PipelineOptions(state_dir=str(tmp_path), allow_pickle=True))
    await run.begin()
    await run.job.cancel()
    with pytest.raises(PipelineError) as error:
        await run.job.checkpoint()
    assert str(error.value) == "the run is CANCELLED, and takes no more checkpoints; start it again to go on"
