"""Arguments for an aggregation: what `CombinePerKey(fn, *args, **kwargs)` passes on to every step of it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from streamcore.transforms.arguments import check_arguments
from streamcore.transforms.combine_fn import CallableCombineFn, CombineFn

if TYPE_CHECKING:
    from typing import Self


class CurriedCombineFn(CombineFn[Any, Any, Any]):
    """A CombineFn whose methods all take the same further arguments."""

    def __init__(self, fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._fn = fn
        self._args = args
        self._kwargs = kwargs

    def __copy__(self) -> Self:
        """One with a CombineFn of its own."""
        other = object.__new__(type(self))
        vars(other).update(vars(self), _fn=copy.copy(self._fn))
        return other

    @property
    def inner(self) -> Any:
        """The CombineFn without its arguments."""
        return self._fn

    def setup(self) -> None:
        """Sets the CombineFn up."""
        if type(self._fn).setup is not CombineFn.setup:
            self._fn.setup(*self._args, **self._kwargs)

    def create_accumulator(self) -> Any:
        """An empty accumulator."""
        return self._fn.create_accumulator(*self._args, **self._kwargs)

    def add_input(self, mutable_accumulator: Any, element: Any) -> Any:
        """The accumulator with one more element."""
        return self._fn.add_input(mutable_accumulator, element, *self._args, **self._kwargs)

    def merge_accumulators(self, accumulators: Iterable[Any]) -> Any:
        """One accumulator for several."""
        return self._fn.merge_accumulators(accumulators, *self._args, **self._kwargs)

    def extract_output(self, accumulator: Any) -> Any:
        """The result."""
        return self._fn.extract_output(accumulator, *self._args, **self._kwargs)

    def teardown(self) -> None:
        """Tears the CombineFn down."""
        if type(self._fn).teardown is not CombineFn.teardown:
            self._fn.teardown(*self._args, **self._kwargs)

    def default_label(self) -> str:
        """The label of the CombineFn."""
        return str(self._fn.default_label())


def make_combine_fn(
    fn: Callable[..., Any] | CombineFn[Any, Any, Any], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
) -> CombineFn[Any, Any, Any]:
    """The aggregation for a CombineFn, or a function over an iterable, and the arguments to be passed on to it.

    >>> make_combine_fn(lambda values, least: max(least, *values), (5,)).apply([1, 2])
    5

    Raises:
        PipelineError: If `fn` is neither, or a CombineFn that lacks a step, or an argument is of no use to it.
    """
    combine_fn = CombineFn.from_callable(fn)
    combine_fn.require_steps()
    check_arguments(combine_fn.default_label(), [*args, *(kwargs or {}).values()])
    if not args and not kwargs:
        return combine_fn
    if isinstance(fn, CombineFn):
        if isinstance(fn, CallableCombineFn):
            return CallableCombineFn(fn.fn, *fn.args, *args, **fn.kwargs, **(kwargs or {}))
        return CurriedCombineFn(fn, args, kwargs or {})
    return CallableCombineFn(fn, *args, **(kwargs or {}))
