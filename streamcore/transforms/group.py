"""Aggregation by key and window: GroupByKey and CombinePerKey, with their late output."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any, Generic, NamedTuple

from streamcore.errors import PipelineError
from streamcore.graph.pipeline import require_pcollection
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import DEFAULT_WINDOWING, PCollection
from streamcore.graph.typevars import K, R, V
from streamcore.model.trigger import DataLossReason
from streamcore.model.windowing import Windowing
from streamcore.transforms.combine_fn import CombineFn, Kernel
from streamcore.transforms.curried import make_combine_fn

LATE = "late"
NOTHING: Any = object()


class LateOutputs(NamedTuple, Generic[K, R, V]):
    """What an aggregation with a late output gives.

    Attributes:
        main: The panes.
        late: The elements that were dropped because their window had expired, with timestamp and window.
    """

    main: PCollection[tuple[K, R]]
    late: PCollection[tuple[K, V]]


class Reduce(PTransform[PCollection[tuple[K, V]], PCollection[tuple[K, R]]], Generic[K, V, R]):
    """Unites the values of each key and window; what GroupByKey and the Combine transforms have in common.

    Attributes:
        combine_fn: How values are united.
        empty_default: What the pane of a global window holds that had no elements at all; NOTHING for no such pane.
    """

    combine_fn: CombineFn[V, Any, R]
    empty_default: Any = NOTHING

    def expand(self, pvalue: PCollection[tuple[K, V]]) -> PCollection[tuple[K, R]]:
        """The panes."""
        return self._main_output(require_pcollection(self, pvalue))

    def with_late_output(self) -> WithLateOutput[K, V, R]:
        """This aggregation with a second output, for the late elements that it drops.

        >>> with Pipeline() as p:
        ...     totals, late = p | Create([("a", 1)]) | CombinePerKey(sum).with_late_output()
        """
        return WithLateOutput(self)

    def _main_output(self, pcoll: PCollection[Any]) -> PCollection[Any]:
        check_grouping(self, pcoll)
        windowing = continued(pcoll.windowing)
        return PCollection(pcoll.pipeline, windowing=windowing, is_bounded=pcoll.is_bounded)


class WithLateOutput(PTransform[PCollection[tuple[K, V]], LateOutputs[K, R, V]], Generic[K, V, R]):
    """An aggregation with two outputs, made by `with_late_output`."""

    def __init__(self, reduce: Reduce[K, V, R]) -> None:
        super().__init__(reduce.label)
        self.reduce = reduce

    def default_label(self) -> str:
        """The label of the aggregation."""
        return self.label or self.reduce.default_label()

    def expand(self, pvalue: PCollection[tuple[K, V]]) -> LateOutputs[K, R, V]:
        """The panes and the late elements."""
        pcoll = require_pcollection(self, pvalue)
        return LateOutputs(self.reduce._main_output(pcoll), PCollection.like(pcoll, tag=LATE))


class GroupByKey(Reduce[K, V, list[V]], Generic[K, V]):
    """The values of each key and window, as a list in the order of their arrival.

    >>> with Pipeline() as p:
    ...     _ = p | Create([("a", 1), ("b", 2), ("a", 3)]) | GroupByKey() | Map(print)
    ('a', [1, 3])
    ('b', [2])
    """

    def __init__(self) -> None:
        super().__init__()
        self.combine_fn = GroupedValues()


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


class CombinePerKey(Reduce[K, V, R], Generic[K, V, R]):
    """Unites the values of each key and window.

    Args:
        fn: A CombineFn, or a function over an iterable such as `sum`, `min`, `max`, `len`, `any`, `all`.
        *args: More arguments for the function, or for every method of the CombineFn.
        **kwargs: The same by name.

    >>> with Pipeline() as p:
    ...     _ = p | Create([("a", 1), ("b", 2), ("a", 3)]) | CombinePerKey(sum) | Map(print)
    ('a', 4)
    ('b', 2)
    """

    def __init__(self, fn: CombineFn[V, Any, R] | Callable[..., R], *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.combine_fn = make_combine_fn(fn, args, kwargs)
        self.fanout: int | Callable[[K], int] | None = None

    def default_label(self) -> str:
        """`CombinePerKey(sum)`."""
        return self.label or f"CombinePerKey({self.combine_fn.default_label()})"

    def with_hot_key_fanout(self, fanout: int | Callable[[K], int]) -> CombinePerKey[K, V, R]:
        """Accepted for Beam programs: other runners unite a hot key in parts first; here that gains nothing."""
        other = copy.copy(self)
        other.fanout = fanout
        return other

    def with_empty_default(self, default: Any) -> CombinePerKey[K, V, R]:
        """This aggregation with a pane `default` for a global window that had no elements."""
        other = copy.copy(self)
        other.empty_default = default
        return other


def continued(windowing: Windowing) -> Windowing:
    """The windowing of an aggregation's output: panes are passed on quickly by the next aggregation."""
    return Windowing(
        windowing.windowfn,
        windowing.triggerfn.get_continuation_trigger(),
        windowing.accumulation_mode,
        windowing.timestamp_combiner,
        windowing.allowed_lateness,
        windowing.closing_behavior,
        windowing.on_time_behavior,
    )


def check_grouping(transform: PTransform[Any, Any], pcoll: PCollection[Any]) -> None:
    """Refuses an aggregation that would never put anything out, or lose data silently.

    Raises:
        PipelineError: With what to do.
    """
    windowing, label = pcoll.windowing, transform.default_label()
    if not pcoll.is_bounded and windowing == DEFAULT_WINDOWING:
        msg = (
            f"{label!r} groups an unbounded PCollection in the global window without a trigger, so nothing would ever "
            "come out; apply WindowInto(FixedWindows(60)) before it, or a trigger such as Repeatedly(AfterCount(100))"
        )
        raise PipelineError(msg)
    loss = windowing.triggerfn.may_lose_data(windowing.allowed_lateness)
    if loss & DataLossReason.MAY_FINISH and not pcoll.pipeline.options.allow_unsafe_triggers:
        msg = (
            f"{label!r}: the trigger {windowing.triggerfn!r} can finish while its window is open, and would drop what "
            "comes after; wrap it in Repeatedly(...), give AfterWatermark a `late` trigger, or pass "
            "PipelineOptions(allow_unsafe_triggers=True)"
        )
        raise PipelineError(msg)
