"""Map, FlatMap, Filter and their tuple forms: user code for each element, as a plain function."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, Protocol, TypeVar, overload

from streamcore.errors import PipelineError, shorten
from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import T
from streamcore.transforms.dofn import CallPlan, DoFn, plan_tuple_call
from streamcore.transforms.pardo import ParDo

# No defaults: a function that does not fit is to be an error, and not to make these Any.
ElementT = TypeVar("ElementT", bound=Any)
ResultT = TypeVar("ResultT", bound=Any)
OutputT = TypeVar("OutputT", bound=Any)
ElementT_contra = TypeVar("ElementT_contra", bound=Any, contravariant=True)
ResultT_co = TypeVar("ResultT_co", bound=Any, covariant=True)


class ElementFn(Protocol[ElementT_contra, ResultT_co]):
    """A function that can be called with an element, and perhaps more.

    A protocol and not `Callable`, because a type checker then takes the parameter of a lambda for Any: it looks at the
    lambda before it knows the PCollection, and would make nothing of the element at all.
    """

    def __call__(self, element: ElementT_contra, /, *args: Any, **kwargs: Any) -> ResultT_co:
        """The result for one element."""
        ...


def _itself(element: Any) -> Any:
    return element


class FunctionParDo(ParDo[ElementT, OutputT], Generic[ElementT, ResultT, OutputT]):
    """A ParDo over a plain function; what is done with its result is for the subclass to say."""

    def __init__(self, fn: ElementFn[ElementT, ResultT], *args: Any, **kwargs: Any) -> None:
        name = type(self).__name__
        if isinstance(fn, DoFn):
            kind = type(fn).__name__
            msg = f"{name} takes a function, got the DoFn {kind}(...); write ParDo({kind}(...))"
            raise PipelineError(msg)
        if not callable(fn):
            hint = f"write {name}(function), without calling the function" if fn is None else f"write {name}(function)"
            msg = f"{name} takes a function of one element, got {shorten(fn)}; {hint}"
            raise PipelineError(msg)
        super().__init__(fn, *args, **kwargs)
        self.function = fn

    def default_label(self) -> str:
        """`Map(parse)`."""
        return self.label or f"{type(self).__name__}({self.fn.default_label()})"


class Map(FunctionParDo[ElementT, OutputT, OutputT], Generic[ElementT, OutputT]):
    """One output for each element: what the function returns.

    Args:
        fn: A function of an element. A further parameter whose default is `DoFn.TimestampParam` or another of these is
            filled in for every element.
        *args: More positional arguments for the function.
        **kwargs: Keyword arguments for it.

    >>> with Pipeline() as p:
    ...     _ = p | Create([1, 2]) | Map(lambda x: 10 * x) | Map(print)
    10
    20
    """


class FlatMap(FunctionParDo[ElementT, Iterable[OutputT], OutputT], Generic[ElementT, OutputT]):
    """Any number of outputs for each element: those in the iterable that the function returns.

    Without a function the elements themselves are the iterables.

    >>> with Pipeline() as p:
    ...     _ = p | Create(["to be", "or"]) | FlatMap(str.split) | Map(print)
    to
    be
    or
    """

    @overload
    def __init__(self: FlatMap[Any, Any]) -> None: ...
    @overload
    def __init__(self, fn: ElementFn[ElementT, Iterable[OutputT]], *args: Any, **kwargs: Any) -> None: ...
    def __init__(self, fn: Any = _itself, *args: Any, **kwargs: Any) -> None:
        super().__init__(fn, *args, **kwargs)


class Filter(FunctionParDo[Any, object, Any]):
    """The elements for which the function returns something true.

    >>> with Pipeline() as p:
    ...     _ = p | Create([1, 2, 3]) | Filter(lambda x: x > 1) | Map(print)
    2
    3
    """

    def expand(self, pvalue: PCollection[T]) -> PCollection[T]:
        """Those of the elements."""
        return super().expand(pvalue)


class MapTuple(FunctionParDo[Any, OutputT, OutputT], Generic[OutputT]):
    """`Map` over tuples, whose items become the function's positional arguments.

    >>> with Pipeline() as p:
    ...     _ = p | Create([(1, 2), (3, 4)]) | MapTuple(lambda x, y: x + y) | Map(print)
    3
    7
    """

    # The parameters of a lambda are Any where it is known how many there are.
    @overload
    def __init__(self, fn: Callable[[Any, Any], OutputT]) -> None: ...
    @overload
    def __init__(self, fn: Callable[[Any, Any, Any], OutputT]) -> None: ...
    @overload
    def __init__(self, fn: Callable[..., OutputT], *args: Any, **kwargs: Any) -> None: ...
    def __init__(self, fn: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(fn, *args, **kwargs)

    def call_plan(self) -> CallPlan:
        """How the function is called for a tuple."""
        return plan_tuple_call(self.function, self.args, self.kwargs)


class FlatMapTuple(FunctionParDo[Any, Iterable[OutputT], OutputT], Generic[OutputT]):
    """`FlatMap` over tuples, whose items become the function's positional arguments.

    >>> with Pipeline() as p:
    ...     _ = p | Create([("a", 2), ("b", 1)]) | FlatMapTuple(lambda word, n: n * [word]) | Map(print)
    a
    a
    b
    """

    @overload
    def __init__(self, fn: Callable[[Any, Any], Iterable[OutputT]]) -> None: ...
    @overload
    def __init__(self, fn: Callable[[Any, Any, Any], Iterable[OutputT]]) -> None: ...
    @overload
    def __init__(self, fn: Callable[..., Iterable[OutputT]], *args: Any, **kwargs: Any) -> None: ...
    def __init__(self, fn: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(fn, *args, **kwargs)

    def call_plan(self) -> CallPlan:
        """How the function is called for a tuple."""
        return plan_tuple_call(self.function, self.args, self.kwargs)
