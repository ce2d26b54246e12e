"""Errors that are no `Exception`, such as that of `pytest.fail`: they end a run like others, and stay what they are."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from streamcore.engine.runtime import Job
from streamcore.errors import PipelineError, UserCodeError
from streamcore.graph.pipeline import Pipeline
from streamcore.io import ReadFromAsyncIterable, ReadFromIterable, WriteToCallable
from streamcore.model.options import PipelineOptions
from streamcore.model.source import Batch, Reader
from streamcore.transforms.dofn import DoFn
from streamcore.transforms.pardo import ParDo
from streamcore.transforms.read import Create, Read
from streamcore.transforms.write import Write
from tests.engine.sources import FedReader, FedSource, calm
from tests.engine.test_failures import BadSink, Failing
from tests.engine.test_runtime import Collected


class Panic(BaseException):
    """As extension modules raise it that are written in Rust."""


class OddReader(FedReader):
    def __init__(self, source: OddSource) -> None:
        super().__init__()
        self.source = source

    async def poll(self, limit: int) -> Batch[Any] | None:
        self.source.fail("poll")
        return await super().poll(limit)

    async def close(self) -> None:
        self.source.fail("close reader")


class OddSource(FedSource):
    """Fails where it is told to."""

    def __init__(self, where: str, error: BaseException) -> None:
        super().__init__()
        self.where = where
        self.error = error
        self.readers = {"a": OddReader(self)}
        self.end()

    async def splits(self) -> list[str]:
        self.fail("splits")
        return ["a"]

    async def new_splits(self) -> AsyncIterator[str]:
        self.fail("new_splits")
        async for split in super().new_splits():
            yield split

    def open(self, split: str, position: object) -> Reader[Any]:  # type: ignore[override]
        self.fail("open")
        return self.readers[split]

    async def close(self) -> None:
        self.fail("close")

    def fail(self, where: str) -> None:
        if where == self.where:
            raise self.error


class OddDoFn(DoFn):
    def __init__(self, where: str, error: BaseException) -> None:
        self.where = where
        self.error = error

    def setup(self) -> None:
        self.fail("setup")

    def process(self, element: int) -> list[int]:
        self.fail("process")
        return [element]

    def finish_bundle(self) -> None:
        self.fail("finish_bundle")

    def teardown(self) -> None:
        self.fail("teardown")

    def fail(self, where: str) -> None:
        if where == self.where:
            raise self.error

    def __deepcopy__(self, memo: object) -> OddDoFn:
        return self  # with the same error


Build = Callable[[Pipeline, BaseException], object]


def calling(p: Pipeline, error: BaseException) -> object:
    def fail(element: int) -> None:
        raise error

    return p | Create([1, 2]) | "odd" >> WriteToCallable(fail)


def awaiting(p: Pipeline, error: BaseException) -> object:
    async def fail(element: int) -> None:
        raise error

    return p | Create([1, 2]) | "odd" >> WriteToCallable(fail)


def iterating(p: Pipeline, error: BaseException) -> object:
    def fail() -> Iterator[int]:
        yield 1
        raise error

    return p | "odd" >> ReadFromIterable(fail) | Write(Collected())


def generating(p: Pipeline, error: BaseException) -> object:
    async def fail() -> AsyncIterator[int]:
        yield 1
        raise error

    return p | "odd" >> ReadFromAsyncIterable(fail) | Write(Collected())


def writing(where: str) -> Build:
    return lambda p, error: p | Create([1, 2]) | "odd" >> Write(BadSink(where, error))


def reading(where: str) -> Build:
    return lambda p, error: p | "odd" >> Read(OddSource(where, error)) | Write(Collected())


def processing(where: str) -> Build:
    return lambda p, error: p | Create([1, 2]) | "odd" >> ParDo(OddDoFn(where, error)) | Write(Collected())


EDGES: dict[str, Build] = {
    "a function": calling,
    "an async function": awaiting,
    "an iterable": iterating,
    "an async iterable": generating,
    **{f"{where} of a sink": writing(where) for where in ("open", "write", "close")},
    **{
        f"{where} of a source": reading(where)
        for where in ("splits", "new_splits", "open", "poll", "close reader", "close")
    },
}
STEPS: dict[str, Build] = {
    f"{where} of a DoFn": processing(where) for where in ("setup", "process", "finish_bundle", "teardown")
}
ERRORS = [pytest.fail.Exception("not this one"), Panic("index"), BaseExceptionGroup("both", [Panic("index")])]


async def ended(build: Build, error: BaseException, *, keeps_state_in: Path | None = None) -> Job:
    """A run that has failed, and raises what it was given."""
    p = Pipeline(options=None if keeps_state_in is None else PipelineOptions(state_dir=str(keeps_state_in)))
    build(p, error)
    job = Job(p)
    with pytest.raises(type(error)) as caught:
        await asyncio.wait_for(job.wait(), 30)
    assert caught.value is error
    assert job.state == "FAILED"
    return job


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("build", [*EDGES.values(), *STEPS.values()], ids=[*EDGES, *STEPS])
async def test_an_error_that_is_no_exception_reaches_whoever_waits(build: Build, error: BaseException) -> None:
    await ended(build, error)


@pytest.mark.parametrize("build", EDGES.values(), ids=EDGES)
async def test_the_step_is_named_beside_it(build: Build) -> None:
    error = Panic("index")
    await ended(build, error)
    [note] = error.__notes__
    assert note.startswith("This happened in step 'odd")


async def test_a_run_with_a_state_directory_fails_of_it_too(tmp_path: Path) -> None:
    await ended(calling, Panic("index"), keeps_state_in=tmp_path)


@pytest.mark.parametrize("build", [*EDGES.values(), *STEPS.values()], ids=[*EDGES, *STEPS])
async def test_a_generator_exit_of_user_code_makes_the_run_fail(build: Build) -> None:
    p, error = Pipeline(), GeneratorExit()
    build(p, error)
    job = Job(p)
    with pytest.raises(PipelineError) as caught:
        await asyncio.wait_for(job.wait(), 30)
    assert str(caught.value) == "a function of the pipeline raised GeneratorExit; return, or raise another error"
    assert caught.value.__cause__ is error
    assert job.state == "FAILED"


async def test_drain_tells_of_it_while_the_source_goes_on() -> None:
    p, source = Pipeline(), FedSource("a")

    def fail(element: int) -> None:
        raise Panic(element)

    _ = p | Read(source) | WriteToCallable(fail)
    job = Job(p)
    await calm()
    source.feed("a", 1)
    draining = asyncio.create_task(job.drain())
    with pytest.raises(Panic):
        await asyncio.wait_for(draining, 30)
    assert job.state == "FAILED"


@pytest.mark.parametrize("build", [calling, awaiting, reading("poll"), processing("process"), processing("teardown")])
def test_what_ends_the_process_does(build: Build, caplog: pytest.LogCaptureFixture) -> None:
    p = Pipeline()
    build(p, SystemExit(3))
    with pytest.raises(SystemExit) as error:
        p.run()
    assert error.value.code == 3
    gc.collect()  # asyncio tells then what nobody has looked at
    assert {record.name for record in caplog.records} <= {"streamcore"}


class Stubborn(Collected):
    """Cannot drop anything."""

    async def abort(self) -> None:
        raise Panic("abort")


def test_what_it_happens_to_does_not_keep_the_rest_open() -> None:
    p, sink, dofn = Pipeline(), Collected(), Failing()
    numbers = p | Create([3]) | "stubborn" >> ParDo(OddDoFn("teardown", Panic("teardown"))) | ParDo(dofn)
    _ = numbers | "stubborn sink" >> Write(Stubborn())
    _ = numbers | "sink" >> Write(sink)
    with pytest.raises(UserCodeError, match="three"):
        p.run()
    assert sink.end == "aborted"
    assert dofn.life == ["setup", "start", "teardown"]


async def test_the_log_names_the_step_where_nobody_waits(caplog: pytest.LogCaptureFixture) -> None:
    p = Pipeline()
    calling(p, Panic("index"))
    Job(p)
    await calm()
    assert caplog.messages == ["the run has failed: Panic: index\nThis happened in step 'odd/Write(CallableSink)'."]
