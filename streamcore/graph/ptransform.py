"""The transform: what turns PCollections into PCollections."""

from __future__ import annotations

import copy
import functools
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar, overload

from streamcore.errors import PipelineError
from streamcore.graph.at_once import apply_at_once
from streamcore.graph.hints import TypeHints
from streamcore.model.functions import require_plain

if TYPE_CHECKING:
    from typing import Self

    from streamcore.graph.pvalue import PCollection, TaggedOutputs

    _Several: TypeAlias = tuple[Any, ...] | list[PCollection[Any]] | dict[Any, Any] | TaggedOutputs

InT = TypeVar("InT", contravariant=True)
OutT = TypeVar("OutT", covariant=True)
NextT = TypeVar("NextT")


class Expands(Protocol[InT, OutT]):
    """What type checkers make of the right side of `|`: its `expand` must take what stands on the left.

    Looked at this way, a transform whose `expand` is generic by itself, such as `GroupByKey`, gives elements of the
    right type even where it is made before its input is known: `pairs | "label" >> GroupByKey()`.
    """

    def expand(self, pvalue: InT, /) -> OutT:
        """What the transform gives for an input."""
        ...


class PTransform(Generic[InT, OutT]):
    """A step of a pipeline; subclass it and write `expand` to make a step of several others.

    Label it with `>>`: `lines | "parse" >> Map(json.loads)`.

    >>> class CountWords(PTransform):
    ...     def expand(self, lines):
    ...         return lines | FlatMap(str.split) | Count.PerElement()
    >>> with Pipeline() as p:
    ...     _ = p | Create(["to be", "to"]) | "count" >> CountWords() | Map(print)
    ('to', 2)
    ('be', 1)
    """

    label: str | None = None
    type_hints: TypeHints = TypeHints()
    pipeline: Any = None

    def __init__(self, label: str | None = None) -> None:
        self.label = label

    def expand(self, pvalue: InT, /) -> OutT:
        """Applies the steps that make up this one, and returns the last one's output."""
        msg = f"{type(self).__name__} has no `expand`; define expand(self, pcoll) to say what the transform does"
        raise NotImplementedError(msg)

    def default_label(self) -> str:
        """The label where the user gives none."""
        return self.label or type(self).__name__

    def with_input_types(self, input_type: Any, *side_input_types: Any, **named_side_input_types: Any) -> Self:
        """Notes which elements this transform takes.

        No element is checked against that. Where this is an aggregation, a run that keeps state compares the type with
        that of the last run, and is refused if they differ.

        Args:
            input_type: Type of the elements.
            *side_input_types: Types of further arguments; accepted for Beam programs, and not kept.
            **named_side_input_types: The same by name.
        """
        self.type_hints = self.type_hints.with_input(input_type)
        return self

    def with_output_types(self, output_type: Any, **tagged_types: Any) -> Self:
        """Notes which elements this transform puts out, as the `element_type` of its output.

        No element is checked against that. Where an aggregation takes them, a run that keeps state compares the type
        with that of the last run, and is refused if they differ.

        Args:
            output_type: Type of the elements.
            **tagged_types: Types of tagged outputs.

        >>> with Pipeline() as p:
        ...     lengths = p | Create(["a", "bc"]) | Map(len).with_output_types(int)
        >>> lengths.element_type
        <class 'int'>
        """
        self.type_hints = self.type_hints.with_output(output_type, tagged_types)
        return self

    def __rrshift__(self, label: str) -> Self:
        if not isinstance(label, str):
            msg = f"a label must be a str, got {label!r}; write 'label' >> {type(self).__name__}(...)"
            raise PipelineError(msg)
        labelled = copy.copy(self)
        labelled.label = label
        return labelled

    @overload
    def __ror__(self, left: _Several) -> OutT: ...
    @overload
    def __ror__(self, left: list[Any]) -> Any: ...
    def __ror__(self, left: Any) -> Any:
        """Takes what is not a PCollection itself: a tuple, list or dict of PCollections.

        To a plain list, or a tuple or dict of lists, the transform is applied at once: a pipeline of its own runs to
        its end, and the result is a list where it would be a PCollection.

        >>> [3, 1, 2] | Map(lambda x: 10 * x)
        [30, 10, 20]
        """
        pipeline = self.pipeline or _pipeline_of(left)
        if pipeline is None:
            if left is None:
                msg = f"{self.default_label()!r} follows None; does the `expand` before it return its last PCollection?"
                raise PipelineError(msg)
            if isinstance(left, list) or (left and isinstance(left, tuple | dict)):
                return apply_at_once(self, left)
            msg = (
                f"{self.default_label()} cannot be applied to {type(left).__name__}; "
                "apply it to a PCollection, or start with Create([...])"
            )
            raise PipelineError(msg)
        result: OutT = pipeline.apply(self, left)
        return result

    def __or__(self, right: Expands[OutT, NextT]) -> PTransform[InT, NextT]:
        """Both transforms as one, before they are applied: `parse = Map(json.loads) | Filter(is_valid)`."""
        if not isinstance(right, PTransform):
            return NotImplemented
        return ChainedPTransform(self, right)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.default_label()!r}>"


class ChainedPTransform(PTransform[Any, Any]):
    """A composite of transforms one after another, made by `|` between transforms."""

    def __init__(self, *parts: PTransform[Any, Any]) -> None:
        super().__init__()
        self.parts = parts

    def default_label(self) -> str:
        """The labels of the parts."""
        return self.label or "|".join(part.default_label() for part in self.parts)

    def expand(self, pvalue: Any) -> Any:
        """Applies the parts, each to what the one before it gave."""
        return functools.reduce(operator.or_, self.parts, pvalue)

    def __or__(self, right: Expands[Any, Any]) -> PTransform[Any, Any]:
        if self.label is None and isinstance(right, PTransform):
            return ChainedPTransform(*self.parts, right)
        return super().__or__(right)


class CallablePTransform(PTransform[Any, Any]):
    """A composite made of a function, by `ptransform_fn`."""

    def __init__(self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        super().__init__()
        self._fn = fn
        self._args = args
        self._kwargs = kwargs

    def default_label(self) -> str:
        """The function's name."""
        return self.label or self._fn.__name__

    def expand(self, pvalue: Any) -> Any:
        """Calls the function with the input and the arguments."""
        return self._fn(pvalue, *self._args, **self._kwargs)


def ptransform_fn(fn: Callable[..., OutT]) -> Callable[..., PTransform[Any, OutT]]:
    """Makes a composite transform of a function whose first parameter is the input.

    >>> @ptransform_fn
    ... def Doubled(pcoll):
    ...     return pcoll | Map(lambda x: 2 * x)

    Raises:
        PipelineError: If it is an async function.
    """
    require_plain("ptransform_fn", fn)

    @functools.wraps(fn)
    def build(*args: Any, **kwargs: Any) -> PTransform[Any, OutT]:
        return CallablePTransform(fn, args, kwargs)

    return build


def _pipeline_of(pvalue: Any) -> Any:
    """The pipeline of the first PCollection in a tuple, list or dict."""
    pipeline = getattr(pvalue, "pipeline", None)
    if pipeline is not None:
        return pipeline
    if isinstance(pvalue, dict):
        pvalue = list(pvalue.values())
    if isinstance(pvalue, tuple | list):
        return next((found for found in map(_pipeline_of, pvalue) if found is not None), None)
    return None
