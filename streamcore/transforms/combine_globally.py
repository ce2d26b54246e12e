"""CombineGlobally: one result for all elements of a window."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, overload

from streamcore.errors import PipelineError
from streamcore.graph.pipeline import require_pcollection
from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import R, T, U
from streamcore.transforms.combine_fn import CombineFn
from streamcore.transforms.curried import make_combine_fn
from streamcore.transforms.group import Reduce
from streamcore.transforms.result_types import AsElements, ExtremeLike, ResultType_co, SumLike
from streamcore.windowing import GlobalWindows

if TYPE_CHECKING:
    from typing import Self

    from streamcore.transforms.group import ResultsWithLateOutput


class CombineGlobally(Reduce, Generic[T, R, ResultType_co]):
    """Unites all elements of a window into one result.

    In the global window an empty input gives the result of no elements, such as 0 for a sum. Under any other windowing
    that cannot be, as there are no windows without elements: write `.without_defaults()`.

    Args:
        fn: A CombineFn, one of `sum`, `min`, `max`, `len`, `any`, `all`, or another function over an iterable. The last
            is applied to parts of the elements and then to its own results, as in Beam: `statistics.median`, or one
            that counts, would be wrong from the eleventh element on. For these write a CombineFn, or ToList and Map.
        *args: More arguments for the function, or for every method of the CombineFn.
        **kwargs: The same by name.

    >>> with Pipeline() as p:
    ...     _ = p | Create([1, 2, 3]) | CombineGlobally(sum) | Map(print)
    6
    """

    keyed = False

    @overload
    def __init__(self: CombineGlobally[Any, Any, AsElements], fn: SumLike | ExtremeLike) -> None: ...
    @overload
    def __init__(self, fn: CombineFn[T, Any, R] | Callable[..., R], *args: Any, **kwargs: Any) -> None: ...
    def __init__(self, fn: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.combine_fn = make_combine_fn(fn, args, kwargs)
        self.has_defaults = True

    def default_label(self) -> str:
        """`CombineGlobally(sum)`."""
        return self.label or f"CombineGlobally({self.combine_fn.default_label()})"

    def with_defaults(self, has_defaults: bool = True) -> Self:
        """This aggregation with, or without, a result for an empty input."""
        other = copy.copy(self)
        other.has_defaults = has_defaults
        return other

    def without_defaults(self) -> Self:
        """This aggregation without a result where there are no elements.

        >>> with Pipeline() as p:
        ...     _ = p | Create([]) | CombineGlobally(sum).without_defaults() | Map(print)
        """
        return self.with_defaults(False)

    def with_fanout(self, fanout: int) -> Self:
        """Accepted for Beam programs: other runners unite in `fanout` parts first; here that gains nothing."""
        return self

    @overload
    def expand(self: CombineGlobally[Any, Any, AsElements], pvalue: PCollection[U]) -> PCollection[U]: ...
    @overload
    def expand(self, pvalue: PCollection[T]) -> PCollection[R]: ...
    def expand(self, pvalue: PCollection[Any]) -> PCollection[Any]:
        """The result of each window."""
        return self.panes_of(require_pcollection(self, pvalue))

    if TYPE_CHECKING:

        def with_late_output(self) -> ResultsWithLateOutput[R, ResultType_co]: ...

    def panes_of(self, pcoll: PCollection[Any]) -> PCollection[Any]:
        """The output, after a look at whether there can be a default."""
        if self.has_defaults:
            self._check_windowing(pcoll)
        return super().panes_of(pcoll)

    def _check_windowing(self, pcoll: PCollection[Any]) -> None:
        windowfn = pcoll.windowing.windowfn
        if windowfn != GlobalWindows():
            msg = (
                f"{self.default_label()!r} cannot give a default for windows without elements under {windowfn!r}; "
                "add .without_defaults() to get a result only where there are elements"
            )
            raise PipelineError(msg)
