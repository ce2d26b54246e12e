"""For tests: inputs that are written down event by event, a virtual clock, and assertions on PCollections.

test_stream     TestStream: elements, watermarks and processing time, step by step (events, script)
virtual_clock   VirtualClock: processing time that moves when it is told to, or when everybody waits
assertions      assert_that and what it expects (matchers)
sort_lists      SortLists: puts the values of groups in order
test_pipeline   TestPipeline: options from the command line of the test run
"""

from __future__ import annotations

from streamcore.testing.assertions import assert_that as assert_that, has_at_least_one as has_at_least_one
from streamcore.testing.events import (
    ElementEvent as ElementEvent,
    Event as Event,
    ProcessingTimeEvent as ProcessingTimeEvent,
    StreamError as StreamError,
    WatermarkEvent as WatermarkEvent,
)
from streamcore.testing.matchers import (
    BeamAssertException as BeamAssertException,
    TestWindowedValue as TestWindowedValue,
    contains_in_any_order as contains_in_any_order,
    equal_to as equal_to,
    equal_to_approx as equal_to_approx,
    equal_to_per_window as equal_to_per_window,
    in_window as in_window,
    is_empty as is_empty,
    is_not_empty as is_not_empty,
    matches_all as matches_all,
    row_namedtuple_equals_fn as row_namedtuple_equals_fn,
)
from streamcore.testing.sort_lists import SortLists as SortLists
from streamcore.testing.test_pipeline import TestPipeline as TestPipeline
from streamcore.testing.test_stream import TestStream as TestStream
from streamcore.testing.virtual_clock import VirtualClock as VirtualClock
