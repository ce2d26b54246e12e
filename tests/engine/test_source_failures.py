"""Whichever method of a source or a reader fails: the step is named, and everything is closed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from streamcore.errors import LifeCycleError, SourceError
from streamcore.graph.pipeline import Pipeline
from streamcore.model.clock import Clock
from streamcore.model.options import PipelineOptions
from streamcore.model.watermark import BoundedOutOfOrderness
from streamcore.transforms.pardo import ParDo
from streamcore.transforms.read import Read
from streamcore.transforms.write import Write
from tests.engine.sources import FedReader, FedSource
from tests.engine.test_failures import Failing, FailingAt
from tests.engine.test_runtime import Collected


class BrokenReader(FedReader):
    """Fails where it is told to."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self.where = where

    def position(self) -> object:
        self.fail("position")
        return 0

    def is_connected(self) -> bool:
        self.fail("is_connected")
        return True

    async def close(self) -> None:
        await super().close()
        self.fail("close_reader")

    def fail(self, where: str) -> None:
        if where == self.where:
            raise OSError("gone")


class Broken(FedSource):
    """Fails where it is told to, and so do its readers."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self.where = where
        self.readers = {"a": BrokenReader(where), "b": BrokenReader(where)}

    def attach_clock(self, clock: Clock) -> None:
        self.fail("attach_clock")

    def resume(self, positions: Mapping[str, Any]) -> None:
        self.fail("resume")

    async def new_splits(self) -> AsyncIterator[str]:
        self.fail("new_splits")
        async for split in super().new_splits():
            yield split

    async def close(self) -> None:
        await super().close()
        self.fail("close_source")

    def fail(self, where: str) -> None:
        if where == self.where:
            raise OSError("gone")


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("attach_clock", "could not open its source"),
        ("resume", "could not open its source"),
        ("new_splits", "could not look for new splits"),
        ("position", "could not tell where it is in split 'a'"),
        ("is_connected", "could not tell whether split 'a' is connected"),
        ("close_reader", "could not close split 'a'"),
        ("close_source", "could not close its source"),
    ],
)
def test_any_method_of_a_source_or_reader_that_fails_is_named(where: str, message: str, tmp_path: Path) -> None:
    def run(where: str) -> None:
        source = Broken(where)
        p = Pipeline(options=PipelineOptions(state_dir=str(tmp_path)))
        _ = p | Read(source, watermark=BoundedOutOfOrderness(0, idle_timeout=3600)) | Write(Collected())
        source.feed("a", 1)
        source.end()
        p.run()

    if where == "resume":
        with pytest.raises(SourceError):
            run("new_splits")  # a first run, which leaves positions
    with pytest.raises(SourceError) as error:
        run(where)
    assert str(error.value) == f"step 'Read(Broken)' {message}: OSError: gone"
    assert isinstance(error.value.__cause__, OSError)


@pytest.mark.parametrize("where", ["close_reader", "close_source", "nowhere"])
def test_what_fails_to_close_does_not_keep_the_rest_open(where: str) -> None:
    sources, dofn = [Broken(where), Broken(where)], Failing()
    p = Pipeline()
    for number, source in enumerate(sources):
        elements = p | f"read {number}" >> Read(source)
        source.end()
    _ = elements | ParDo(FailingAt("teardown")) | ParDo(dofn)
    with pytest.raises((SourceError, LifeCycleError)):
        p.run()
    assert [reader.closed for source in sources for reader in source.readers.values()] == [1, 1, 1, 1]
    assert [source.closed for source in sources] == [1, 1]
    assert dofn.life == ["setup", "teardown"]
