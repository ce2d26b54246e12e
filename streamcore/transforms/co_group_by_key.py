"""CoGroupByKey: the values that several PCollections have for a key, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from streamcore.errors import PipelineError
from streamcore.graph.pvalue import PCollection
from streamcore.transforms.combine_fn import CombineFn, Kernel
from streamcore.transforms.composite_reduce import CompositeReduce
from streamcore.transforms.elementwise import Map
from streamcore.transforms.flatten import Flatten, find_conflict
from streamcore.transforms.group import CombinePerKey, Reduce

Columns = tuple[list[Any], ...]


class CoGroupByKey(CompositeReduce):
    """Groups the values of several PCollections of pairs by key and window: a join.

    For a dict of PCollections the result holds, for each key, a dict of lists under the same tags; for a tuple or list
    of PCollections a tuple of lists. Within a list, values are in the order of their arrival; for sliding windows and
    sessions as in `GroupByKey`, where an element of any input may make one session of several.

    Args:
        pipeline: The pipeline, needed only where there may be no PCollections at all.

    >>> with Pipeline() as p:
    ...     emails = p | "emails" >> Create([("ann", "a@x.org"), ("bob", "b@x.org")])
    ...     phones = p | "phones" >> Create([("ann", "555-1")])
    ...     _ = {"email": emails, "phone": phones} | CoGroupByKey() | Map(print)
    ('ann', {'email': ['a@x.org'], 'phone': ['555-1']})
    ('bob', {'email': ['b@x.org'], 'phone': []})
    """

    def __init__(self, *, pipeline: Any = None) -> None:
        super().__init__()
        self.pipeline = pipeline

    def expand(self, pvalue: Mapping[Any, PCollection[Any]] | Iterable[PCollection[Any]]) -> PCollection[Any]:
        """Pairs of key and values."""
        return super().expand(pvalue)

    def prepare(self, pvalue: Any) -> tuple[PCollection[Any], Reduce]:
        """Pairs of key, and number of the input and value."""
        if isinstance(pvalue, PCollection) or not isinstance(pvalue, Mapping | Iterable):
            msg = f"{self.default_label()!r} joins several PCollections; write {{'a': a, 'b': b}} | CoGroupByKey()"
            raise PipelineError(msg)
        tags = list(pvalue) if isinstance(pvalue, Mapping) else None
        pcolls = list(pvalue.values() if isinstance(pvalue, Mapping) else pvalue)
        tagged = [pcoll | f"Tag {number}" >> Map(_tagged, number) for number, pcoll in enumerate(pcolls)]
        conflict = next(filter(None, (find_conflict(pcolls[0], other) for other in pcolls[1:])), None)
        if conflict is not None:
            msg = f"{self.default_label()!r} joins {conflict}"
            raise PipelineError(msg)
        pairs: PCollection[Any] = tagged | Flatten(pipeline=self.pipeline)
        return pairs, "CombinePerKey" >> CombinePerKey(SideBySide(len(pcolls), tags))

    def restore(self, prepared: Any) -> Any:
        """The pair of key and value."""
        key, (_, value) = prepared
        return (key, value)

    def __ror__(self, left: Any) -> PCollection[tuple[Any, Any]]:
        """Takes a dict, or any iterable of PCollections."""
        joined: PCollection[tuple[Any, Any]] = super().__ror__(
            left if isinstance(left, tuple | list | dict) else tuple(left)
        )
        return joined


class SideBySide(CombineFn[tuple[int, Any], Columns, Any]):
    """A list of values for each of several inputs, out of pairs of an input's number and a value.

    Args:
        count: How many inputs there are.
        tags: Their names, if the result shall be a dict.
    """

    def __init__(self, count: int, tags: list[Any] | None) -> None:
        self._count = count
        self._tags = tags

    def create_accumulator(self) -> Columns:
        """An empty list for each input."""
        return tuple([[] for _ in range(self._count)])

    def add_input(self, mutable_accumulator: Columns, element: tuple[int, Any]) -> Columns:
        """Appends to the list of the value's input."""
        mutable_accumulator[element[0]].append(element[1])
        return mutable_accumulator

    def merge_accumulators(self, accumulators: Iterable[Columns]) -> Columns:
        """One list for each input."""
        merged = self.create_accumulator()
        for accumulator in accumulators:
            for values, more in zip(merged, accumulator, strict=True):
                values.extend(more)
        return merged

    def extract_output(self, accumulator: Columns) -> Any:
        """Copies of the lists, as an accumulating pane may be followed by another."""
        columns = map(list, accumulator)
        return tuple(columns) if self._tags is None else dict(zip(self._tags, columns, strict=True))

    def kernel(self) -> Kernel:
        """Appends without a call of Python code. The order of the inputs does not show in the result."""
        return CombineFn.kernel(self)._replace(add="{a}[{v}[0]].append({v}[1])", in_place=True, copy=None)


def _tagged(element: tuple[Any, Any], number: int) -> tuple[Any, tuple[int, Any]]:
    key, value = element
    return (key, (number, value))
