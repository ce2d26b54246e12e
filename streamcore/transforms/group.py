"""Aggregation by key and window: GroupByKey and CombinePerKey, with their late output."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, overload

from streamcore.errors import PipelineError
from streamcore.graph.pipeline import require_pcollection
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import DEFAULT_WINDOWING, PCollection
from streamcore.graph.typevars import K, R, T, V
from streamcore.model.options import flag_of
from streamcore.model.trigger import DataLossReason
from streamcore.model.windowing import MixedWindowing, Windowing
from streamcore.transforms.combine_fn import CombineFn, Kernel
from streamcore.transforms.curried import make_combine_fn
from streamcore.transforms.result_types import AsElements, ExtremeLike, ResultType_co, SumLike

if TYPE_CHECKING:
    from typing import Self

LATE = "late"


class LateOutputs(NamedTuple, Generic[R, T]):
    """What an aggregation with a late output gives.

    Attributes:
        main: The panes.
        late: The elements that were dropped because their window had expired, with timestamp and window.
    """

    main: PCollection[R]
    late: PCollection[T]


class Reduce(PTransform[Any, Any]):
    """Unites the elements of each window; what GroupByKey and the Combine transforms have in common.

    Attributes:
        combine_fn: How values are united.
        keyed: Elements are pairs of key and value, and the values of each key are united; else all elements are.
        has_defaults: A global window that had no elements has a pane too: the result of no elements.
    """

    combine_fn: CombineFn[Any, Any, Any]
    keyed: bool = True
    has_defaults: bool = False

    def with_late_output(self) -> WithLateOutput:
        """This aggregation with a second output, for the late elements that it drops.

        >>> with Pipeline() as p:
        ...     totals, late = p | Create([("a", 1)]) | CombinePerKey(sum).with_late_output()
        """
        return WithLateOutput(self)

    def panes_of(self, pcoll: PCollection[Any]) -> PCollection[Any]:
        """The output, after a look at whether the input can be aggregated."""
        check_grouping(self, pcoll)
        windowing = continued(pcoll.windowing)
        return PCollection(pcoll.pipeline, windowing=windowing, is_bounded=pcoll.is_bounded)


class WithLateOutput(PTransform[Any, Any]):
    """An aggregation with two outputs, made by `with_late_output`."""

    def __init__(self, reduce: Reduce) -> None:
        super().__init__(reduce.label)
        self.reduce = reduce

    def default_label(self) -> str:
        """The label of the aggregation."""
        return self.label or self.reduce.default_label()

    def expand(self, pvalue: PCollection[Any]) -> LateOutputs[Any, Any]:
        """The panes and the late elements."""
        pcoll = require_pcollection(self, pvalue)
        return LateOutputs(self.reduce.panes_of(pcoll), PCollection.like(pcoll, tag=LATE))


if TYPE_CHECKING:
    # What type checkers make of an aggregation with a late output: it takes and gives what the aggregation does.

    class GroupsWithLateOutput(WithLateOutput):
        """That of GroupByKey."""

        def expand(self, pvalue: PCollection[tuple[K, V]]) -> LateOutputs[tuple[K, list[V]], tuple[K, V]]: ...

    class PairsWithLateOutput(WithLateOutput, Generic[R, ResultType_co]):
        """That of CombinePerKey."""

        @overload
        def expand(
            self: PairsWithLateOutput[Any, AsElements], pvalue: PCollection[tuple[K, T]]
        ) -> LateOutputs[tuple[K, T], tuple[K, T]]: ...
        @overload
        def expand(self, pvalue: PCollection[tuple[K, T]]) -> LateOutputs[tuple[K, R], tuple[K, T]]: ...
        def expand(self, pvalue: PCollection[Any]) -> LateOutputs[Any, Any]: ...

    class ResultsWithLateOutput(WithLateOutput, Generic[R, ResultType_co]):
        """That of CombineGlobally."""

        @overload
        def expand(self: ResultsWithLateOutput[Any, AsElements], pvalue: PCollection[T]) -> LateOutputs[T, T]: ...
        @overload
        def expand(self, pvalue: PCollection[T]) -> LateOutputs[R, T]: ...
        def expand(self, pvalue: PCollection[Any]) -> LateOutputs[Any, Any]: ...


class GroupByKey(Reduce):
    """The values of each key and window, as a list in the order of their arrival.

    Two kinds of windows are put together from parts, and values are in that order only within a part. Sliding windows
    that have one pane, at their end, consist of the spans of time between the starts and ends of all windows: the
    values of an earlier span come first. When an element makes one session of several, the values of the session
    that starts first come first, and the element last.

    >>> with Pipeline() as p:
    ...     _ = p | Create([("a", 1), ("b", 2), ("a", 3)]) | GroupByKey() | Map(print)
    ('a', [1, 3])
    ('b', [2])
    """

    def __init__(self) -> None:
        super().__init__()
        self.combine_fn = GroupedValues()

    def expand(self, pvalue: PCollection[tuple[K, V]]) -> PCollection[tuple[K, list[V]]]:
        """The groups."""
        return self.panes_of(require_pcollection(self, pvalue))

    if TYPE_CHECKING:

        def with_late_output(self) -> GroupsWithLateOutput: ...


class GroupedValues(CombineFn[V, list[V], list[V]]):
    """The aggregation of GroupByKey: a list."""

    def create_accumulator(self) -> list[V]:
        """An empty list."""
        return []

    def add_input(self, mutable_accumulator: list[V], element: V) -> list[V]:
        """Appends."""
        mutable_accumulator.append(element)
        return mutable_accumulator

    def merge_accumulators(self, accumulators: Iterable[list[V]]) -> list[V]:
        """One list."""
        return [value for values in accumulators for value in values]

    def extract_output(self, accumulator: list[V]) -> list[V]:
        """A copy, as an accumulating pane may be followed by another."""
        return list(accumulator)

    def kernel(self) -> Kernel:
        """Appends without a call."""
        return Kernel("[]", "[{v}]", "{a}.append({v})", "{a} + {b}", "list({a})", in_place=True, ordered=True)


class CombinePerKey(Reduce, Generic[V, R, ResultType_co]):
    """Unites the values of each key and window.

    Args:
        fn: A CombineFn, one of `sum`, `min`, `max`, `len`, `any`, `all`, or another function over an iterable. The last
            is applied to parts of the values and then to its own results, as in Beam: `statistics.median`, or one that
            counts, would be wrong from the eleventh value on. For these write a CombineFn, or GroupByKey and Map.
        *args: More arguments for the function, or for every method of the CombineFn.
        **kwargs: The same by name.

    >>> with Pipeline() as p:
    ...     _ = p | Create([("a", 1), ("b", 2), ("a", 3)]) | CombinePerKey(sum) | Map(print)
    ('a', 4)
    ('b', 2)
    """

    @overload
    def __init__(self: CombinePerKey[Any, Any, AsElements], fn: SumLike | ExtremeLike) -> None: ...
    @overload
    def __init__(self, fn: CombineFn[V, Any, R] | Callable[..., R], *args: Any, **kwargs: Any) -> None: ...
    def __init__(self, fn: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.combine_fn = make_combine_fn(fn, args, kwargs)

    def default_label(self) -> str:
        """`CombinePerKey(sum)`."""
        return self.label or f"CombinePerKey({self.combine_fn.default_label()})"

    @overload
    def expand(
        self: CombinePerKey[Any, Any, AsElements], pvalue: PCollection[tuple[K, T]]
    ) -> PCollection[tuple[K, T]]: ...
    @overload
    def expand(self, pvalue: PCollection[tuple[K, V]]) -> PCollection[tuple[K, R]]: ...
    def expand(self, pvalue: PCollection[Any]) -> PCollection[Any]:
        """The results."""
        return self.panes_of(require_pcollection(self, pvalue))

    if TYPE_CHECKING:

        def with_late_output(self) -> PairsWithLateOutput[R, ResultType_co]: ...

    def with_hot_key_fanout(self, fanout: int | Callable[[Any], int]) -> Self:
        """Accepted for Beam programs: other runners unite a hot key in parts first; here that gains nothing."""
        return self


def continued(windowing: Windowing) -> Windowing:
    """The windowing of an aggregation's output: panes are passed on quickly by the next aggregation."""
    return dataclasses.replace(windowing, triggerfn=windowing.triggerfn.get_continuation_trigger())


