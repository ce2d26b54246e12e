from __future__ import annotations

from typing import Any

import pytest

from streamcore import DoFn, FixedWindows, Map, Pipeline, WindowInto
from streamcore.errors import PipelineError
from streamcore.model.windowed_value import TimestampedValue, WindowedValue
from streamcore.testing import (
    ElementEvent,
    ProcessingTimeEvent,
    StreamError,
    TestPipeline,
    TestStream,
    VirtualClock,
    WatermarkEvent,
    assert_that,
    equal_to,
)
from streamcore.testing.script import Script
from streamcore.timestamp import MAX_TIMESTAMP, MIN_TIMESTAMP, Timestamp
from streamcore.transforms.group import CombinePerKey, GroupByKey
from streamcore.transforms.pardo import ParDo


def test_its_methods_say_what_happens():
    stream = (
        TestStream()
        .advance_watermark_to(0)
        .add_elements(["a", WindowedValue("b", 3, ()), TimestampedValue("c", 6)])
        .advance_processing_time(10)
        .advance_watermark_to(8)
        .add_elements(["d"])
        .add_elements(["e", TimestampedValue("f", 1)], event_timestamp=9)
        .advance_watermark_to_infinity()
    )
    assert stream._events == [
        WatermarkEvent(0),
        ElementEvent([TimestampedValue("a", 0), TimestampedValue("b", 3), TimestampedValue("c", 6)]),
        ProcessingTimeEvent(10),
        WatermarkEvent(8),
        ElementEvent([TimestampedValue("d", 8)]),
        ElementEvent([TimestampedValue("e", 9), TimestampedValue("f", 1)]),
        WatermarkEvent(MAX_TIMESTAMP),
    ]
    assert stream.output_tags == {None}


def test_plain_elements_before_any_watermark_are_at_the_beginning_of_time():
    assert TestStream().add_elements([1])._events == [ElementEvent([TimestampedValue(1, MIN_TIMESTAMP)])]


def test_each_output_has_a_watermark_of_its_own():
    stream = TestStream(output_tags=["c"]).advance_watermark_to(10, tag="a").advance_watermark_to(5, tag="b")
    stream = stream.add_elements([1], tag="a").add_elements([2], tag="b")
    assert stream._events[2:] == [
        ElementEvent([TimestampedValue(1, 10)], "a"),
        ElementEvent([TimestampedValue(2, 5)], "b"),
    ]
    assert stream.output_tags == {"a", "b", "c"}


def test_events_can_be_given_at_once():
    events = [WatermarkEvent(5), ElementEvent([TimestampedValue(1, 10)], "a")]
    assert TestStream(events=events)._events == events


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: TestStream().advance_watermark_to(5).advance_watermark_to(4),
            "the watermark must advance: it is at Timestamp(5), got Timestamp(4); give a later time",
        ),
        (
            lambda: TestStream().advance_watermark_to(5, tag="a").advance_watermark_to(5, tag="a"),
            "the watermark of output 'a' must advance: it is at Timestamp(5), got Timestamp(5); give a later time",
        ),
        (
            lambda: TestStream(events=[WatermarkEvent(5), WatermarkEvent(4)]),
            "the watermark must advance: it is at Timestamp(5), got Timestamp(4); give a later time",
        ),
        (
            lambda: TestStream().advance_processing_time(0),
            "processing time must advance by a positive number of seconds, got Duration(0)",
        ),
        (
            lambda: TestStream().add_elements([TimestampedValue("a", MAX_TIMESTAMP)]),
            f"the timestamp of an element must be before the end of time, MAX_TIMESTAMP; "
            f"got TimestampedValue('a', {MAX_TIMESTAMP})",
        ),
        (
            lambda: TestStream(events=["a"]),
            "expected an ElementEvent, a WatermarkEvent or a ProcessingTimeEvent, got 'a'",
        ),
        (
            lambda: TestStream(endpoint="localhost:1"),
            "a TestStream cannot take its events from a service, got endpoint='localhost:1'; give them as `events`",
        ),
    ],
)
def test_impossible_events_are_refused_when_the_stream_is_built(build, message):
    with pytest.raises(StreamError) as caught:
        build()
    assert str(caught.value) == message
    assert isinstance(caught.value, AssertionError)


def test_a_second_stream_is_refused():
    p = Pipeline()
    _ = p | TestStream()
    with pytest.raises(PipelineError) as caught:
        _ = p | "other" >> TestStream()
    assert str(caught.value) == (
        "'other' is the second TestStream of this pipeline, and both would set its clock; "
        "put all events in one stream, with tag='...' for further outputs"
    )


