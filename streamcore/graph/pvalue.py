"""What transforms take and give: PCollections, the beginning of a pipeline, and sets of tagged outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from streamcore.errors import PipelineError
from streamcore.model.windowing import Windowing
from streamcore.triggers import DefaultTrigger
from streamcore.windowing import GlobalWindows

if TYPE_CHECKING:
    from streamcore.graph.applied import AppliedTransform
    from streamcore.graph.pipeline import Pipeline
    from streamcore.graph.ptransform import Expands

T_co = TypeVar("T_co", covariant=True)
OutT = TypeVar("OutT")

DEFAULT_WINDOWING = Windowing(GlobalWindows(), DefaultTrigger())


class PCollection(Generic[T_co]):
    """The elements that a transform puts out, bounded or not; apply transforms to it with `|`.

    Attributes:
        pipeline: The pipeline it belongs to.
        windowing: How its elements are windowed and triggered.
        element_type: Type of the elements as `with_output_types` told it, Any if nothing did. No element is checked
            against it; runs that keep state compare it with that of the last run, as in `with_output_types`.
        is_bounded: Whether it ends by itself.
        producer: The transform it comes from; set when that is applied.
        tag: Which of the producer's outputs it is; None for the main one.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        windowing: Windowing = DEFAULT_WINDOWING,
        is_bounded: bool = True,
        tag: str | None = None,
    ) -> None:
        self.pipeline = pipeline
        self.windowing = windowing
        self.is_bounded = is_bounded
        self.tag = tag
        self.producer: AppliedTransform | None = None
        self.element_type: Any = Any

    @classmethod
    def like(cls, other: PCollection[Any], *, tag: str | None = None) -> PCollection[Any]:
        """A new PCollection with the windowing and boundedness of another."""
        return cls(other.pipeline, windowing=other.windowing, is_bounded=other.is_bounded, tag=tag)

    def __or__(self, transform: Expands[PCollection[T_co], OutT]) -> OutT:
        return self.pipeline.apply(transform, self)

    def __iter__(self) -> Iterator[T_co]:
        msg = (
            f"{self} cannot be iterated while the pipeline is built; use `| Map(...)`, or `handle.stream(...)` of a run"
        )
        raise PipelineError(msg)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        source = self.producer.full_label if self.producer is not None else "?"
        return f"PCollection[{source}{'.' + self.tag if self.tag else ''}]"


class PBegin:
    """The beginning of a pipeline: what root transforms are applied to."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline

    def __or__(self, transform: Expands[PBegin, OutT]) -> OutT:
        return self.pipeline.apply(transform, self)


class PDone:
    """The end of a branch: there is nothing to apply a transform to."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline

    def __or__(self, transform: object) -> PDone:
        label = getattr(transform, "default_label", transform.__repr__)()
        msg = f"{label!r} cannot follow a sink, which puts nothing out; apply it to what was written"
        raise PipelineError(msg)


class TaggedOutputs:
    """The outputs of a `ParDo(...).with_outputs(...)`: by attribute, by index, or unpacked in order.

    Unpacking gives the main output first where `main` was named, then the tags in the order they were given. Where no
    tags were given, any may be asked for.

    Args:
        outputs: The outputs by tag, the main one under None.
        order: The tags to unpack.
        is_open: Whether further outputs are made when they are asked for.
    """

    def __init__(
        self, outputs: dict[str | None, PCollection[Any]], order: tuple[str | None, ...], is_open: bool = False
    ) -> None:
        self._outputs = outputs
        self._order = order
        self._is_open = is_open

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline the outputs belong to."""
        return next(iter(self._outputs.values())).pipeline

    def __getattr__(self, tag: str) -> PCollection[Any]:
        if tag.startswith("__"):
            raise AttributeError(tag)
        return self[tag]

    @overload
    def __getitem__(self, tag: str | None) -> PCollection[Any]: ...
    @overload
    def __getitem__(self, tag: int) -> PCollection[Any]: ...
    def __getitem__(self, tag: str | int | None) -> PCollection[Any]:
        if isinstance(tag, int):
            tag = self._order[tag]
        if tag not in self._outputs and self._is_open:
            self._outputs[tag] = self._make(tag)
        if tag not in self._outputs:
            known = ", ".join(repr(name) for name in self._order)
            msg = f"no output is tagged {tag!r}; name it in with_outputs(...), which has: {known}"
            raise PipelineError(msg)
        return self._outputs[tag]

    def _make(self, tag: str | None) -> PCollection[Any]:
        main = self._outputs[None]
        pcoll: PCollection[Any] = PCollection.like(main, tag=tag)
        assert main.producer is not None
        main.producer.adopt(pcoll)
        pcoll.element_type = main.producer.transform.type_hints.output_of(tag, pcoll.element_type)
        return pcoll

    def __iter__(self) -> Iterator[PCollection[Any]]:
        return (self._outputs[tag] for tag in self._order)

    def __len__(self) -> int:
        return len(self._order)

    def each(self, fn: Callable[[Any], Any]) -> TaggedOutputs:
        """What `fn` makes of each output, under the same tags."""
        return TaggedOutputs({tag: fn(pcoll) for tag, pcoll in self._outputs.items()}, self._order)

    def collections(self) -> dict[str | None, PCollection[Any]]:
        """All outputs by tag, the main one under None."""
        return dict(self._outputs)
