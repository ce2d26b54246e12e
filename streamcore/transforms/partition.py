"""Partition: one PCollection split into several, by a function of the element."""

from __future__ import annotations

from typing import Any, Protocol

from streamcore.errors import PipelineError, shorten
from streamcore.graph.pipeline import require_pcollection
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import T
from streamcore.model.functions import require_plain
from streamcore.model.windowed_value import TaggedOutput
from streamcore.transforms.arguments import check_arguments
from streamcore.transforms.elementwise import Map


class ChoosesPart(Protocol):
    """A function that decides which part an element belongs to; a protocol for the sake of lambdas, as `ElementFn`."""

    def __call__(self, element: Any, n: int, /, *args: Any, **kwargs: Any) -> int:
        """The number of the element's part, from 0."""
        ...


class PartitionFn:
    """Decides which part an element belongs to; a plain function does too."""

    def partition_for(self, element: Any, num_partitions: int, *args: Any, **kwargs: Any) -> int:
        """The number of the element's part, from 0."""
        msg = f"{type(self).__name__} has no `partition_for`; define partition_for(self, element, num_partitions)"
        raise NotImplementedError(msg)


class Partition(PTransform[Any, Any]):
    """Splits a PCollection into `n` parts.

    Args:
        fn: Takes an element and `n`, returns the number of the part, from 0 up to but not including `n`; where there
            are two, False and True will do.
        n: How many parts there are.
        *args: More positional arguments for the function.
        **kwargs: Keyword arguments for it.

    >>> with Pipeline() as p:
    ...     even, odd = p | Create([1, 2, 3]) | Partition(lambda x, n: x % n, 2)
    ...     _ = odd | Map(print)
    1
    3
    """

    def __init__(self, fn: ChoosesPart | PartitionFn, n: int, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        if not callable(fn) and not isinstance(fn, PartitionFn):
            msg = f"Partition takes a function of an element and the number of parts, got {fn!r}"
            raise PipelineError(msg)
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            msg = f"`n` of Partition must be a positive int, got {n!r}; give the number of parts"
            raise PipelineError(msg)
        check_arguments("Partition", [*args, *kwargs.values()])
        self._choose = fn.partition_for if isinstance(fn, PartitionFn) else fn
        require_plain("Partition", self._choose)
        self._n = n
        self._args = args
        self._kwargs = kwargs

    def expand(self, pvalue: PCollection[T]) -> tuple[PCollection[T], ...]:
        """The parts, in the order of their numbers."""
        tags = [str(number) for number in range(self._n)]
        outputs = require_pcollection(self, pvalue) | "Choose" >> Map(self._place).with_outputs(*tags)
        return tuple(outputs[tag] for tag in tags)

    def _place(self, element: Any) -> TaggedOutput[str, Any]:
        number = self._choose(element, self._n, *self._args, **self._kwargs)
        if not hasattr(type(number), "__index__"):
            msg = f"the function returned {shorten(number)}, which is not an int; return one from 0 to {self._n - 1}"
            raise PipelineError(msg)
        if not 0 <= number < self._n:
            msg = f"the function returned {number}, which is not one of {self._n} parts; return 0 to {self._n - 1}"
            raise PipelineError(msg)
        return TaggedOutput(str(int(number)), element)
