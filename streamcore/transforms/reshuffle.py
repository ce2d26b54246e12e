"""Reshuffle: a hint to other engines."""

from __future__ import annotations

from typing import Any

from streamcore.errors import PipelineError
from streamcore.graph.pipeline import require_pcollection
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import T


class Reshuffle(PTransform[Any, Any]):
    """The same elements, with their timestamps and windows.

    Engines on several machines spread the elements anew here; in one process there is nothing to spread.

    Args:
        num_buckets: Accepted for Beam programs.

    >>> with Pipeline() as p:
    ...     _ = p | Create([1, 2]) | Reshuffle() | Map(print)
    1
    2
    """

    def __init__(self, num_buckets: int | None = None) -> None:
        super().__init__()
        whole = isinstance(num_buckets, int) and not isinstance(num_buckets, bool)
        if num_buckets is not None and not (whole and num_buckets > 0):
            msg = f"`num_buckets` of Reshuffle must be a positive int, got {num_buckets!r}; leave it out for any number"
            raise PipelineError(msg)
        self.num_buckets = num_buckets

    def expand(self, pvalue: PCollection[T]) -> PCollection[T]:
        """The input."""
        return require_pcollection(self, pvalue)