def check_grouping(transform: PTransform[Any, Any], pcoll: PCollection[Any]) -> None:
    """Refuses an aggregation that would never put anything out, or lose data silently.

    Raises:
        PipelineError: With what to do.
    """
    windowing, label = pcoll.windowing, transform.default_label()
    if isinstance(windowing, MixedWindowing):
        msg = f"{label!r} aggregates a union of {windowing.conflict}"
        raise PipelineError(msg)
    if not pcoll.is_bounded and windowing == DEFAULT_WINDOWING:
        msg = (
            f"{label!r} groups an unbounded PCollection in the global window without a trigger, so nothing would ever "
            "come out; apply WindowInto(FixedWindows(60)) before it, or a trigger such as Repeatedly(AfterCount(100))"
        )
        raise PipelineError(msg)
    loss = windowing.triggerfn.may_lose_data(windowing.allowed_lateness)
    if loss & DataLossReason.MAY_FINISH and not flag_of(pcoll.pipeline.options, "allow_unsafe_triggers"):
        msg = (
            f"{label!r}: the trigger {windowing.triggerfn!r} can finish while its window is open, and would drop what "
            "comes after; wrap it in Repeatedly(...), give AfterWatermark a `late` trigger, or pass "
            "PipelineOptions(allow_unsafe_triggers=True)"
        )
        raise PipelineError(msg)
