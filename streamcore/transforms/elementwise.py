"""Map, FlatMap, Filter and their tuple forms: user code for each element, as a plain function."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Concatenate, Generic, TypeVar, cast

from streamcore.errors import PipelineError
from streamcore.transforms.dofn import CallPlan, DoFn, plan_call, plan_tuple_call
from streamcore.transforms.pardo import ParDo

T = TypeVar("T")
U = TypeVar("U")


class FunctionDoFn(DoFn):
    """A plain function in the place of a DoFn."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        self.fn = fn

    def process(self, element: Any, *args: Any, **kwargs: Any) -> Any:
        """Calls the function."""
        return self.fn(element, *args, **kwargs)

    def default_label(self) -> str:
        """The function's name."""
        return getattr(self.fn, "__name__", type(self.fn).__name__)


class FunctionParDo(ParDo[T, U], Generic[T, U]):
    """A ParDo over a plain function; what is done with its result is for the subclass to say."""

    def __init__(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        name = type(self).__name__
        if isinstance(fn, DoFn):
            msg = f"{name} takes a function, got the DoFn {fn!r}; write ParDo({type(fn).__name__}(...))"
            raise PipelineError(msg)
        if not callable(fn):
            msg = f"{name} takes a function of one element, got {fn!r}"
            raise PipelineError(msg)
        super().__init__(FunctionDoFn(fn), *args, **kwargs)
        self.function = fn

    def call_plan(self) -> CallPlan:
        """How the function is called for an element."""
        return plan_call(self.function, self.args, self.kwargs)

    def default_label(self) -> str:
        """`Map(parse)`."""
        return self.label or f"{type(self).__name__}({self.fn.default_label()})"


class Map(FunctionParDo[T, U], Generic[T, U]):
    """One output for each element: what the function returns.

    >>> with Pipeline() as p:
    ...     _ = p | Create([1, 2]) | Map(lambda x: 10 * x) | Map(print)
    10
    20
    """

    def __init__(self, fn: Callable[Concatenate[T, ...], U], *args: Any, **kwargs: Any) -> None:
        super().__init__(fn, *args, **kwargs)


class FlatMap(FunctionParDo[T, U], Generic[T, U]):
    """Any number of outputs for each element: those in the iterable that the function returns."""

    def __init__(
        self,
        fn: Callable[Concatenate[T, ...], Iterable[U]] = cast("Any", lambda element: element),  # noqa: B008
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(fn, *args, **kwargs)


class Filter(FunctionParDo[T, T], Generic[T]):
    """The elements for which the function returns something true."""

    def __init__(self, fn: Callable[Concatenate[T, ...], object], *args: Any, **kwargs: Any) -> None:
        super().__init__(fn, *args, **kwargs)


class MapTuple(FunctionParDo[T, U], Generic[T, U]):
    """`Map` over tuples, whose items become the function's positional arguments."""

    def __init__(self, fn: Callable[..., U], *args: Any, **kwargs: Any) -> None:
        super().__init__(fn, *args, **kwargs)

    def call_plan(self) -> CallPlan:
        """How the function is called for a tuple."""
        return plan_tuple_call(self.function, self.args, self.kwargs)


class FlatMapTuple(FunctionParDo[T, U], Generic[T, U]):
    """`FlatMap` over tuples, whose items become the function's positional arguments."""

    def __init__(self, fn: Callable[..., Iterable[U]], *args: Any, **kwargs: Any) -> None:
        super().__init__(fn, *args, **kwargs)

    def call_plan(self) -> CallPlan:
        """How the function is called for a tuple."""
        return plan_tuple_call(self.function, self.args, self.kwargs)

