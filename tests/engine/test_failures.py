"""What fails: user code, sources and sinks are named, and everything is closed."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal
from typing import Any

import pytest

from streamcore.errors import LifeCycleError, SinkError, SourceError, UserCodeError
from streamcore.graph.pipeline import Pipeline
from streamcore.io import WriteToCallable
from streamcore.model.bundle import Bundle
from streamcore.model.watermark import BoundedOutOfOrderness
from streamcore.model.windowed_value import TimestampedValue
from streamcore.transforms.combine_fn import CombineFn
from streamcore.transforms.dofn import DoFn
from streamcore.transforms.elementwise import Map
from streamcore.transforms.group import CombinePerKey, GroupByKey
from streamcore.transforms.pardo import ParDo
from streamcore.transforms.read import Create, Read
from streamcore.transforms.window_into import WindowInto
from streamcore.transforms.with_timestamps import WithTimestamps
from streamcore.transforms.write import Write
from streamcore.windowing import FixedWindows
from tests.engine.sources import FedSource
from tests.engine.test_runtime import Collected


class Failing(DoFn):
    """Fails at 3, and remembers its life."""

    def __init__(self) -> None:
        self.life: list[str] = []

    def setup(self) -> None:
        self.life.append("setup")

    def start_bundle(self) -> None:
        self.life.append("start")

    def process(self, element: int) -> list[int]:
        if element == 3:
            msg = "three"
            raise ValueError(msg)
        return [element]

    def teardown(self) -> None:
        self.life.append("teardown")


def test_a_failing_step_is_named_with_element_and_window_and_keeps_its_cause() -> None:
    dofn, sink = Failing(), Collected()
    p = Pipeline()
    _ = p | Create([1, 2, 3, 4]) | "check" >> ParDo(dofn) | Write(sink)
    with pytest.raises(UserCodeError) as error:
        p.run()
    assert str(error.value) == (
        "step 'check' failed on element 3 in window GlobalWindow: ValueError: three; "
        "handle it in the step's function, or filter such elements out before it"
    )
    assert (error.value.step, error.value.element) == ("check", 3)
    assert isinstance(error.value.__cause__, ValueError)
    assert dofn.life == ["setup", "start", "teardown"]
    assert sink.end == "aborted"


class FailingAt(DoFn):
    """Fails in one method."""

    def __init__(self, method: str) -> None:
        def fail() -> None:
            raise OSError("gone")

        setattr(self, method, fail)

    def process(self, element: int) -> list[int]:
        return [element]


class LastWords(DoFn):
    """Fails only when what `finish_bundle` returned is looked at."""

    def process(self, element: int) -> list[int]:
        return [element]

    def finish_bundle(self) -> Any:
        yield from [1 // 0]


@pytest.mark.parametrize("method", ["setup", "start_bundle", "finish_bundle", "teardown"])
def test_a_method_of_a_dofn_that_fails_is_named_with_its_step(method: str) -> None:
    p = Pipeline()
    _ = p | Create([1]) | "load" >> ParDo(FailingAt(method)) | Write(Collected())
    with pytest.raises(LifeCycleError) as error:
        p.run()
    assert str(error.value) == (
        f"step 'load' failed in FailingAt.{method}: OSError: gone; handle it in FailingAt.{method}"
    )
    assert (error.value.step, error.value.element, error.value.method) == ("load", None, f"FailingAt.{method}")
    assert isinstance(error.value.__cause__, OSError)


class FirstWords(DoFn):
    """Puts something out before there is an element."""

    def start_bundle(self) -> Any:
        yield 1

    def process(self, element: int) -> list[int]:
        return [element]


def test_a_start_bundle_that_puts_something_out_is_refused() -> None:
    p = Pipeline()
    _ = p | Create([1]) | "load" >> ParDo(FirstWords())
    with pytest.raises(LifeCycleError, match=r"^step 'load' failed in FirstWords\.start_bundle: .*may put nothing out"):
        p.run()


def test_a_finish_bundle_that_fails_late_is_named_too() -> None:
    p = Pipeline()
    _ = p | Create([1]) | "load" >> ParDo(LastWords())
    with pytest.raises(LifeCycleError, match=r"^step 'load' failed in LastWords\.finish_bundle: ZeroDivisionError: "):
        p.run()


@pytest.mark.parametrize("method", ["setup", "teardown"])
def test_a_life_cycle_method_of_a_combine_fn_that_fails_is_named_with_its_step(method: str) -> None:
    def fail() -> None:
        raise OSError("gone")

    fn, p = Counted(), Pipeline()
    setattr(fn, method, fail)
    _ = p | Create([("k", 1)]) | "count" >> CombinePerKey(fn) | Write(Collected())
    with pytest.raises(LifeCycleError) as error:
        p.run()
    assert str(error.value) == f"step 'count' failed in Counted.{method}: OSError: gone; handle it in Counted.{method}"


class Counted(CombineFn[int, int, int]):
    """Counts, and remembers its life."""

    def __init__(self) -> None:
        self.life: list[str] = []

    def setup(self) -> None:
        self.life.append("setup")

    def create_accumulator(self) -> int:
        return 0

    def add_input(self, mutable_accumulator: int, element: int) -> int:
        if element < 0:
            msg = "negative"
            raise ValueError(msg)
        return mutable_accumulator + 1

    def merge_accumulators(self, accumulators: Any) -> int:
        return sum(accumulators)

    def extract_output(self, accumulator: int) -> int:
        if accumulator == 3:
            msg = "three"
            raise ValueError(msg)
        return accumulator

    def teardown(self) -> None:
        self.life.append("teardown")


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ([1, -1], "step 'count' failed on element ('k', -1) in window GlobalWindow: ValueError: negative; "),
        ([1, 1, 1], "step 'count' failed on element ('k', 3) in window GlobalWindow: ValueError: three; "),
    ],
)
def test_a_combine_fn_lives_and_fails_like_other_user_code(elements: list[int], message: str) -> None:
    fn, p = Counted(), Pipeline()
    _ = p | Create([("k", element) for element in elements]) | "count" >> CombinePerKey(fn) | Write(Collected())
    with pytest.raises(UserCodeError) as error:
        p.run()
    assert str(error.value) == message + "handle it in the step's function, or filter such elements out before it"
    assert fn.life == ["setup", "teardown"]


class Broken(FedSource):
    """Fails where it is told to."""

    def __init__(self, where: str) -> None:
        super().__init__("a")
        self.where = where

    async def splits(self) -> list[str]:
        if self.where == "splits":
            raise OSError("gone")
        return ["a"]

    def open(self, split: str, position: object) -> Any:
        if self.where == "open":
            raise OSError("gone")
        self.readers["a"].poll = self.fail  # type: ignore[method-assign]
        return self.readers["a"]

    async def fail(self, limit: int) -> None:
        raise OSError("gone")


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("splits", "step 'Read(Broken)' could not open its source: OSError: gone"),
        ("open", "step 'Read(Broken)' could not open split 'a': OSError: gone"),
        ("poll", "step 'Read(Broken)' could not read split 'a': OSError: gone"),
    ],
)
async def test_a_source_that_fails_is_named(where: str, message: str) -> None:
    p = Pipeline()
    _ = p | Read(Broken(where)) | Write(Collected())
    handle = await p.run_async()
    with pytest.raises(SourceError) as error:
        await handle.wait()
    assert str(error.value) == message
    assert handle.state == "FAILED"


class BadSink(Collected):
    """Fails where it is told to."""

    def __init__(self, where: str, error: BaseException | None = None) -> None:
        super().__init__()
        self.where = where
        self.error = error or OSError(where)

    async def open(self) -> None:
        self.fail("open")

    async def write(self, bundle: Bundle) -> None:
        self.fail("write")

    async def close(self) -> None:
        self.fail("close")

    def fail(self, where: str) -> None:
        if where == self.where:
            raise self.error


@pytest.mark.parametrize("where", ["open", "write", "close"])
def test_a_sink_that_fails_is_named(where: str) -> None:
    p = Pipeline()
    _ = p | Create([1]) | Write(BadSink(where))
    with pytest.raises(SinkError) as error:
        p.run()
    assert str(error.value) == f"step 'Write(BadSink)' could not write: OSError: {where}"


def test_an_error_of_a_sink_that_does_not_name_the_step_gets_a_note() -> None:
    p = Pipeline()
    _ = p | Create([1]) | "to the printer" >> WriteToCallable(lambda value: 1 / 0)
    with pytest.raises(SinkError) as error:
        p.run()
    assert "ZeroDivisionError" in str(error.value)
    assert error.value.__notes__ == ["This happened in step 'to the printer/Write(CallableSink)'."]


async def test_a_failure_reaches_whoever_reads_a_stream() -> None:
    p = Pipeline()
    source = FedSource("a")
    numbers = p | Read(source) | "invert" >> Map(lambda value: 1 / value)
    handle = await p.run_async()
    stream = handle.stream(numbers)
    source.feed("a", 0)
    with pytest.raises(UserCodeError):
        await anext(stream)
    assert handle.state == "FAILED"


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (
            lambda e: TimestampedValue(("k", e), e - 50),
            "step 'move' failed on element TimestampedValue(('k', 100), Timestamp(50)) in window [100.0, 110.0): "
            "the step moves an element back in time, behind the step that takes the watermark from the elements' "
            "times; give it that time there, by WithTimestamps(fn, watermark=...), or here, by WithTimestamps(fn)",
        ),
        (lambda e: TimestampedValue(("k", e), e + 50), None),
    ],
)
def test_an_element_may_not_go_back_in_time_behind_the_watermark_it_has_moved(times: Any, message: str | None) -> None:
    p = Pipeline()
    _ = (
        p
        | Create([100, 109, 105])
        | WithTimestamps(lambda e: e, watermark=BoundedOutOfOrderness(5))
        | WindowInto(FixedWindows(10))
        | "move" >> Map(times)
        | GroupByKey()
    )
    if message is None:
        assert p.run().state == "DONE"
        return
    with pytest.raises(UserCodeError) as error:
        p.run()
    assert str(error.value) == message


def test_a_time_beyond_the_end_of_time_is_refused() -> None:
    p = Pipeline()
    _ = p | Create([1, 2e13]) | "stamp" >> WithTimestamps(lambda e: e, watermark=BoundedOutOfOrderness(5))
    with pytest.raises(UserCodeError) as error:
        p.run()
    assert str(error.value) == (
        "step 'stamp' failed on element 20000000000000.0 in window GlobalWindow: its time lies beyond the end of time, "
        "Timestamp(9223371950454.775000); check the unit that the times are in"
    )


def stop_at(n: int) -> Any:
    def fn(element: int) -> int:
        if element == n:
            raise StopIteration
        return element

    return fn


def test_a_timestamp_function_that_raises_stop_iteration_drops_nothing_silently() -> None:
    p = Pipeline()
    _ = p | Create([1, 2, 3]) | "stamp" >> WithTimestamps(stop_at(2))
    with pytest.raises(UserCodeError) as error:
        p.run()
    assert str(error.value) == (
        "step 'stamp' failed on element 2 in window GlobalWindow: the function raised StopIteration; "
        "return a value instead"
    )


BEYOND = "such a time lies beyond the end of time; check the unit that the times are in"


@pytest.mark.parametrize(
    ("time", "hint"),
    [
        (1e305, BEYOND),
        (math.inf, BEYOND),
        (Decimal("Infinity"), BEYOND),
        (Decimal("1e999999"), BEYOND),
        (math.nan, "return a number or a Timestamp"),
        ("noon", "return a number or a Timestamp; of an ISO string, Timestamp.from_rfc3339(text)"),
        (
            datetime.datetime(2024, 1, 1),
            "it has no time zone; if it means UTC, write dt.replace(tzinfo=datetime.UTC)",
        ),
    ],
)
@pytest.mark.parametrize("before", [1.5, Decimal(1), 1])
def test_a_time_that_is_none_is_refused_at_its_own_element(before: Any, time: Any, hint: str) -> None:
    p = Pipeline()
    _ = p | Create([before, time, before]) | "stamp" >> WithTimestamps(lambda e: e)
    with pytest.raises(UserCodeError) as error:
        p.run()
    assert str(error.value) == (
        f"step 'stamp' failed on element {time!r} in window GlobalWindow: "
        f"the timestamp function returned {time!r}; {hint}"
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["1", "x"], "step 'parse' failed on element 'x' in window GlobalWindow: ValueError: invalid literal for"),
        (["1", "7"], "step 'odd' failed on element 7 in window GlobalWindow: ZeroDivisionError: "),
        (["1", "13"], "step 'pair' failed on element 13 in window [10.0, 20.0): ZeroDivisionError: "),
        (["1", "8"], "step 'stop' failed on element 8 in window GlobalWindow: the function raised StopIteration"),
    ],
)
def test_a_failing_step_of_a_chain_is_named_with_the_element_it_got(values: list[str], message: str) -> None:
    p = Pipeline()
    _ = (
        p
        | Create(values)
        | "parse" >> Map(int)
        | "odd" >> Map(lambda n: n // abs(n - 7) * abs(n - 7) + n % abs(n - 7))
        | "stop" >> Map(stop_at(8))
        | WithTimestamps(lambda n: n, watermark=BoundedOutOfOrderness(5))
        | WindowInto(FixedWindows(10))
        | "pair" >> Map(lambda n: (1 / (n - 13), n))
        | GroupByKey()
    )
    with pytest.raises(UserCodeError) as error:
        p.run()
    assert str(error.value).startswith(message)
