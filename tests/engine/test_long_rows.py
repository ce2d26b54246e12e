"""Any number of steps in a row: they do not call each other ever deeper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from streamcore.engine.core.node import Node, Scheduler
from streamcore.engine.planning import LONGEST_ROW
from streamcore.engine.runtime import Job
from streamcore.errors import UserCodeError
from streamcore.graph.pipeline import Pipeline
from streamcore.graph.ptransform import PTransform
from streamcore.graph.pvalue import PCollection
from streamcore.model.bundle import Bundle
from streamcore.model.options import PipelineOptions
from streamcore.model.watermark import BoundedOutOfOrderness
from streamcore.model.windowed_value import TimestampedValue
from streamcore.model.windowing import AccumulationMode, TimestampCombiner
from streamcore.testing import TestStream
from streamcore.timestamp import MIN_MICROS
from streamcore.transforms.dofn import DoFn
from streamcore.transforms.elementwise import Filter, Map
from streamcore.transforms.flatten import Flatten
from streamcore.transforms.group import CombinePerKey, GroupByKey
from streamcore.transforms.pardo import ParDo
from streamcore.transforms.read import Create, Read
from streamcore.transforms.window_into import WindowInto
from streamcore.transforms.with_timestamps import WithTimestamps
from streamcore.transforms.write import Write
from streamcore.triggers import AfterCount, Repeatedly
from streamcore.windowing import FixedWindows, GlobalWindows
from tests.engine.ledgers import Ledger, LedgerSink, options, run_to_end
from tests.engine.sources import Counting, Gate, GatedSource, calm

MANY = 1500

Step = Callable[[], PTransform[Any, Any]]


class AddOne(DoFn):
    """Adds one."""

    def process(self, element: int) -> Iterator[int]:
        """The next number."""
        yield element + 1


def add_one(pcoll: PCollection[Any], count: int, label: str = "step") -> PCollection[Any]:
    """So many steps in a row, each of which adds one to the value of a pair."""
    for number in range(count):
        pcoll = pcoll | f"{label} {number}" >> Map(lambda pair: (pair[0], pair[1] + 1))
    return pcoll


STEPS: dict[str, tuple[Step, list[int]]] = {
    "functions": (lambda: Map(lambda number: number + 1), [MANY, MANY + 1]),
    "DoFns": (lambda: ParDo(AddOne()), [MANY, MANY + 1]),
    "windows": (lambda: WindowInto(FixedWindows(10)), [0, 1]),
    "estimators": (lambda: WithTimestamps(lambda number: number, watermark=BoundedOutOfOrderness(0)), [0, 1]),
}


@pytest.mark.parametrize("name", STEPS)
def test_many_steps(name: str) -> None:
    make, expected = STEPS[name]
    found: list[int] = []
    with Pipeline() as p:
        numbers: PCollection[Any] = p | Create([0, 1])
        for number in range(300 if name == "estimators" else MANY):
            numbers = numbers | f"step {number}" >> make()
        _ = numbers | Map(found.append)
    assert found == expected


AGGREGATIONS: dict[str, Step] = {
    "at the end": lambda: WindowInto(FixedWindows(10)),
    "at every element": lambda: WindowInto(
        FixedWindows(10), Repeatedly(AfterCount(1)), AccumulationMode.DISCARDING, allowed_lateness=10
    ),
}


@pytest.mark.parametrize("name", AGGREGATIONS)
def test_many_aggregations(name: str) -> None:
    found: list[Any] = []
    with Pipeline() as p:
        pairs: PCollection[Any] = p | Create([("a", 1), ("b", 2)]) | AGGREGATIONS[name]()
        for number in range(300):
            pairs = pairs | f"step {number}" >> CombinePerKey(sum)
        _ = pairs | Map(found.append)
    assert sorted(found) == [("a", 1), ("b", 2)]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_long_branches_that_meet(size: int) -> None:
    found: list[Any] = []
    with Pipeline(options=PipelineOptions(bundle_size=size)) as p:
        pairs = (
            p
            | Create([("k", 10_000 * number) for number in range(6)])
            | "times" >> WithTimestamps(lambda pair: pair[1] / 10_000, watermark=BoundedOutOfOrderness(0))
        )
        branches = [add_one(pairs, 500, "one"), add_one(pairs, 30, "two"), add_one(pairs, 1000, "three")]
        met = branches | Flatten() | WindowInto(FixedWindows(2))
        _ = add_one(met, 200, "behind") | GroupByKey() | "last" >> Map(lambda pair: found.append(list(pair[1])))
    assert [[number // 10_000 for number in group] for group in found] == [[n] * 3 + [n + 1] * 3 for n in (0, 2, 4)]
    # Element by element, and always in the same order of the branches.
    orders = {tuple(number % 10_000 for number in group[start : start + 3]) for group in found for start in (0, 3)}
    assert [sorted(order) for order in orders] == [[230, 700, 1200]]


@pytest.mark.parametrize("length", range(LONGEST_ROW - 10, LONGEST_ROW + 1))
def test_the_watermark_does_not_overtake_what_is_on_a_long_branch(length: int) -> None:
    stream = (
        TestStream()
        .add_elements([TimestampedValue(("k", 1), 5)])
        .advance_watermark_to(50)
        .add_elements([TimestampedValue(("k", 2), 55)])
        .advance_watermark_to_infinity()
    )
    found: list[Any] = []
    late: list[Any] = []
    with Pipeline() as p:
        # The first element holds the watermark; the second puts both out, and lets it go on to 50.
        panes = (
            p
            | stream
            | WindowInto(
                FixedWindows(100),
                Repeatedly(AfterCount(2)),
                AccumulationMode.DISCARDING,
                timestamp_combiner=TimestampCombiner.OUTPUT_AT_EARLIEST,
            )
            | CombinePerKey(sum)
        )
        # The short branch, which has nothing, hears of that last.
        both = (
            (add_one(panes, length), panes | Filter(lambda pair: False))
            | Flatten()
            | "tens" >> WindowInto(FixedWindows(10))
        )
        outputs = both | "behind" >> CombinePerKey(sum).with_late_output()
        _ = outputs.main | "found" >> Map(found.append)
        _ = outputs.late | "late" >> Map(late.append)
    assert (found, late) == ([("k", 3 + length)], [])


class Noting(Node):
    """Notes what it is handed."""

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__("noting", scheduler)
        self.noted: list[Any] = []

    def push(self, bundle: Bundle) -> None:
        self.noted.append(bundle.values)

    def advance(self, watermark: int) -> None:
        self.noted.append(watermark)


def test_a_node_that_relays_keeps_the_order_and_tells_a_watermark_once() -> None:
    scheduler = Scheduler()
    node, behind = Node("relaying", scheduler), Noting(scheduler)
    node.relays = True
    node.consumers[None].append(behind)
    node.emit(Bundle([1], 0, GlobalWindows()))
    node.forward(5)
    node.forward(5)
    node.emit(Bundle([2], 0, GlobalWindows()))
    node.forward(7)
    assert (behind.noted, node.watermark) == ([], MIN_MICROS)
    scheduler.run()
    assert behind.noted == [[1], 5, [2], 7]
    assert node.watermark == 7


def test_the_step_that_fails_is_named() -> None:
    def check(pair: tuple[str, int]) -> None:
        msg = f"got {pair[1]}"
        raise ValueError(msg)

    p = Pipeline()
    _ = add_one(add_one(p | Create([("k", 1)]), 1000) | "check" >> Map(check), 500, "behind")
    with pytest.raises(UserCodeError) as error:
        p.run()
    assert str(error.value) == (
        "step 'check' failed on element ('k', 1001) in window GlobalWindow: ValueError: got 1001; "
        "handle it in the step's function, or filter such elements out before it"
    )


def long_sums(gate: Gate, ledger: Ledger, settings: PipelineOptions | None, more: int = 0) -> Pipeline:
    p = Pipeline(options=settings)
    source = GatedSource(Counting(60, ["a"]), gate)
    pairs: PCollection[Any] = p | "read" >> Read(source) | "keys" >> Map(lambda number: (number % 2, number))
    branches = (add_one(pairs, 700 + more, "long"), add_one(pairs, 60, "short"))
    sums = branches | Flatten() | WindowInto(FixedWindows(10)) | "sums" >> CombinePerKey(sum)
    _ = add_one(sums, 700, "behind") | "out" >> Write(LedgerSink(ledger))
    return p


@pytest.mark.parametrize("more", [0, 7])
async def test_a_run_that_goes_on_from_a_checkpoint(tmp_path: Path, more: int) -> None:
    ledger, whole, gate, open_gate = Ledger(), Ledger(), Gate(), Gate()
    gate.allow(8)
    open_gate.allow(1000)
    job = Job(long_sums(gate, ledger, options(tmp_path)))
    while job.metrics["read"].elements < 24:
        await calm()
    await job.checkpoint()
    await job.cancel()
    before = ledger.rows()
    # Steps without state may come and go, and others hand on by tasks then.
    await run_to_end(long_sums(open_gate, ledger, options(tmp_path), more))
    await run_to_end(long_sums(open_gate, whole, None, more))
    assert len(before) == 4
    assert ledger.rows()[6:] == whole.rows()[6:]
    if not more:
        assert ledger.rows() == whole.rows()


class Nested(PTransform[PCollection[int], PCollection[int]]):
    """A step that is so deep in others."""

    def __init__(self, depth: int) -> None:
        super().__init__()
        self._depth = depth

    def expand(self, pvalue: PCollection[int]) -> PCollection[int]:
        """The next numbers."""
        return pvalue | "in" >> Nested(self._depth - 1) if self._depth else pvalue | Map(lambda number: number + 1)


def test_a_step_deep_in_others() -> None:
    found: list[int] = []
    with Pipeline() as p:
        _ = p | Create([1]) | Nested(200) | "found" >> Map(found.append)
    assert found == [2]
