"""The TestStream: an unbounded input whose every step is written down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from streamcore.errors import PipelineError, describe
from streamcore.graph.applied import AppliedTransform
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PBegin
from streamcore.model.windowed_value import TimestampedValue, WindowedValue
from streamcore.testing.events import ElementEvent, Event, ProcessingTimeEvent, StreamError, WatermarkEvent
from streamcore.testing.script import Script, ScriptSource
from streamcore.testing.virtual_clock import VirtualClock
from streamcore.timestamp import MAX_TIMESTAMP, MIN_TIMESTAMP, Duration, DurationTypes, Timestamp, TimestampTypes
from streamcore.transforms.read import Read, require_elements


class TestStream(PTransform[PBegin, Any]):
    """An unbounded input that is written down event by event, for tests of windows, triggers and late data.

    Every event is processed whole, with all that follows from it, before the next one happens. The methods return the
    stream itself, so calls can be chained. When the events are over the input ends, and the watermark goes to infinity.

    Applied to a pipeline it gives a PCollection or, if outputs have been named by `tag`, a dict of PCollections by tag,
    each with a watermark of its own.

    Args:
        coder: Accepted for Beam programs; elements are handed on as they are.
        events: Events to begin with.
        output_tags: Outputs that exist even if no event names them.
        endpoint: Not supported: Beam's address of a service that tells the events.
        clock: The processing time of the pipeline, which the stream drives; a clock that starts at 0 by default.

    >>> from streamcore.testing import TestStream
    >>> visits = (
    ...     TestStream()
    ...     .add_elements([("home", 1), ("news", 1)], event_timestamp=10)
    ...     .add_elements([("home", 1)], event_timestamp=30)
    ...     .advance_watermark_to(60)
    ...     .add_elements([("home", 1)], event_timestamp=70)
    ... )
    >>> with Pipeline() as p:
    ...     _ = p | visits | WindowInto(FixedWindows(60)) | CombinePerKey(sum) | Map(print)
    ('home', 2)
    ('news', 1)
    ('home', 1)
    """

    __test__: ClassVar[bool] = False

    def __init__(
        self,
        coder: object = None,
        events: Iterable[Event] | None = None,
        output_tags: Iterable[str | None] | None = None,
        endpoint: str | None = None,
        *,
        clock: VirtualClock | None = None,
    ) -> None:
        super().__init__()
        if endpoint is not None:
            msg = (
                f"a TestStream cannot take its events from a service, got endpoint={endpoint!r}; give them as `events`"
            )
            raise StreamError(msg)
        if clock is not None and not isinstance(clock, VirtualClock):
            msg = f"`clock` must be a VirtualClock, got {describe(clock)}; leave it out for one that starts at 0"
            raise StreamError(msg)
        self.clock = VirtualClock() if clock is None else clock
        self._tags: dict[str | None, None] = dict.fromkeys(output_tags or ())
        self._watermarks: dict[str | None, Timestamp] = {}
        self._events: list[Event] = []
        for event in events or ():
            self._add(event)

    @property
    def output_tags(self) -> set[str | None]:
        """The outputs; None is the one without a name."""
        return set(self._tags)

    def add_elements(
        self, elements: Iterable[Any], tag: str | None = None, event_timestamp: TimestampTypes | None = None
    ) -> TestStream:
        """Elements arrive together.

        Args:
            elements: `TimestampedValue`s or plain values; of a `WindowedValue` the windows are left out.
            tag: The output they go to.
            event_timestamp: The timestamp of plain values; the output's present watermark by default.

        Raises:
            StreamError: If a timestamp is not before the end of time.
            PipelineError: If it is a single element.
        """
        require_elements("add_elements", elements)
        default = self._watermark(tag) if event_timestamp is None else Timestamp.of(event_timestamp)
        return self._add(ElementEvent([_timestamped(element, default) for element in elements], tag))

    def advance_watermark_to(self, new_watermark: TimestampTypes, tag: str | None = None) -> TestStream:
        """The watermark of an output moves to a later time, in seconds since the epoch.

        Raises:
            StreamError: If it would go back or stay.
        """
        return self._add(WatermarkEvent(new_watermark, tag))

    def advance_watermark_to_infinity(self, tag: str | None = None) -> TestStream:
        """The watermark of an output goes to the end of time: nothing on time will follow there."""
        return self.advance_watermark_to(MAX_TIMESTAMP, tag)

    def advance_processing_time(self, advance_by: DurationTypes) -> TestStream:
        """Processing time moves on by so many seconds.

        Raises:
            StreamError: If the number is not positive.
        """
        return self._add(ProcessingTimeEvent(advance_by))

    def expand(self, pvalue: PBegin) -> Any:
        """One PCollection, or a dict of several by tag."""
        if not isinstance(pvalue, PBegin):
            msg = f"{self.default_label()!r} is an input and must follow the pipeline itself: p | TestStream()"
            raise PipelineError(msg)
        if sum(1 for _ in _streams(pvalue.pipeline.roots)) > 1:
            msg = (
                f"{self.default_label()!r} is the second TestStream of this pipeline, and both would set its clock; "
                "put all events in one stream, with tag='...' for further outputs"
            )
            raise PipelineError(msg)
        tags = list(self._tags) or [None]
        script = Script(self._events, tags, self.clock)
        outputs = {tag: pvalue | str(tag or "main") >> Read(ScriptSource(script, tag)) for tag in tags}
        return outputs[None] if tags == [None] else outputs

    def _watermark(self, tag: str | None) -> Timestamp:
        return self._watermarks.get(tag, MIN_TIMESTAMP)

    def _add(self, event: Event) -> TestStream:
        if isinstance(event, ElementEvent):
            _check_elements(event)
            self._tags.setdefault(event.tag)
        elif isinstance(event, WatermarkEvent):
            _check_watermark(event, self._watermark(event.tag))
            self._tags.setdefault(event.tag)
            self._watermarks[event.tag] = event.new_watermark
        elif isinstance(event, ProcessingTimeEvent):
            _check_advance(event)
        else:
            msg = f"expected an ElementEvent, a WatermarkEvent or a ProcessingTimeEvent, got {event!r}"
            raise StreamError(msg)
        self._events.append(event)
        return self


def _timestamped(element: Any, default: Timestamp) -> TimestampedValue[Any]:
    if isinstance(element, TimestampedValue):
        return element
    if isinstance(element, WindowedValue):
        return TimestampedValue(element.value, element.timestamp)
    return TimestampedValue(element, default)


def _check_elements(event: ElementEvent) -> None:
    for element in event.timestamped_values:
        if element.timestamp >= MAX_TIMESTAMP:
            msg = f"the timestamp of an element must be before the end of time, MAX_TIMESTAMP; got {element!r}"
            raise StreamError(msg)


def _check_watermark(event: WatermarkEvent, present: Timestamp) -> None:
    if event.new_watermark <= present:
        output = "" if event.tag is None else f" of output {event.tag!r}"
        msg = f"the watermark{output} must advance: it is at {present}, got {event.new_watermark}; give a later time"
        raise StreamError(msg)


def _check_advance(event: ProcessingTimeEvent) -> None:
    if event.advance_by <= Duration(0):
        msg = f"processing time must advance by a positive number of seconds, got {event.advance_by}"
        raise StreamError(msg)


def _streams(steps: list[AppliedTransform]) -> Iterator[AppliedTransform]:
    """The TestStreams of a pipeline, the one that is being applied included."""
    for step in steps:
        if isinstance(step.transform, TestStream):
            yield step
        yield from _streams(step.parts)
