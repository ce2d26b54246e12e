"""What all aggregations of the engine have in common, whatever they keep their cells in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice, repeat
from operator import length_hint
from typing import Any, Final, NamedTuple, TypeVar

from streamcore.engine.core.kernels import extractor
from streamcore.engine.core.node import Node, Scheduler
from streamcore.engine.core.pace import Pace
from streamcore.errors import EmptyPaneError, PipelineError, StreamcoreError, UserCodeError
from streamcore.model.bundle import Bundle, Windows
from streamcore.model.pane import ONLY_FIRING, PANE_INFO_UNKNOWN
from streamcore.model.window import BoundedWindow, GlobalWindow
from streamcore.model.windowing import Windowing
from streamcore.timestamp import MAX_MICROS, MIN_MICROS
from streamcore.transforms.combine_fn import CombineFn, Kernel
from streamcore.transforms.group import LATE

T = TypeVar("T")
HASHABLE: Final = "a key must be hashable, such as a str, a number or a tuple of these"
WITHOUT_DEFAULTS: Final = "write .without_defaults() to get nothing"


class Aggregation(NamedTuple):
    """What an aggregation does with the elements of a window.

    Attributes:
        combine_fn: How they are united.
        keyed: Elements are pairs of key and value, and so are results; else all elements of a window are united.
        has_defaults: A global window that had no elements at all has a pane too.
    """

    combine_fn: CombineFn[Any, Any, Any]
    keyed: bool = True
    has_defaults: bool = False

    def kernel(self) -> Kernel:
        """How elements are united, as expressions."""
        return self.combine_fn.kernel()


class ReduceNode(Node):
    """Unites the values of each key and window.

    Attributes:
        windowing: How its input is windowed.
        aggregation: What it does with the elements of a window.
        element_type: The type of its input as type hints tell it, Any if none does; set by the planner.
        input_watermark: How far its input has come.
        timer_sensitive: Its result depends on which of two things comes first, an element or a timer. Where it is
            false, elements that are ahead of the watermark may come before timers that were due before them.
        wants_watermarks: It asks bundles for the watermark before each element.
        data_driven: It may put panes out because of an element, and not only because the watermark moved.
        order_sensitive: The order of elements of one key shows in its result.
        joined: Where what it joins comes together, of a CoGroupByKey: the order of elements of one input shows in its
            result, that of different inputs does not. Else None; set by the planner.
        pace: How many panes should be handed on together.
        stepwise: Something behind it is timer-sensitive: it tells its consumers the watermark between any two firings.
    """

    timer_sensitive = False
    wants_watermarks = False
    data_driven = False

    def __init__(self, label: str, scheduler: Scheduler, windowing: Windowing, aggregation: Aggregation) -> None:
        super().__init__(label, scheduler)
        self.windowing = windowing
        self.aggregation = aggregation
        self.element_type: Any = Any
        kernel = aggregation.kernel()
        self.order_sensitive = kernel.ordered
        self.joined: Node | None = None
        self.input_watermark = MIN_MICROS
        self.stepwise = False
        self.pace = Pace()
        self._late: list[tuple[object, int, Windows]] = []
        self._extract = extractor(kernel, aggregation.keyed)
        self._extract_kept = extractor(kernel, aggregation.keyed, keeps=True)

    def open(self) -> None:
        """Sets the CombineFn up."""
        try:
            self.aggregation.combine_fn.setup()
        except Exception as error:
            raise self.life_cycle_failure(self.aggregation.combine_fn, "setup", error) from error

    def close(self) -> None:
        """Tears the CombineFn down."""
        try:
            self.aggregation.combine_fn.teardown()
        except Exception as error:
            raise self.life_cycle_failure(self.aggregation.combine_fn, "teardown", error) from error

    def have_bundles_cut(self) -> None:
        """No bundle can tell the watermark before each element: it would be that of one of several inputs."""
        if self.wants_watermarks:
            self.have_timers_met()

    def have_timers_met(self) -> None:
        """No move of the watermark in which a timer falls due is made one with another: bundles are cut there."""
        self.wants_watermarks = False
        self.timer_sensitive = True

    def earliest_end(self, timestamp: int) -> int:
        """A bound: no event-time timer that an element of this timestamp sets is due before it."""
        return timestamp + 1

    def next_timer(self) -> int:
        """When the next event-time timer is due; `MAX_MICROS` if none is set."""
        return MAX_MICROS

    def heard(self) -> int:
        """The input watermark; the output watermark may be held."""
        return self.input_watermark

    def scalars(self) -> dict[str, Any]:
        """The input watermark, too."""
        return super().scalars() | {"input_watermark": self.input_watermark}

    def restore_scalars(self, scalars: dict[str, Any]) -> None:
        """Puts the input watermark back, too."""
        super().restore_scalars(scalars)
        self.input_watermark = scalars["input_watermark"]

    def keys_of(self, bundle: Bundle) -> list[Any]:
        """The keys of elements that have been added; where there are no keys, None."""
        return [key for key, _ in bundle.values] if self.aggregation.keyed else [None] * len(bundle.values)

    def pairs(self, elements: Iterator[Any]) -> Iterator[Any]:
        """Pairs of key and value; where there are no keys, the key is None."""
        return elements if self.aggregation.keyed else zip(repeat(None), elements)

    def chunks(self, items: Iterable[T]) -> Iterator[list[T]]:
        """Items, as many at a time as should be handed on together."""
        waiting = iter(items)
        while chunk := list(islice(waiting, self.pace.size)):
            self.scheduler.note_bundle(self.pace, len(chunk))
            yield chunk

    def drop_late(self, pair: tuple[Any, Any], timestamp: int, windows: Windows) -> None:
        """Counts an element for windows that have expired, and keeps it for the late output."""
        self.metrics.dropped_late += len(windows)
        if self.consumers.get(LATE):
            self._late.append((pair if self.aggregation.keyed else pair[1], timestamp, windows))

    def emit_late(self) -> None:
        """Hands on what `drop_late` has kept."""
        if self._late:
            values, stamps, windows = map(list, zip(*self._late, strict=True))
            self._late = []
            self.emit(Bundle(values, stamps, windows, PANE_INFO_UNKNOWN), LATE)

    def results(self, pairs: list[tuple[Any, Any]], window: BoundedWindow, keeps: bool = False) -> list[Any]:
        """What a window puts out for pairs of key and accumulator; with `keeps` the accumulators are needed again."""
        waiting = iter(pairs)
        try:
            return (self._extract_kept if keeps else self._extract)(waiting)
        except Exception as error:
            raise self.pair_failure(pairs, waiting, window, error) from error

    def result_of_none(self, key: Any, empty: Any, window: BoundedWindow, remedy: str) -> Any:
        """What a window puts out for a key without elements, or without new ones.

        Args:
            key: The key.
            empty: An empty accumulator.
            window: The window.
            remedy: How to do without, where nothing can be made of it.
        """
        try:
            (result,) = self._extract([(key, empty)])
        except Exception as error:
            missing = "there were no elements" if remedy == WITHOUT_DEFAULTS else "the pane has no new elements"
            raise EmptyPaneError(self.label, key, window, missing, error, remedy) from error
        return result

    def fire_default(self, create: Callable[[], Any], had_elements: bool) -> None:
        """Puts out the pane of a global window that had no elements, if the aggregation has one.

        Args:
            create: Makes an empty accumulator.
            had_elements: Whether there have been any.
        """
        if had_elements or not self.aggregation.has_defaults:
            return
        window = GlobalWindow()
        self.metrics.panes_on_time += 1
        result = self.result_of_none(None, create(), window, WITHOUT_DEFAULTS)
        self.emit(Bundle([result], window.end_micros - 1, (window,), ONLY_FIRING))

    def pair_failure(
        self, pairs: list[tuple[Any, Any]], waiting: Iterator[Any], window: BoundedWindow, cause: Exception
    ) -> UserCodeError:
        """The error for the pair of key and accumulator that an iterator over such pairs gave out last."""
        return UserCodeError(self.label, pairs[len(pairs) - length_hint(waiting) - 1], window, cause)

    def element_failure(self, bundle: Bundle, position: int, cause: Exception) -> StreamcoreError:
        """The error for an element that could not be aggregated."""
        if isinstance(cause, StreamcoreError):
            return cause
        element = bundle.values[position]
        if not self.aggregation.keyed:
            return self.failure(bundle, position, cause)
        if not isinstance(element, tuple | list) or len(element) != 2:
            cause = PipelineError(
                "the step needs pairs (key, value); make them with Map(lambda x: (key, value)) or WithKeys"
            )
        else:
            try:
                hash(element[0])
            except TypeError as error:
                cause = PipelineError(f"{error}; {HASHABLE}")
            except Exception as error:
                cause = PipelineError(f"the key's __hash__ raised {type(error).__name__}: {error}; {HASHABLE}")
        return self.failure(bundle, position, cause)
