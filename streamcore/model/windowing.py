"""The contract of a window kind, and the windowing strategy that every PCollection carries."""

from __future__ import annotations

import abc
import dataclasses
import enum
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Final

from streamcore.model.trigger import Trigger
from streamcore.model.window import BoundedWindow
from streamcore.timestamp import Timestamp, TimestampTypes

# What a window kind may say of the windows that it assigns, and the methods that this holds for.
_PROMISES: Final = {"follows_timestamp": ("assign",), "has_one_window": ("assign", "windows_at")}


class WindowFn(abc.ABC):
    """Assigns elements to windows; subclass it for a window kind of your own.

    `assign` is called once per element and must depend on nothing but its context. A merging kind also
    overrides `merge` and keeps `is_merging` true. Kinds whose windows follow from the timestamp
    alone derive from `TimeWindowFn` (in `streamcore.model.windowing`) and run on the fast path.

    Attributes:
        follows_timestamp: Windows can be told from the timestamp at any later time, so that they need not be assigned
            at all. A subclass with an `assign` of its own does not inherit it: that may look at the element.
        has_one_window: Every element gets exactly one window. Neither is it inherited, nor with `windows_at`.
    """

    follows_timestamp: ClassVar[bool] = False
    has_one_window: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """A subclass that assigns in its own way does not inherit what is said of another way."""
        super().__init_subclass__(**kwargs)
        for promise, methods in _PROMISES.items():
            promiser = next(kind for kind in cls.__mro__ if promise in vars(kind))
            if any(getattr(cls, method, None) is not getattr(promiser, method, None) for method in methods):
                setattr(cls, promise, False)

    class AssignContext:
        """What `assign` may look at: `timestamp`, `element` and, on re-windowing, the present `window`."""

        __slots__ = ("element", "timestamp", "window")

        def __init__(self, timestamp: TimestampTypes, element: Any = None, window: BoundedWindow | None = None) -> None:
            self.timestamp = Timestamp.of(timestamp)
            self.element = element
            self.window = window

    class MergeContext:
        """The open windows of one key; `merge` calls its own `merge` for every group to be united."""

        def __init__(self, windows: Iterable[BoundedWindow]) -> None:
            self.windows = list(windows)

        def merge(self, to_be_merged: Sequence[BoundedWindow], merge_result: BoundedWindow) -> None:
            """Unites `to_be_merged` in `merge_result`."""
            raise NotImplementedError

    @abc.abstractmethod
    def assign(self, assign_context: AssignContext, /) -> Iterable[BoundedWindow]:
        """The windows of one element."""

    def merge(self, merge_context: MergeContext, /) -> None:
        """Says which of a key's open windows become one; called after every new window."""
        msg = f"{type(self).__name__} is merging but has no `merge`; define it, or return False from is_merging()"
        raise NotImplementedError(msg)

    def is_merging(self) -> bool:
        """Whether windows of this kind can be united as elements come in."""
        return True

    def get_transformed_output_time(self, window: BoundedWindow, input_timestamp: Timestamp, /) -> Timestamp:
        """The output time of an element under `TimestampCombiner.OUTPUT_AT_EARLIEST_TRANSFORMED`."""
        return input_timestamp

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), repr(sorted(vars(self).items()))))


class NonMergingWindowFn(WindowFn):
    """A window kind whose windows are final when they are assigned."""

    def is_merging(self) -> bool:
        """Never."""
        return False

    def merge(self, merge_context: WindowFn.MergeContext, /) -> None:
        """Nothing to unite."""


class TimeWindowFn(NonMergingWindowFn):
    """A window kind whose windows follow from the timestamp alone, so that whole columns can be assigned."""

    follows_timestamp = True

    @abc.abstractmethod
    def windows_at(self, timestamp: int, /) -> tuple[BoundedWindow, ...]:
        """The windows that hold a moment, the one that ends first in front.

        Args:
            timestamp: Microseconds.
        """

    @abc.abstractmethod
    def span_at(self, timestamp: int, /) -> tuple[int, int]:
        """The widest span `[from, to)` around a moment, in microseconds, in which `windows_at` gives the same answer.

        Reducers aggregate by such spans: a fixed window is one, a sliding window is made of several.
        """

    def assign(self, assign_context: WindowFn.AssignContext, /) -> Iterable[BoundedWindow]:
        """The windows at the element's timestamp."""
        return list(self.windows_at(assign_context.timestamp.micros))


class TimestampCombiner(enum.IntEnum):
    """Which timestamp the pane of a window gets, out of those of its elements; it also holds the output watermark."""

    OUTPUT_AT_EOW = 0
    OUTPUT_AT_LATEST = 1
    OUTPUT_AT_EARLIEST = 2
    OUTPUT_AT_EARLIEST_TRANSFORMED = 3


class AccumulationMode(enum.IntEnum):
    """Whether a pane holds what is new since the last one, or everything so far.

    >>> def run(mode):
    ...     with Pipeline() as p:
    ...         windows = WindowInto(GlobalWindows(), Repeatedly(AfterCount(1)), mode)
    ...         _ = p | Create([("a", 1), ("a", 1)]) | windows | CombinePerKey(sum) | Map(print)
    >>> run(AccumulationMode.DISCARDING)
    ('a', 1)
    ('a', 1)
    >>> run(AccumulationMode.ACCUMULATING)
    ('a', 1)
    ('a', 2)
    """

    DISCARDING = 1
    ACCUMULATING = 2


class ClosingBehavior(enum.IntEnum):
    """Whether an expiring window emits a last pane that has nothing new."""

    FIRE_ALWAYS = 1
    FIRE_IF_NON_EMPTY = 2


class OnTimeBehavior(enum.IntEnum):
    """Whether the on-time pane comes out when it has nothing new."""

    FIRE_ALWAYS = 1
    FIRE_IF_NON_EMPTY = 2


@dataclasses.dataclass(frozen=True)
class Windowing:
    """The windowing strategy of a PCollection: how its elements are grouped in time, and when results come out.

    Attributes:
        windowfn: Assigns windows.
        triggerfn: Says when a window's pane comes out.
        accumulation_mode: What a pane holds.
        timestamp_combiner: Which timestamp a pane gets.
        allowed_lateness: Microseconds a window stays open after its end, for late elements.
        closing_behavior: Whether an expiring window emits an empty last pane.
        on_time_behavior: Whether an on-time pane may be empty.
    """

    windowfn: WindowFn
    triggerfn: Trigger
    accumulation_mode: AccumulationMode = AccumulationMode.DISCARDING
    timestamp_combiner: TimestampCombiner = TimestampCombiner.OUTPUT_AT_EOW
    allowed_lateness: int = 0
    closing_behavior: ClosingBehavior = ClosingBehavior.FIRE_IF_NON_EMPTY
    on_time_behavior: OnTimeBehavior = OnTimeBehavior.FIRE_ALWAYS


@dataclasses.dataclass(frozen=True)
class MixedWindowing(Windowing):
    """That of a union whose parts agree on the windows, and on nothing else: all but an aggregation may follow.

    Attributes:
        conflict: Where the parts differ, and what to do about it.
    """

    conflict: str = ""
