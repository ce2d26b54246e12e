"""A node of the graph: one transform, applied once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PCollection, TaggedOutputs


class AppliedTransform:
    """One application of a transform.

    Attributes:
        full_label: Unique in the pipeline, the labels of the composites around it in front: `Totals/Sum`.
        transform: What was applied.
        inputs: The PCollections it reads.
        outputs: The PCollections it made, by tag; empty for composites and sinks.
        parts: The transforms inside, if it is a composite.
    """

    def __init__(self, full_label: str, transform: PTransform[Any, Any], inputs: tuple[PCollection[Any], ...]) -> None:
        self.full_label = full_label
        self.transform = transform
        self.inputs = inputs
        self.outputs: dict[str | None, PCollection[Any]] = {}
        self.parts: list[AppliedTransform] = []

    def adopt(self, pcoll: PCollection[Any]) -> None:
        """Makes a PCollection one of the outputs."""
        pcoll.producer = self
        self.outputs[pcoll.tag] = pcoll

    def is_primitive(self) -> bool:
        """Whether a runner has to know this transform itself."""
        return not self.parts

    def primitives(self) -> Iterator[AppliedTransform]:
        """The primitive transforms in here, in the order they were applied."""
        if self.is_primitive():
            yield self
        for part in self.parts:
            yield from part.primitives()

    def __repr__(self) -> str:
        return f"<{self.full_label}: {type(self.transform).__name__}>"


def collections_in(pvalue: object) -> Iterator[PCollection[Any]]:
    """The PCollections in what a transform takes or gives: one, or a tuple, list or dict of them."""
    if isinstance(pvalue, PCollection):
        yield pvalue
    elif isinstance(pvalue, TaggedOutputs):
        yield from pvalue.collections().values()
    elif isinstance(pvalue, Mapping):
        for value in pvalue.values():
            yield from collections_in(value)
    elif isinstance(pvalue, tuple | list):
        for value in pvalue:
            yield from collections_in(value)


def outputs_of(result: object) -> dict[str | None, PCollection[Any]]:
    """The outputs of one transform by tag: the PCollection that it gave, or the tagged ones."""
    if isinstance(result, TaggedOutputs):
        return result.collections()
    return {None: result} if isinstance(result, PCollection) else {}
