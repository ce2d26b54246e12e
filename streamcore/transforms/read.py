"""The roots of a pipeline: Read, Create, Impulse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Generic, overload

from streamcore.errors import PipelineError, shorten
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PBegin, PCollection
from streamcore.graph.typevars import K, T, V
from streamcore.model.source import Batch, Reader, Source
from streamcore.model.watermark import WatermarkEstimator, require_estimator
from streamcore.model.windowed_value import TimestampedValue
from streamcore.timestamp import MIN_MICROS


class Read(PTransform[PBegin, PCollection[T]], Generic[T]):
    """The elements of a source.

    Args:
        source: The source; whether the PCollection is bounded is the source's word.
        watermark: An estimator that tells the watermark from the elements' timestamps, one per split, in place of the
            watermark that the source gives.

    >>> class Word(Reader):
    ...     words = ["to", "be"]
    ...
    ...     async def poll(self, limit):
    ...         return Batch([self.words.pop(0)]) if self.words else None
    >>> class Words(Source):
    ...     bounded = True
    ...
    ...     def open(self, split, position):
    ...         return Word()
    >>> with Pipeline() as p:
    ...     _ = p | Read(Words()) | Map(print)
    to
    be
    """

    def __init__(self, source: Source[T], *, watermark: WatermarkEstimator | None = None) -> None:
        super().__init__()
        if not isinstance(source, Source):
            msg = f"Read takes a Source, got {source!r}; for elements in memory write Create([...])"
            raise PipelineError(msg)
        require_estimator(watermark)
        self.source = source
        self.watermark = watermark

    def default_label(self) -> str:
        """`Read(TextSource)`."""
        return self.label or f"Read({type(self.source).__name__})"

    def expand(self, pvalue: PBegin) -> PCollection[T]:
        """The elements, in the global window."""
        if not isinstance(pvalue, PBegin):
            label = self.default_label()
            msg = f"{label!r} reads a source and must follow the pipeline itself; write p | {label}"
            raise PipelineError(msg)
        return PCollection(pvalue.pipeline, is_bounded=self.source.bounded)


class Create(Read[T], Generic[T]):
    """The given elements, with the minimum timestamp.

    Args:
        values: An iterable; of a dict its items. A `TimestampedValue` among them gives its value, with its timestamp.
        reshuffle: Accepted for Beam programs; elements in memory need no spreading.

    >>> with Pipeline() as p:
    ...     _ = p | Create(["a", "b"]) | Map(print)
    a
    b
    """

    @overload
    def __init__(self: Create[tuple[K, V]], values: Mapping[K, V], reshuffle: bool = True) -> None: ...
    @overload
    def __init__(self, values: Iterable[TimestampedValue[T]], reshuffle: bool = True) -> None: ...
    @overload
    def __init__(self, values: Iterable[T], reshuffle: bool = True) -> None: ...
    def __init__(self, values: Iterable[Any], reshuffle: bool = True) -> None:
        require_elements("Create", values)
        items: Iterable[Any] = values.items() if isinstance(values, Mapping) else values
        elements = list(items)
        super().__init__(MemorySource(elements, _timestamps(elements)))
        self.values = values

    def default_label(self) -> str:
        """`Create`."""
        return self.label or "Create"


class Impulse(Create[bytes]):
    """One empty byte string: something to begin with."""

    def __init__(self) -> None:
        super().__init__([b""])

    def default_label(self) -> str:
        """`Impulse`."""
        return self.label or "Impulse"


class MemorySource(Source[T], Generic[T]):
    """Elements in a list.

    Args:
        values: The elements.
        timestamps: Their event times in microseconds, or one for all.
    """

    bounded = True

    def __init__(self, values: list[T], timestamps: list[int] | int = MIN_MICROS) -> None:
        self.values = values
        self.timestamps = timestamps

    def open(self, split: str, position: int | None) -> Reader[T]:
        """A reader from an index on."""
        return MemoryReader(self.values, self.timestamps, position or 0)


class MemoryReader(Reader[T], Generic[T]):
    """Reads a list from an index on."""

    def __init__(self, values: list[T], timestamps: list[int] | int, start: int) -> None:
        self._values = values
        self._timestamps = timestamps
        self._next = start

    async def poll(self, limit: int) -> Batch[T] | None:
        """The next elements of the list."""
        if self._next >= len(self._values):
            return None
        begin, stamps = self._next, self._timestamps
        values = self._values[begin : begin + limit]
        self._next += len(values)
        return Batch(values, stamps[begin : self._next] if isinstance(stamps, list) else stamps)

    def position(self) -> int:
        """The index to go on from."""
        return self._next


def require_elements(taker: str, values: object) -> None:
    """Refuses a single element where elements are wanted; a text is one, too.

    Raises:
        PipelineError: With what to write.
    """
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        given = shorten(values)
        msg = f"{taker} takes an iterable of elements, got {given}; write {taker}([{given}])"
        raise PipelineError(msg)


def _timestamps(elements: list[Any]) -> list[int] | int:
    """The timestamps of elements, of which those that are a `TimestampedValue` are replaced by its value."""
    if TimestampedValue not in set(map(type, elements)):
        return MIN_MICROS
    stamps = []
    for index, element in enumerate(elements):
        if isinstance(element, TimestampedValue):
            elements[index] = element.value
            stamps.append(element.timestamp.micros)
        else:
            stamps.append(MIN_MICROS)
    return stamps
