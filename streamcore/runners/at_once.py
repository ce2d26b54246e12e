"""Transforms on plain lists: a pipeline of their own, run to its end by the default runner."""

from __future__ import annotations

from itertools import count
from typing import Any

from streamcore.graph.pipeline import Pipeline
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PCollection, PDone, TaggedOutputs
from streamcore.model.bundle import Bundle
from streamcore.model.sink import Sink
from streamcore.transforms.read import Create
from streamcore.transforms.write import Write


def run_at_once(transform: PTransform[Any, Any], values: Any) -> Any:
    """Applies a transform to a list, or to a tuple or dict of lists, and gives lists back.

    The result has the shape that it would have in a pipeline: a list for a PCollection, a tuple, dict or set of tagged
    outputs of lists for several, and None for what ends in a sink.

    Raises:
        PipelineError: If this thread has a running event loop, or a value is nothing that `Create` takes.
    """
    building = Building()
    result = building.pipeline.apply(transform, building.created(values))
    collected = building.collected(result)
    building.pipeline.run()
    return collected


class Building:
    """A pipeline whose inputs and outputs are lists."""

    def __init__(self) -> None:
        self.pipeline = Pipeline()
        self._numbers = count()

    def created(self, values: Any) -> Any:
        """A PCollection for each list."""
        if isinstance(values, dict):
            return {tag: self.created(part) for tag, part in values.items()}
        if isinstance(values, tuple):
            return _like(values, [self.created(part) for part in values])
        return self.pipeline | f"Input {next(self._numbers)}" >> Create(values)

    def collected(self, result: Any) -> Any:
        """A list for each PCollection, which the run fills."""
        if isinstance(result, PCollection):
            sink = ListSink()
            _ = result | f"Output {next(self._numbers)}" >> Write(sink)
            return sink.values
        if isinstance(result, TaggedOutputs):
            lists = {id(pcoll): self.collected(pcoll) for pcoll in result.collections().values()}
            return result.each(lambda pcoll: lists[id(pcoll)])
        if isinstance(result, dict):
            return {tag: self.collected(part) for tag, part in result.items()}
        if isinstance(result, tuple | list):
            return _like(result, [self.collected(part) for part in result])
        return None if isinstance(result, PDone) else result


class ListSink(Sink[Any]):
    """Keeps the elements in a list."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    async def write(self, bundle: Bundle) -> None:
        """Keeps them."""
        self.values.extend(bundle.values)


def _like(original: Any, parts: list[Any]) -> Any:
    """The parts as the kind of tuple or list that the original is."""
    return type(original)(*parts) if hasattr(original, "_fields") else type(original)(parts)
