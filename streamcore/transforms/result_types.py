"""How type checkers find the type of an aggregation's result.

A CombineFn or a function says it, but for `sum`, `min` and `max`: their result is of the type that the elements have,
which is known only when the aggregation is applied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, overload

from streamcore.graph.typevars import T

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import TypeVar


class AsDeclared:
    """The result is of the type that the function declares."""


class AsElements(AsDeclared):
    """The result is of the type that the elements have."""


class SumLike(Protocol):
    """`sum`, told from other functions by its further parameter."""

    @overload
    def __call__(self, values: Iterable[T], /) -> T | int: ...
    @overload
    def __call__(self, values: Iterable[T], /, start: int) -> T | int: ...


class ExtremeLike(Protocol):
    """`min` or `max`, told from other functions by their further parameter."""

    @overload
    def __call__(self, values: Iterable[T], /) -> T | int: ...
    @overload
    def __call__(self, values: Iterable[T], /, *, default: int) -> T | int: ...


if TYPE_CHECKING:
    ResultType_co = TypeVar("ResultType_co", bound=AsDeclared, covariant=True, default=AsDeclared)
else:
    # Before Python 3.13 a type variable has no default; any number of them may be left out, too.
    from typing import TypeVarTuple, Unpack

    ResultType_co = Unpack[TypeVarTuple("ResultType_co")]
