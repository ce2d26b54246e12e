"""Composites around one aggregation, which pass on its late output."""

from __future__ import annotations

from typing import Any

from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PCollection
from streamcore.transforms.elementwise import Map
from streamcore.transforms.group import LateOutputs, Reduce


class CompositeReduce(PTransform[Any, Any]):
    """An aggregation with steps in front of it, and maybe behind it.

    A subclass defines `prepare`, and `finish` and `restore` where there is something to do.
    """

    def prepare(self, pvalue: Any) -> tuple[PCollection[Any], Reduce]:
        """What is aggregated, and how."""
        raise NotImplementedError

    def finish(self, panes: PCollection[Any]) -> PCollection[Any]:
        """What becomes of the panes."""
        return panes

    def restore(self, prepared: Any) -> Any:
        """An element, as it was before it was prepared."""
        return prepared

    def expand(self, pvalue: Any) -> PCollection[Any]:
        """The results."""
        prepared, reduce = self.prepare(pvalue)
        return self.finish(prepared | reduce)

    def with_late_output(self) -> CompositeWithLateOutput:
        """This transform with a second output, for the late elements that its aggregation drops.

        >>> with Pipeline() as p:
        ...     counts, late = p | Create(["a"]) | Count.PerElement().with_late_output()
        """
        return CompositeWithLateOutput(self)


class CompositeWithLateOutput(PTransform[Any, LateOutputs]):
    """A composite around an aggregation with two outputs, made by `with_late_output`."""

    def __init__(self, composite: CompositeReduce) -> None:
        super().__init__(composite.label)
        self.composite = composite
        self.pipeline = composite.pipeline

    def default_label(self) -> str:
        """The label of the composite."""
        return self.label or self.composite.default_label()

    def expand(self, pvalue: Any) -> LateOutputs:
        """The results, and the late elements as they came in."""
        prepared, reduce = self.composite.prepare(pvalue)
        panes, late = prepared | reduce.with_late_output()
        return LateOutputs(self.composite.finish(panes), late | "Late" >> Map(self.composite.restore))
