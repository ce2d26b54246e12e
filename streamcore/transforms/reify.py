"""Reify: timestamp and window of an element, as part of its value."""

from __future__ import annotations

from typing import Any

from streamcore.graph.pipeline import require_pcollection
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PCollection
from streamcore.graph.typevars import K, T, V
from streamcore.model.window import BoundedWindow
from streamcore.model.windowed_value import TimestampedValue
from streamcore.timestamp import Timestamp as Moment
from streamcore.transforms.dofn import DoFn
from streamcore.transforms.elementwise import Map
from streamcore.transforms.family import Family


class Reify(Family):
    """Transforms that make what is known about an element part of its value."""

    class Timestamp(PTransform[Any, Any]):
        """Each element at its own timestamp: as in Beam this changes nothing, since a `TimestampedValue` is unwrapped.

        But an element in several windows is in each of them as many times, as with every `TimestampedValue`.

        >>> with Pipeline() as p:
        ...     _ = p | Create(["a"]) | Reify.Timestamp() | Map(print)
        a
        """

        def default_label(self) -> str:
            """`Reify.Timestamp`."""
            return self.label or "Reify.Timestamp"

        def expand(self, pvalue: PCollection[T]) -> PCollection[T]:
            """The elements."""
            return require_pcollection(self, pvalue) | Map(_with_timestamp)

    class Window(PTransform[Any, Any]):
        """Triples of element, timestamp and window; one for each window of the element.

        >>> with Pipeline() as p:
        ...     _ = (
        ...         p
        ...         | Create([7])
        ...         | WithTimestamps(lambda e: e)
        ...         | WindowInto(FixedWindows(10))
        ...         | Reify.Window()
        ...         | Map(print)
        ...     )
        (7, Timestamp(7), [0.0, 10.0))
        """

        def default_label(self) -> str:
            """`Reify.Window`."""
            return self.label or "Reify.Window"

        def expand(self, pvalue: PCollection[T]) -> PCollection[tuple[T, Moment, BoundedWindow]]:
            """The triples."""
            return require_pcollection(self, pvalue) | Map(_with_window)

    class TimestampInValue(PTransform[Any, Any]):
        """Pairs whose value is a `TimestampedValue` of the value.

        >>> with Pipeline() as p:
        ...     _ = p | Create([("a", 7)]) | WithTimestamps(lambda e: e[1]) | Reify.TimestampInValue() | Map(print)
        ('a', TimestampedValue(7, Timestamp(7)))
        """

        def default_label(self) -> str:
            """`Reify.TimestampInValue`."""
            return self.label or "Reify.TimestampInValue"

        def expand(self, pvalue: PCollection[tuple[K, V]]) -> PCollection[tuple[K, TimestampedValue[V]]]:
            """The pairs."""
            return require_pcollection(self, pvalue) | Map(_with_timestamp_in_value)

    class WindowInValue(PTransform[Any, Any]):
        """Pairs whose value is a triple of value, timestamp and window.

        >>> with Pipeline() as p:
        ...     _ = p | Create([("a", 7)]) | WithTimestamps(lambda e: e[1]) | Reify.WindowInValue() | Map(print)
        ('a', (7, Timestamp(7), GlobalWindow))
        """

        def default_label(self) -> str:
            """`Reify.WindowInValue`."""
            return self.label or "Reify.WindowInValue"

        def expand(self, pvalue: PCollection[tuple[K, V]]) -> PCollection[tuple[K, tuple[V, Moment, BoundedWindow]]]:
            """The pairs."""
            return require_pcollection(self, pvalue) | Map(_with_window_in_value)


def _with_timestamp(element: Any, timestamp: Moment = DoFn.TimestampParam) -> Any:
    return TimestampedValue(element, timestamp)


def _with_window(
    element: Any, timestamp: Moment = DoFn.TimestampParam, window: BoundedWindow = DoFn.WindowParam
) -> Any:
    return (element, timestamp, window)


def _with_timestamp_in_value(element: Any, timestamp: Moment = DoFn.TimestampParam) -> Any:
    key, value = element
    return (key, TimestampedValue(value, timestamp))


def _with_window_in_value(
    element: Any, timestamp: Moment = DoFn.TimestampParam, window: BoundedWindow = DoFn.WindowParam
) -> Any:
    key, value = element
    return (key, (value, timestamp, window))
