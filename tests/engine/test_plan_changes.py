"""A pipeline that is not the one that wrote the state."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from streamcore.engine.plan_steps import PlanStep, compare, fitting_names, steps_of
from streamcore.engine.planning import Plan
from streamcore.engine.runtime import Job
from streamcore.errors import PlanChangedError, StartRefusedError
from streamcore.graph.pipeline import Pipeline
from streamcore.graph.pvalue import PCollection
from streamcore.model.options import PipelineOptions
from streamcore.model.watermark import BoundedOutOfOrderness, Monotonous
from streamcore.model.windowing import AccumulationMode
from streamcore.timestamp import MAX_MICROS
from streamcore.transforms.combine_fn import CombineFn
from streamcore.transforms.combiners import Mean, Top
from streamcore.transforms.combiners.tuples import SingleInputTupleCombineFn
from streamcore.transforms.elementwise import Filter, Map
from streamcore.transforms.flatten import Flatten
from streamcore.transforms.group import CombinePerKey, GroupByKey, Reduce
from streamcore.transforms.read import Read
from streamcore.transforms.window_into import WindowInto
from streamcore.transforms.with_timestamps import WithTimestamps
from streamcore.transforms.write import Write
from streamcore.triggers import AfterCount, AfterWatermark
from streamcore.windowing import FixedWindows, Sessions
from tests.engine.ledgers import Ledger, LedgerSink, options, run_to_end
from tests.engine.sources import Counting, Gate, GatedSource, calm


def counting(
    settings: PipelineOptions,
    ledger: Ledger,
    reduce: Callable[[], Reduce] = lambda: CombinePerKey(sum),
    windows: Callable[[], WindowInto] = lambda: WindowInto(FixedWindows(1000)),
    name: str = "counts",
    gate: Gate | None = None,
) -> Pipeline:
    if gate is None:
        gate = Gate()
        gate.allow(1_000_000)
    p = Pipeline(options=settings)
    _ = (
        p
        | "read" >> Read(GatedSource(Counting(60, splits=["a"]), gate))
        | "keys" >> Map(lambda number: (number % 2, number))
        | windows()
        | name >> reduce()
        | "out" >> Write(LedgerSink(ledger))
    )
    return p


class SumsFrom(CombineFn[int, int, int]):
    """Sums from a number on."""

    def __init__(self, least: int, seen: list[int], *, key: Callable[[int], int]) -> None:
        self.least = least
        self._seen = seen
        self._key = key
        self.calls = 0

    def create_accumulator(self) -> int:
        return 0

    def add_input(self, mutable_accumulator: int, element: int) -> int:
        self.calls += 1
        return mutable_accumulator + element

    def merge_accumulators(self, accumulators: Iterable[int]) -> int:
        return sum(accumulators)

    def extract_output(self, accumulator: int) -> int:
        return accumulator


async def stopped_half_way(state_dir: Path, allow_changes: Sequence[str] = (), **kwargs: Any) -> None:
    """Leaves the state of a run that has read 30 numbers."""
    gate = Gate()
    gate.allow(10)
    job = Job(counting(options(state_dir, allow_changes=allow_changes), Ledger(), gate=gate, **kwargs))
    await job.checkpoint()
    while job.metrics["read"].elements < 30:
        await calm()
    await job.checkpoint()
    await job.cancel()


async def refused(state_dir: Path, **changes: Any) -> str:
    ledger = Ledger()
    with pytest.raises(PlanChangedError) as caught:
        await run_to_end(counting(options(state_dir), ledger, **changes))
    assert ledger.starts == []
    return str(caught.value)


async def test_a_step_that_was_renamed(tmp_path: Path) -> None:
    await stopped_half_way(tmp_path)
    assert await refused(tmp_path, name="totals") == (
        f"the pipeline is not the one whose state is in {tmp_path}: 'totals' was added; 'counts' was removed; start it "
        "as it was, or name the steps that may begin without their old state: allow_changes=['totals', 'counts']"
    )


async def test_another_aggregation(tmp_path: Path) -> None:
    await stopped_half_way(tmp_path)
    told = await refused(tmp_path, reduce=GroupByKey)
    assert "'counts' was changed from spans of sum in" in told
    assert "to spans of GroupedValues in" in told
    assert told.endswith("or name the steps that may begin without their old state: allow_changes=['counts']")


async def test_other_windows(tmp_path: Path) -> None:
    await stopped_half_way(tmp_path)
    told = await refused(tmp_path, windows=lambda: WindowInto(Sessions(10)))
    assert "'counts' was changed from spans of sum in" in told
    assert "to sessions of sum in" in told


async def test_an_aggregation_that_was_made_with_something_else(tmp_path: Path) -> None:
    def own(least: int) -> Callable[[], Reduce]:
        return lambda: CombinePerKey(
            SingleInputTupleCombineFn(SumsFrom(least, [], key=abs), Top.PerKey(least).combine_fn)
        )

    await stopped_half_way(tmp_path, reduce=own(3))
    told = await refused(tmp_path, reduce=own(1))
    assert (
        "'counts' was changed from spans of (SumsFrom(least=3, key=abs), TopCombineFn(n=3, key=None, reverse=False)) in"
    ) in told
    assert "to spans of (SumsFrom(least=1, key=abs), TopCombineFn(n=1, key=None, reverse=False)) in" in told


async def test_keys_that_hints_tell_to_be_of_another_type(tmp_path: Path) -> None:
    def hinted(hint: Any) -> Callable[[], WindowInto]:
        return lambda: WindowInto(FixedWindows(1000)).with_output_types(hint)

    await stopped_half_way(tmp_path, windows=hinted(typing.Tuple[int, int | None]))  # noqa: UP006
    told = await refused(tmp_path, windows=hinted(tuple[str, int | None]))
    assert "of elements of type tuple[int, Union[int, None]] to spans of sum in" in told
    assert "of elements of type tuple[str, Union[int, None]]; start it" in told
    told = await refused(
        tmp_path,
        reduce=lambda: CombinePerKey(sum).with_input_types(tuple[str, int]),
    )
    assert "of elements of type tuple[str, int]; start it" in told
    # Without a hint nobody knows of a change.
    await run_to_end(counting(options(tmp_path), ledger := Ledger()))
    assert sorted(ledger.rows()) == [(0, sum(range(0, 60, 2))), (1, sum(range(1, 60, 2)))]


async def test_what_is_named_begins_without_state_once_though_nothing_has_changed(tmp_path: Path) -> None:
    await stopped_half_way(tmp_path)
    settings, ledger, gate = options(tmp_path, allow_changes=["counts"]), Ledger(), Gate()
    job = Job(counting(settings, ledger, gate=gate))
    await gate.use(5)
    await calm()
    await job.checkpoint()
    await job.cancel()
    await run_to_end(counting(settings, ledger))  # the option has stayed
    assert sorted(ledger.rows()) == [(0, sum(range(30, 60, 2))), (1, sum(range(31, 60, 2)))]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("count", "write 'counts'"),
        ("couts", "write 'counts'"),
        ("counts/", "write 'counts'"),
        ("elsewhere", "leave it out, or give the full label of a step"),
    ],
)
async def test_a_name_that_no_step_has_is_refused(tmp_path: Path, name: str, hint: str) -> None:
    await stopped_half_way(tmp_path)
    ledger = Ledger()
    with pytest.raises(StartRefusedError) as caught:
        await run_to_end(counting(options(tmp_path, allow_changes=["read", name]), ledger, reduce=GroupByKey))
    assert str(caught.value) == (
        f"`allow_changes` names {name!r}, which is no step here, nor one of the state in {tmp_path}; {hint}"
    )
    assert ledger.starts == []


async def test_a_name_that_no_step_has_is_refused_at_the_first_start(tmp_path: Path) -> None:
    with pytest.raises(StartRefusedError) as caught:
        await run_to_end(counting(options(tmp_path, allow_changes=["read", "raed"]), Ledger()))
    assert str(caught.value) == "`allow_changes` names 'raed', which is no step here; write 'read'"


async def test_a_name_may_stay_when_its_step_has_gone(tmp_path: Path) -> None:
    await stopped_half_way(tmp_path)
    settings = options(tmp_path, allow_changes=["totals", "counts", "out"])
    for _ in range(3):
        job = Job(counting(settings, Ledger(), name="totals", gate=Gate()))
        await job.checkpoint()
        await job.cancel()


async def test_the_option_that_was_left_out_counts_again(tmp_path: Path) -> None:
    await stopped_half_way(tmp_path)
    for allowed in (["counts"], [], ["counts"]):
        gate = Gate()
        job = Job(counting(options(tmp_path, allow_changes=allowed), Ledger(), gate=gate))
        await gate.use(2)
        await calm()
        await job.checkpoint()
        await job.cancel()
    ledger = Ledger()
    await run_to_end(counting(options(tmp_path), ledger))
    assert sorted(ledger.rows()) == [(0, sum(range(42, 60, 2))), (1, sum(range(43, 60, 2)))]


async def test_a_source_that_is_named_begins_anew(tmp_path: Path) -> None:
    await stopped_half_way(tmp_path)
    ledger, settings = Ledger(), options(tmp_path, allow_changes=["read"])
    job = Job(counting(settings, ledger, gate=Gate()))
    assert await job.checkpoint() == 4, "one was taken before anything was read, so that it does not begin anew again"
    await job.cancel()
    await run_to_end(counting(settings, ledger))
    twice = sum(range(30)) + sum(range(60))
    assert sum(number for _, number in ledger.rows()) == twice


async def test_what_is_named_for_a_savepoint_begins_without_state(tmp_path: Path) -> None:
    await stopped_half_way(tmp_path / "a", allow_changes=["counts"])
    job = Job(counting(options(tmp_path / "a", allow_changes=["counts"]), Ledger(), gate=Gate()))
    await job.savepoint("kept")
    await job.cancel()
    file, ledger = tmp_path / "a" / "savepoints" / "kept.sqlite", Ledger()
    await run_to_end(counting(options(tmp_path / "b", from_savepoint=file, allow_changes=["counts"]), ledger))
    assert sorted(ledger.rows()) == [(0, sum(range(30, 60, 2))), (1, sum(range(31, 60, 2)))]


def test_the_parts_of_a_step_are_named_with_it() -> None:
    was = PlanStep("orders/Read(KafkaSource)", "source", "KafkaSource")
    now = was._replace(details="Counting")
    assert compare([was], [now]).without(["orders"]).labels() == []
    assert compare([was], [now]).without(["order", "Read(KafkaSource)"]).labels() == [was.label]
    names = [*was.state_names(), "orders late (spans)"]
    assert fitting_names(names, [was], [was], ["orders"]) == {"orders late (spans)"}


async def test_a_change_that_is_allowed_begins_without_state(tmp_path: Path) -> None:
    await stopped_half_way(tmp_path)
    ledger = Ledger()
    settings = options(tmp_path, allow_changes=["totals", "counts"])
    await run_to_end(counting(settings, ledger, name="totals"))
    assert sorted(ledger.rows()) == [(0, sum(range(30, 60, 2))), (1, sum(range(31, 60, 2)))]


async def test_steps_without_state_come_and_go(tmp_path: Path) -> None:
    await stopped_half_way(tmp_path)
    ledger, gate = Ledger(), Gate()
    gate.allow(1000)
    p = Pipeline(options=options(tmp_path))
    _ = (
        p
        | "read" >> Read(GatedSource(Counting(60, splits=["a"]), gate))
        | "other keys" >> Map(lambda number: (number % 2, number))
        | "all" >> Filter(lambda pair: True)
        | WindowInto(FixedWindows(1000))
        | "counts" >> CombinePerKey(sum)
        | "out" >> Write(LedgerSink(ledger))
    )
    await run_to_end(p)
    assert sorted(ledger.rows()) == [(0, sum(range(0, 60, 2))), (1, sum(range(1, 60, 2)))]


async def test_the_state_of_steps_that_are_gone_is_dropped(tmp_path: Path) -> None:
    await stopped_half_way(tmp_path)
    settings = options(tmp_path, allow_changes=["totals", "counts"])
    job = Job(counting(settings, Ledger(), name="totals", gate=Gate()))
    await job.checkpoint()
    await job.cancel()
    # The second checkpoint knows nothing of the step, so to go back to its name is to add it.
    told = await refused(tmp_path)
    assert "'counts' was added; 'totals' was removed" in told


Inputs = Callable[[PCollection[Any], PCollection[Any]], tuple[PCollection[Any], ...]]


def united(settings: PipelineOptions, ledger: Ledger, inputs: Inputs, gate: Gate) -> Pipeline:
    """Sums over a source that ends at once, and one behind a gate."""
    p = Pipeline(options=settings)
    short = p | "short" >> Read(Counting(3, splits=["a"]), watermark=Monotonous())
    long = p | "long" >> Read(GatedSource(Counting(30, splits=["b"]), gate), watermark=Monotonous())
    _ = (
        inputs(short, long)
        | "both" >> Flatten()
        | "keys" >> Map(lambda number: ("all", number))
        | WindowInto(FixedWindows(10))
        | "sums" >> CombinePerKey(sum)
        | "out" >> Write(LedgerSink(ledger))
    )
    return p


async def sums_after(state_dir: Path, inputs: Inputs, *allowed: str) -> list[int]:
    """The sums of a run whose inputs are changed when one of them has ended and the other is at 6."""
    ledger, gate = Ledger(), Gate()
    job = Job(united(options(state_dir), ledger, lambda short, long: (short, long), gate))
    await job.checkpoint()
    await gate.use(2)
    while job.watermarks["short"] < MAX_MICROS or job.watermarks["sums"] < 5_000_000:
        await calm()
    await job.checkpoint()
    await job.cancel()
    gate.allow(1000)
    await run_to_end(united(options(state_dir, allow_changes=allowed), ledger, inputs, gate))
    return [number for _, number in ledger.rows()]


SUMS = [sum(range(10)) + 3, sum(range(10, 20)), sum(range(20, 30))]


async def test_the_inputs_of_a_flatten_may_be_given_in_another_order(tmp_path: Path) -> None:
    assert await sums_after(tmp_path, lambda short, long: (long, short)) == SUMS


async def test_a_new_step_hears_that_what_is_in_front_of_it_has_ended(tmp_path: Path) -> None:
    def inputs(short: PCollection[Any], long: PCollection[Any]) -> tuple[PCollection[Any], ...]:
        return short | "new" >> Map(abs) | "newer" >> Map(abs), long

    assert await sums_after(tmp_path, inputs) == SUMS


async def test_an_input_is_added_to_a_flatten(tmp_path: Path) -> None:
    def inputs(short: PCollection[Any], long: PCollection[Any]) -> tuple[PCollection[Any], ...]:
        third = short.pipeline | "third" >> Read(Counting(12, splits=["c"]), watermark=Monotonous())
        return third, short, long

    with pytest.raises(PlanChangedError) as caught:
        await sums_after(tmp_path / "refused", inputs, "third")
    assert "'both' was changed from flatten of 2 inputs to flatten of 3 inputs; start it" in str(caught.value)
    first, second, third = SUMS
    assert await sums_after(tmp_path / "allowed", inputs, "third", "both") == [
        first + sum(range(10)),
        second + sum(range(10, 12)),
        third,
    ]


class Unshown(FixedWindows):
    __repr__ = object.__repr__


def details(windows: WindowInto, reduce: Reduce) -> str:
    p = Pipeline()
    _ = p | Read(Counting(3)) | Map(lambda number: (1, number)) | windows | "reduce" >> reduce
    (found,) = [step for step in steps_of(Plan(p)) if step.label == "reduce"]
    return found.details


def test_what_a_step_is_compared_by() -> None:
    fixed = WindowInto(
        FixedWindows(60), AfterWatermark(late=AfterCount(1)), AccumulationMode.ACCUMULATING, allowed_lateness=5
    )
    assert details(fixed, GroupByKey()).startswith("GroupedValues in FixedWindows(")
    assert details(fixed, GroupByKey()).endswith(
        "AfterWatermark(late=AfterCount(1)), ACCUMULATING, OUTPUT_AT_EOW, lateness 5 s"
    )
    assert details(fixed, CombinePerKey(SingleInputTupleCombineFn(min, sum))).startswith("(min, sum) in ")
    assert details(fixed, Top.PerKey(3)).startswith("TopCombineFn(n=3, key=None, reverse=False) in ")
    assert details(fixed, Mean.PerKey()).startswith("MeanCombineFn in ")
    assert details(fixed, CombinePerKey(lambda values, n: sum(values) + n, 1)).startswith(
        "CallableCombineFn(fn=<lambda>, args=(1)) in "
    )
    assert " at 0x" not in details(WindowInto(Unshown(60)), GroupByKey())


def test_the_steps_of_a_plan() -> None:
    p = Pipeline()
    one = p | "one" >> Read(Counting(3), watermark=Monotonous())
    two = p | "two" >> Read(Counting(3)) | "times" >> WithTimestamps(int, watermark=BoundedOutOfOrderness(1))
    _ = (one, two) | Flatten() | "out" >> Write(LedgerSink(Ledger()))
    assert [step[:3] for step in steps_of(Plan(p))] == [
        ("one", "source", "Counting"),
        ("two", "source", "Counting"),
        ("one", "watermark", "Monotonous"),
        ("times", "watermark", "BoundedOutOfOrderness"),
        ("Flatten", "flatten", "2 inputs"),
        ("out", "sink", "LedgerSink"),
    ]
