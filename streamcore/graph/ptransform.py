"""The transform: what turns PCollections into PCollections."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from streamcore.errors import PipelineError

if TYPE_CHECKING:
    from typing_extensions import Self

InT = TypeVar("InT", contravariant=True)
OutT = TypeVar("OutT", covariant=True)


class PTransform(Generic[InT, OutT]):
    """A step of a pipeline; subclass it and write `expand` to make a step of several others.

    Label it with `>>`: `lines | "parse" >> Map(json.loads)`.
    """

    label: str | None = None

    def __init__(self, label: str | None = None) -> None:
        self.label = label

    def expand(self, pvalue: InT) -> OutT:
        """Applies the steps that make up this one, and returns the last one's output."""
        msg = f"{type(self).__name__} has no `expand`; define expand(self, pcoll) to say what the transform does"
        raise NotImplementedError(msg)

    def default_label(self) -> str:
        """The label where the user gives none."""
        return self.label or type(self).__name__

    def __rrshift__(self, label: str) -> Self:
        if not isinstance(label, str):
            msg = f"a label must be a str, got {label!r}; write 'label' >> {self.default_label()}(...)"
            raise PipelineError(msg)
        labelled = copy.copy(self)
        labelled.label = label
        return labelled

    def __ror__(self, left: Any) -> Any:
        """Takes what is not a PCollection itself: a tuple, list or dict of PCollections."""
        pipeline = _pipeline_of(left)
        if pipeline is None:
            msg = f"{self.default_label()} cannot be applied to {type(left).__name__}; apply it to a PCollection, or start with Create([...])"
            raise PipelineError(msg)
        return pipeline.apply(self, left)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.default_label()!r}>"


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
    """

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
