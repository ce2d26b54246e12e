"""Methods that are written with `def` where the engine awaits them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from streamcore.errors import SinkError, SourceError
from streamcore.graph.pipeline import Pipeline
from streamcore.model.options import PipelineOptions
from streamcore.model.sink import Sink
from streamcore.model.source import Batch, Reader, Source
from streamcore.model.two_phase import TwoPhaseSink
from streamcore.transforms.read import Create, Read
from streamcore.transforms.write import Write

SOURCE = {"splits": "open its source", "start_positions": "find out where to begin", "close": "close its source"}


class Ticks(Source[int]):
    bounded = True

    def open(self, split: str, position: Any) -> Reader[int]:
        return TicksReader()


class TicksReader(Reader[int]):
    async def poll(self, limit: int) -> Batch[int] | None:
        return None


class Nowhere(Sink[Any]):
    async def write(self, bundle: Any) -> None:
        pass


class Parts(TwoPhaseSink[Any]):
    async def write(self, bundle: Any) -> None:
        pass

    async def restart(self, restart: Any) -> None:
        pass

    async def prepare(self, number: int) -> object:
        return []

    async def commit(self, number: int, prepared: Any) -> None:
        pass


def with_plain(owner: Any, method: str) -> Any:
    """The object, of which a method returns a list at once."""
    vars(owner)[method] = lambda *args: []
    return owner


def not_a_coroutine(method: str) -> str:
    return f"TypeError: `{method}` returned [], not a coroutine; define it with `async`: async def {method}(self, ...)"


@pytest.mark.parametrize("method", ["splits", "start_positions", "close"])
def test_of_a_source(method: str) -> None:
    p = Pipeline()
    _ = p | Read(with_plain(Ticks(), method)) | Write(Nowhere())
    with pytest.raises(SourceError) as error:
        p.run()
    assert str(error.value) == f"step 'Read(Ticks)' could not {SOURCE[method]}: {not_a_coroutine(method)}"


@pytest.mark.parametrize(("method", "what"), [("poll", "read split 'all'"), ("close", "close split 'all'")])
def test_of_a_reader(method: str, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TicksReader, method, lambda self, *args: [])
    p = Pipeline()
    _ = p | Read(Ticks()) | Write(Nowhere())
    with pytest.raises(SourceError) as error:
        p.run()
    assert str(error.value) == f"step 'Read(Ticks)' could not {what}: {not_a_coroutine(method)}"


@pytest.mark.parametrize("method", ["open", "write", "close"])
def test_of_a_sink(method: str) -> None:
    p = Pipeline()
    _ = p | Create([1]) | Write(with_plain(Nowhere(), method))
    with pytest.raises(SinkError) as error:
        p.run()
    assert str(error.value) == f"step 'Write(Nowhere)' could not write: {not_a_coroutine(method)}"


@pytest.mark.parametrize("method", ["prepare", "commit", "finish"])
@pytest.mark.parametrize("is_durable", [False, True])
def test_of_a_sink_of_two_phases(method: str, is_durable: bool, tmp_path: Path) -> None:
    p = Pipeline(options=PipelineOptions(state_dir=str(tmp_path)) if is_durable else None)
    _ = p | Create([1]) | Write(with_plain(Parts(), method))
    with pytest.raises(SinkError) as error:
        p.run()
    assert str(error.value) == f"step 'Write(Parts)' could not write: {not_a_coroutine(method)}"


def test_a_plain_method_may_hand_on_what_another_one_returns() -> None:
    written: list[Any] = []

    class Handing(Nowhere):
        def write(self, bundle: Any) -> Any:
            return self.keep(bundle)

        async def keep(self, bundle: Any) -> None:
            written.extend(bundle.values)

    with Pipeline() as p:
        _ = p | Create([1]) | Write(Handing())
    assert written == [1]
