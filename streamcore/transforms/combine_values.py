"""CombineValues: one result for the values of a pair, after a GroupByKey."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, overload

from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import K, R, T, V
from streamcore.transforms.combine_fn import CombineFn
from streamcore.transforms.curried import make_combine_fn
from streamcore.transforms.dofn import DoFn
from streamcore.transforms.pardo import ParDo
from streamcore.transforms.result_types import AsElements, ExtremeLike, ResultType_co, SumLike

if TYPE_CHECKING:
    from typing import Self


class CombineValues(ParDo[Any, Any], Generic[V, R, ResultType_co]):
    """Unites the values in pairs of key and iterable, as they come out of a GroupByKey.

    Where nothing happens between the two, `CombinePerKey` does the same and keeps no list of the values.

    Args:
        fn: A CombineFn, one of `sum`, `min`, `max`, `len`, `any`, `all`, or another function over an iterable. The last
            is applied to parts of the values and then to its own results, as in Beam: `statistics.median`, or one that
            counts, would be wrong from the eleventh value on. For these write a CombineFn, or a Map.
        *args: More arguments for the function, or for every method of the CombineFn.
        **kwargs: The same by name.

    >>> with Pipeline() as p:
    ...     _ = p | Create([("a", [1, 2]), ("b", [3])]) | CombineValues(sum) | Map(print)
    ('a', 3)
    ('b', 3)
    """

    @overload
    def __init__(self: CombineValues[Any, Any, AsElements], fn: SumLike | ExtremeLike) -> None: ...
    @overload
    def __init__(self, fn: CombineFn[V, Any, R] | Callable[..., R], *args: Any, **kwargs: Any) -> None: ...
    def __init__(self, fn: Any, *args: Any, **kwargs: Any) -> None:
        self.combine_fn = make_combine_fn(fn, args, kwargs)
        super().__init__(CombineValuesDoFn(self.combine_fn))

    def default_label(self) -> str:
        """`CombineValues(sum)`."""
        return self.label or f"CombineValues({self.combine_fn.default_label()})"

    @overload
    def expand(
        self: CombineValues[Any, Any, AsElements], pvalue: PCollection[tuple[K, Iterable[T]]]
    ) -> PCollection[tuple[K, T]]: ...
    @overload
    def expand(self, pvalue: PCollection[tuple[K, Iterable[V]]]) -> PCollection[tuple[K, R]]: ...
    def expand(self, pvalue: PCollection[Any]) -> PCollection[Any]:
        """The results."""
        return super().expand(pvalue)


class CombineValuesDoFn(DoFn):
    """Applies a CombineFn to the values of a pair."""

    def __init__(self, combine_fn: CombineFn[Any, Any, Any]) -> None:
        self._combine_fn = combine_fn

    def __copy__(self) -> Self:
        """One with a CombineFn of its own."""
        return type(self)(copy.copy(self._combine_fn))

    def setup(self) -> None:
        """Sets the CombineFn up."""
        self._combine_fn.setup()

    def process(self, element: tuple[Any, Iterable[Any]], *args: Any, **kwargs: Any) -> Iterable[Any]:
        """The pair of key and result."""
        key, values = element
        return ((key, self._combine_fn.apply(values)),)

    def teardown(self) -> None:
        """Tears the CombineFn down."""
        self._combine_fn.teardown()
