"""ParDo: user code for each element, as a DoFn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, Protocol, TypeVar, overload

from streamcore.errors import PipelineError, shorten
from streamcore.graph.pipeline import require_pcollection
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PCollection, TaggedOutputs
from streamcore.graph.typevars import T, U
from streamcore.model.functions import require_plain_methods
from streamcore.model.windowed_value import TaggedOutput, TimestampedValue, WindowedValue
from streamcore.transforms.arguments import check_arguments
from streamcore.transforms.dofn import METHODS, CallPlan, DoFn, plan_call
from streamcore.transforms.function_dofn import FunctionDoFn

# No defaults: a DoFn that does not fit is to be an error, and not to make these Any.
ElementT_contra = TypeVar("ElementT_contra", bound=Any, contravariant=True)
OutputT_co = TypeVar("OutputT_co", bound=Any, covariant=True)


class Processes(Protocol[ElementT_contra, OutputT_co]):
    """What type checkers make of a DoFn: the annotations of its `process` say what goes in and what comes out."""

    def process(self, element: ElementT_contra, /, *args: Any, **kwargs: Any) -> Iterable[OutputT_co] | None:
        """The outputs for one element."""
        ...

    def default_label(self) -> str:
        """The label of a step that runs it."""
        ...


class ParDo(PTransform[PCollection[T], PCollection[U]], Generic[T, U]):
    """Processes each element with a DoFn; `process` puts out any number of elements.

    Args:
        fn: The DoFn, an instance and not the class; or a function, with which this is a `FlatMap`.
        *args: More positional arguments for `process`, or for the function.
        **kwargs: Keyword arguments for `process`.

    >>> class SplitWords(DoFn):
    ...     def process(self, element):
    ...         return element.split()
    >>> with Pipeline() as p:
    ...     _ = p | Create(["to be"]) | ParDo(SplitWords()) | Map(print)
    to
    be
    """

    @overload
    def __init__(self, fn: Processes[T, TimestampedValue[U] | WindowedValue[U]], *args: Any, **kwargs: Any) -> None: ...
    @overload
    def __init__(self, fn: Processes[T, U | TaggedOutput[Any, Any]], *args: Any, **kwargs: Any) -> None: ...
    @overload
    def __init__(self, fn: Callable[..., Iterable[U]], *args: Any, **kwargs: Any) -> None: ...
    def __init__(self, fn: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        if not isinstance(fn, DoFn):
            fn = FunctionDoFn(_function(fn), type(self).__name__)
        if type(fn).process is DoFn.process:
            msg = f"{type(fn).__name__} has no `process`; define process(self, element) that returns an iterable"
            raise PipelineError(msg)
        require_plain_methods(type(self).__name__, fn, METHODS)
        check_arguments(type(self).__name__, [*args, *kwargs.values()])
        self.fn = fn
        self.args = args
        self.kwargs = kwargs

    def call_plan(self) -> CallPlan:
        """How `process`, or the function, is called for an element."""
        called = self.fn.fn if isinstance(self.fn, FunctionDoFn) else self.fn.process
        return plan_call(called, self.args, self.kwargs)

    def default_label(self) -> str:
        """`ParDo(MyDoFn)`."""
        return self.label or f"ParDo({self.fn.default_label()})"

    def with_outputs(
        self, *tags: str, main: str | None = None, allow_unknown_tags: bool | None = None
    ) -> MultiOutput[T]:
        """Several outputs: what is put out as `TaggedOutput(tag, value)` goes to the output of that tag.

        Args:
            *tags: Names of the further outputs. If there are none, outputs are made as they are asked for.
            main: Name of the main output, if it shall come first when the result is unpacked.
            allow_unknown_tags: Whether values of tags that are not named are ignored instead of refused; as in Beam
                they are ignored where no tags are named.
        """
        for tag in (*tags, *(() if main is None else (main,))):
            if not isinstance(tag, str):
                msg = f"the tag of an output must be a str, got {shorten(tag)}; write with_outputs('tag', main='main')"
                raise PipelineError(msg)
        if main in tags:
            msg = f"the main output cannot be called {main!r}: that is also one of the tags {tags!r}"
            raise PipelineError(msg)
        return MultiOutput(self, tags, main, not tags if allow_unknown_tags is None else allow_unknown_tags)

    def expand(self, pvalue: PCollection[T]) -> PCollection[U]:
        """The one output."""
        self.call_plan()
        return PCollection.like(require_pcollection(self, pvalue))


class MultiOutput(PTransform[PCollection[T], TaggedOutputs], Generic[T]):
    """A ParDo with several outputs, made by `with_outputs`."""

    def __init__(self, pardo: ParDo[T, Any], tags: tuple[str, ...], main: str | None, allow_unknown: bool) -> None:
        super().__init__(pardo.label)
        self.type_hints = pardo.type_hints
        self.pardo = pardo
        self.tags = tags
        self.main = main
        self.allow_unknown = allow_unknown

    def default_label(self) -> str:
        """The label of the ParDo."""
        return self.label or self.pardo.default_label()

    def expand(self, pvalue: PCollection[T]) -> TaggedOutputs:
        """The main output and one for each tag."""
        pcoll = require_pcollection(self, pvalue)
        self.pardo.call_plan()
        outputs: dict[str | None, PCollection[Any]] = {None: PCollection.like(pcoll)}
        for tag in self.tags:
            outputs[tag] = PCollection.like(pcoll, tag=tag)
        if self.main is not None:
            outputs_by_name = outputs | {self.main: outputs[None]}
            return TaggedOutputs(outputs_by_name, (self.main, *self.tags), is_open=not self.tags)
        return TaggedOutputs(outputs, self.tags or (None,), is_open=not self.tags)


def _function(fn: Any) -> Callable[..., Any]:
    if isinstance(fn, type) and issubclass(fn, DoFn):
        msg = f"ParDo takes a DoFn object, got the class {fn.__name__}; write ParDo({fn.__name__}())"
        raise PipelineError(msg)
    if not callable(fn):
        msg = f"ParDo takes a DoFn object or a function, got {shorten(fn)}; write ParDo(MyDoFn()) or ParDo(function)"
        raise PipelineError(msg)
    function: Callable[..., Any] = fn
    return function
