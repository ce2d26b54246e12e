"""Rules of the model that Beam's own tests rest on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from streamcore import (
    CombinePerKey,
    Create,
    FixedWindows,
    Flatten,
    Map,
    NonMergingWindowFn,
    ParDo,
    PipelineError,
    SlidingWindows,
    UserCodeError,
    Values,
    WindowInto,
)
from streamcore.model.labels import label_of
from streamcore.model.window import GlobalWindow, IntervalWindow
from streamcore.model.windowed_value import TaggedOutput, TimestampedValue, WindowedValue
from streamcore.testing import TestPipeline, TestWindowedValue, assert_that, equal_to
from streamcore.timestamp import MIN_TIMESTAMP
from streamcore.transforms.combine_fn import CombineFn
from streamcore.transforms.combiners import TupleCombineFn
from streamcore.transforms.dofn import DoFn
from streamcore.transforms.elementwise import FlatMap
from streamcore.windowing import CalendarWindows, GlobalWindows, Sessions


class Ask(DoFn):
    def process(self, element: Any = DoFn.ElementParam, timestamp: Any = DoFn.TimestampParam) -> Iterable[Any]:
        yield element, timestamp


class Partial(CombineFn[Any, list[Any], Any]):
    def create_accumulator(self) -> list[Any]:
        return []


def test_the_element_may_be_asked_for_by_a_default() -> None:
    with TestPipeline() as p:
        asked = p | Create([TimestampedValue("a", 5)]) | ParDo(Ask())
        assert_that(asked, equal_to([("a", 5)]))


def test_create_takes_the_timestamps_of_timestamped_values() -> None:
    with TestPipeline() as p:
        stamped = p | Create([TimestampedValue("a", 5), "b"]) | Map(lambda v, at=DoFn.TimestampParam: (v, at))
        assert_that(stamped, equal_to([("a", 5), ("b", MIN_TIMESTAMP)]))


def test_rewindowing_makes_an_element_of_each_window() -> None:
    with TestPipeline() as p:
        twice = (
            p
            | Create([TimestampedValue("a", 3)])
            | WindowInto(SlidingWindows(4, 2))
            | "again" >> WindowInto(FixedWindows(10))
        )
        shown = TestWindowedValue("a", TimestampedValue(0, 3).timestamp, [IntervalWindow(0, 10)])
        assert_that(twice, equal_to([shown, shown]), reify_windows=True)


def test_elements_without_a_window_vanish_when_they_are_windowed_again() -> None:
    with TestPipeline() as p:
        sparse = p | Create([TimestampedValue(n, n) for n in range(4)]) | WindowInto(SlidingWindows(1, 2))
        assert_that(sparse | "again" >> WindowInto(GlobalWindows()), equal_to([0, 2]))


def test_which_window_functions_give_one_window() -> None:
    class Own(FixedWindows):
        def windows_at(self, timestamp: int) -> tuple[IntervalWindow, ...]:
            return ()

    one = [FixedWindows(1), Sessions(1), GlobalWindows(), CalendarWindows.days()]
    assert [windowfn.has_one_window for windowfn in one] == [True] * 4
    assert not SlidingWindows(2, 1).has_one_window
    assert not Own(1).has_one_window
    assert Own(1).follows_timestamp


def test_a_lambda_is_labelled_by_its_place() -> None:
    assert label_of(len) == "len"
    assert label_of(lambda: None) == "<lambda at test_beam_rules.py:90>"
    with TestPipeline() as p:
        numbers = (
            p
            | Create([1])
            | Map(lambda n: n + 1)
            | Map(lambda n: n * 10)
        )  # fmt: skip
        assert_that(numbers, equal_to([20]))


def test_two_steps_of_one_lambda_need_labels() -> None:
    double = Map(lambda n: 2 * n)
    with pytest.raises(
        PipelineError, match=r"a step labelled 'Map\(<lambda at test_beam_rules.py:\d+>\)' exists already"
    ):
        TestPipeline() | Create([1]) | double | double


def test_a_combine_fn_may_lack_steps_until_it_is_applied() -> None:
    fn = TupleCombineFn(Partial(), sum)
    assert fn.create_accumulator() == ([], 0)
    with pytest.raises(NotImplementedError, match="Partial has no `extract_output`"):
        fn.extract_output(([], 0))
    with pytest.raises(PipelineError, match="Partial has no `add_input`, `merge_accumulators`, `extract_output`"):
        CombinePerKey(Partial())


class Reading(TimestampedValue[int]):
    """What a program may call its own timestamped values."""


class Failure(TaggedOutput[str, Any]):
    """A value for the output of what went wrong."""

    def __init__(self, value: Any) -> None:
        super().__init__("failed", value)


class LaterReading(Reading):
    """A subclass of a subclass."""


def test_classes_derived_from_those_of_outputs_are_outputs_like_these() -> None:
    def outputs(element: int) -> list[Any]:
        return [Reading(element, 5), LaterReading(element, 6), element, Failure(element), Failure(Reading(element, 7))]

    with TestPipeline() as p:
        found = p | Create([1]) | FlatMap(outputs).with_outputs("failed", main="good")
        for tag, expected in (("good", [(1, 5), (1, 6), (1, MIN_TIMESTAMP)]), ("failed", [(1, MIN_TIMESTAMP), (1, 7)])):
            stamped = found[tag] | f"times/{tag}" >> Map(lambda v, at=DoFn.TimestampParam: (v, at))
            assert_that(stamped, equal_to(expected), label=f"check {tag}")


def test_a_class_derived_from_that_of_windowed_values_may_come_at_the_end_of_a_bundle() -> None:
    class Total(WindowedValue[int]):
        """A count."""

    class Counting(DoFn):
        def start_bundle(self) -> None:
            self.count = 0

        def process(self, element: Any) -> None:
            self.count += 1

        def finish_bundle(self) -> Iterable[Total]:
            yield Total(self.count, 3, (GlobalWindow(),))

    with TestPipeline() as p:
        counts = p | Create([1, 2]) | ParDo(Counting()) | Map(lambda v, at=DoFn.TimestampParam: (v, at))
        assert_that(counts, equal_to([(2, 3)]))


def test_a_function_for_pardo_puts_out_what_is_in_its_result() -> None:
    def repeated(word: str, times: int, at: Any = DoFn.TimestampParam) -> list[Any]:
        return [(word, at)] * times + [TaggedOutput("long", word)] * (len(word) > 1)

    with TestPipeline() as p:
        words = p | Create([TimestampedValue("a", 5), TimestampedValue("bc", 6)])
        main, long = words | ParDo(repeated, 2).with_outputs("long", main="main")
        assert_that(main, equal_to([("a", 5), ("a", 5), ("bc", 6), ("bc", 6)]))
        assert_that(long, equal_to(["bc"]), label="long")
    assert ParDo(repeated, 2).default_label() == "ParDo(repeated)"


OWN = (IntervalWindow(0, 100),)
SLIDING = [(("k", 1), IntervalWindow(0, 10)), (("k", 1), IntervalWindow(5, 15))]


class Overlapping(NonMergingWindowFn):
    """Windows that do not follow from the timestamp."""

    def assign(self, assign_context: NonMergingWindowFn.AssignContext) -> list[IntervalWindow]:
        return [IntervalWindow(0, 10), IntervalWindow(5, 15)]


class PutOut(DoFn):
    def __init__(self, wrapped: Callable[[Any], Any]) -> None:
        self.wrapped = wrapped

    def process(self, element: Any) -> Iterable[Any]:
        yield self.wrapped(element)


class PutOutByWindow(PutOut):
    def process(self, element: Any, window: Any = DoFn.WindowParam) -> Iterable[Any]:
        yield self.wrapped(element)


def put_out(wrapped: Callable[[Any], Any]) -> list[ParDo[Any, Any]]:
    """Steps that put the same out, half of which ask for the window and are called once for each."""
    return [
        ParDo(PutOut(wrapped)),
        ParDo(PutOutByWindow(wrapped)),
        Map(wrapped),
        Map(lambda element, window=DoFn.WindowParam: wrapped(element)),
        FlatMap(lambda element: [wrapped(element)]),
        FlatMap(lambda element, window=DoFn.WindowParam: [wrapped(element)]),
    ]


# What comes out is what Beam 2.77 puts out, with its FnApiRunner.
@pytest.mark.parametrize("windowfn", [SlidingWindows(10, 5), Overlapping()])
@pytest.mark.parametrize("step", range(6))
@pytest.mark.parametrize(
    ("wrapped", "main", "tagged", "sums"),
    [
        (lambda e: e, SLIDING, [], [1, 1]),
        (lambda e: TaggedOutput("t", e), [], SLIDING, [1, 1]),
        (lambda e: TimestampedValue(e, 7), SLIDING * 2, [], [2, 2]),
        (lambda e: TaggedOutput("t", TimestampedValue(e, 7)), [], SLIDING * 2, [2, 2]),
        (lambda e: WindowedValue(e, 7, OWN), [(("k", 1), OWN[0])] * 2, [], [2]),
        (lambda e: TaggedOutput("t", WindowedValue(e, 7, OWN)), [], [(("k", 1), OWN[0])] * 2, [2]),
    ],
)
def test_an_output_with_windows_of_its_own_counts_once_for_each_window_of_its_element(
    windowfn: Any, step: int, wrapped: Any, main: list[Any], tagged: list[Any], sums: list[int]
) -> None:
    with TestPipeline() as p:
        windowed = p | Create([TimestampedValue(("k", 1), 7)]) | WindowInto(windowfn)
        outputs = windowed | "step" >> put_out(wrapped)[step].with_outputs("t", main="main")
        for tag, expected in (("main", main), ("t", tagged)):
            shown = outputs[tag] | f"show {tag}" >> Map(lambda e, window=DoFn.WindowParam: (e, window))
            assert_that(shown, equal_to(expected), label=f"check {tag}")
        total = (outputs["main"], outputs["t"]) | Flatten() | CombinePerKey(sum) | Values()
        assert_that(total, equal_to(sums), label="check sums")


def test_an_output_of_an_element_without_windows_is_in_none() -> None:
    with TestPipeline() as p:
        outside = p | Create([TimestampedValue("a", 7)]) | WindowInto(SlidingWindows(1, 10))
        moved = outside | Map(lambda e: TimestampedValue(e, 0)) | "again" >> WindowInto(GlobalWindows())
        assert_that(moved, equal_to([]))


class LastWord(DoFn):
    """Puts something out for its bundle."""

    def __init__(self, wrapped: Any) -> None:
        self.wrapped = wrapped

    def process(self, element: Any) -> None:
        pass

    def finish_bundle(self) -> Iterable[Any]:
        yield self.wrapped


@pytest.mark.parametrize("windowfn", [SlidingWindows(10, 5), SlidingWindows(1, 10)])
@pytest.mark.parametrize("tagged", [False, True])
def test_what_a_bundle_ends_with_comes_out_once_whatever_windows_its_elements_are_in(
    windowfn: Any, tagged: bool
) -> None:
    last = WindowedValue("x", 7, OWN)
    with TestPipeline() as p:
        windowed = p | Create([TimestampedValue("a", 7)]) | WindowInto(windowfn)
        step = ParDo(LastWord(TaggedOutput("t", last) if tagged else last))
        outputs = windowed | step.with_outputs("t", main="main")
        found = outputs["t" if tagged else "main"] | Map(lambda e, window=DoFn.WindowParam: (e, window))
        assert_that(found, equal_to([("x", OWN[0])]))


@pytest.mark.parametrize("last", ["x", TaggedOutput("t", "x")])
def test_what_a_bundle_ends_with_needs_windows_or_a_timestamp_tagged_or_not(last: Any) -> None:
    p = TestPipeline()
    _ = p | Create([1]) | "step" >> ParDo(LastWord(last)).with_outputs("t")
    with pytest.raises(UserCodeError) as error:
        p.run()
    assert str(error.value) == (
        f"step 'step' failed on element {last!r}: finish_bundle may only put out "
        "WindowedValue(value, timestamp, windows), as no element gives it a timestamp"
    )
