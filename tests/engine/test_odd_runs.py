"""Runs that are begun where runs seldom are."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator

import pytest

from streamcore.errors import SinkError
from streamcore.graph.pipeline import Pipeline
from streamcore.transforms.pardo import ParDo
from streamcore.transforms.read import Create
from streamcore.transforms.write import Write
from tests.engine.test_failures import BadSink, Failing
from tests.engine.test_runtime import Collected


def test_a_run_beneath_a_generator_that_is_closed_frees_what_it_holds() -> None:
    dofn, sink = Failing(), Collected()

    def numbers() -> Iterator[int]:
        try:
            yield 1
        finally:
            p = Pipeline()
            _ = p | Create([1]) | ParDo(dofn) | Write(sink)
            p.run()

    for _ in numbers():
        break
    assert sink.values == [1]
    assert dofn.life == ["setup", "start", "teardown"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="tasks can begin at once from Python 3.12 on")
def test_a_run_that_fails_before_anything_is_waited_for() -> None:
    async def main() -> None:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]
        p = Pipeline()
        _ = p | Create([1]) | Write(BadSink("open"))
        handle = await p.run_async()
        await handle.wait()

    with pytest.raises(SinkError, match="step 'Write\\(BadSink\\)'"):
        asyncio.run(main())