def test_it_is_an_input():
    p = Pipeline()
    with pytest.raises(PipelineError) as caught:
        _ = (p | "one" >> TestStream()) | "two" >> TestStream()
    assert str(caught.value) == "'two' is an input and must follow the pipeline itself: p | TestStream()"


class Stamp(DoFn):
    def process(self, element: Any, timestamp: Any = DoFn.TimestampParam) -> Any:
        yield element, timestamp


def test_elements_come_with_their_timestamps():
    stream = (
        TestStream()
        .advance_watermark_to(10)
        .add_elements(["a", "b"])
        .advance_watermark_to(300)
        .add_elements([TimestampedValue("late", 12)])
        .advance_watermark_to_infinity()
    )
    with TestPipeline() as p:
        stamped = p | stream | ParDo(Stamp())
        assert not stamped.is_bounded
        assert_that(stamped, equal_to([("a", Timestamp(10)), ("b", Timestamp(10)), ("late", Timestamp(12))]))


def test_the_watermark_closes_windows_and_the_end_closes_all():
    stream = (
        TestStream()
        .add_elements([("k", 1)], event_timestamp=5)
        .advance_watermark_to(60)
        .add_elements([("k", 2)], event_timestamp=5)
        .add_elements([("k", 4)], event_timestamp=70)
    )
    with TestPipeline() as p:
        totals = p | stream | WindowInto(FixedWindows(60)) | CombinePerKey(sum)
        assert_that(totals, equal_to([("k", 1), ("k", 4)]))
    assert p.result.metrics.total("dropped_late") == 1


def test_outputs_take_turns_in_the_order_of_the_events():
    seen: list[Any] = []
    stream = TestStream()
    expected = []
    for number, tag in enumerate("abbaaabab"):
        stream.add_elements([number], tag=tag).advance_watermark_to(number, tag=tag).advance_processing_time(1)
        expected.append((tag, number))
    with TestPipeline() as p:
        outputs = p | stream
        for tag in "ba":
            _ = outputs[tag] | f"see {tag}" >> Map(lambda number, tag=tag: seen.append((tag, number)))
    assert seen == expected


def test_an_output_without_a_name_is_found_under_none():
    with TestPipeline() as p:
        outputs = p | TestStream().add_elements([1]).add_elements([2], tag="a")
        assert_that(outputs[None], equal_to([1]))
        assert_that(outputs["a"], equal_to([2]))


def test_an_event_has_been_processed_whole_when_the_next_one_happens():
    seen: list[Any] = []
    stream = TestStream()
    for number in range(5):
        stream.add_elements([("k", number)], event_timestamp=number).advance_watermark_to(number + 1)
        stream.add_elements([("mark", number)], tag="marks")
    with TestPipeline() as p:
        outputs = p | stream
        panes = outputs[None] | WindowInto(FixedWindows(1)) | GroupByKey()
        _ = panes | "see pane" >> Map(seen.append)
        _ = outputs["marks"] | "see mark" >> Map(seen.append)
    assert seen == [each for number in range(5) for each in (("k", [number]), ("mark", number))]


def test_a_large_event_comes_in_parts_but_whole():
    with TestPipeline() as p:
        numbers = p | TestStream().add_elements(range(5000)) | Map(lambda number: number + 1)
        assert_that(numbers, equal_to(list(range(1, 5001))))


def test_a_pipeline_can_run_again():
    p = TestPipeline()
    assert_that(p | TestStream().add_elements([1]).advance_processing_time(5).add_elements([2]), equal_to([1, 2]))
    p.run()
    p.run()


def test_it_drives_the_clock_it_is_given():
    clock = VirtualClock(start=100)
    times: list[Timestamp] = []
    with TestPipeline() as p:
        stream = TestStream(clock=clock).add_elements([1]).advance_processing_time(7).add_elements([2])
        _ = p | stream | Map(lambda _: times.append(clock.time()))
    assert times == [Timestamp(100), Timestamp(107)]


async def test_a_reader_goes_on_from_a_position():
    clock = VirtualClock()
    events = TestStream().add_elements([1, 2, 3]).advance_watermark_to(5).advance_processing_time(3)._events
    reader = Script(events, [None], clock).open(None, None)
    first = await reader.poll(2)
    assert first is not None
    assert first.values == [1, 2]
    assert reader.position() == [0, 2]
    reader = Script(events, [None], clock).open(None, reader.position())
    rest = [await reader.poll(2) for _ in range(4)]
    assert [batch and batch.values for batch in rest] == [[3], [], [], None]
    assert [batch and batch.watermark for batch in rest] == [None, 5_000_000, None, None]
    assert clock.time() == Timestamp(3)
