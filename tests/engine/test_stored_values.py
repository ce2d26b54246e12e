"""Which values the state can hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from streamcore.engine.runtime import Job
from streamcore.errors import StateEncodingError
from streamcore.graph.pipeline import Pipeline
from streamcore.model.options import PipelineOptions
from streamcore.model.window import BoundedWindow, IntervalWindow
from streamcore.model.windowed_value import TimestampedValue, WindowedValue
from streamcore.timestamp import Timestamp
from streamcore.transforms.dofn import DoFn
from streamcore.transforms.elementwise import Map
from streamcore.transforms.group import GroupByKey
from streamcore.transforms.read import Read
from streamcore.transforms.reify import Reify
from streamcore.transforms.window_into import WindowInto
from streamcore.transforms.write import Write
from streamcore.windowing import FixedWindows
from tests.engine.ledgers import Ledger, LedgerSink, options, run_to_end
from tests.engine.sources import Counting, Gate, GatedSource, calm


async def test_a_value_that_cannot_be_stored_names_its_step(tmp_path: Path) -> None:
    class Odd:
        pass

    def make(settings: PipelineOptions) -> Pipeline:
        p = Pipeline(options=settings)
        _ = (
            p
            | Read(Counting(None))
            | Map(lambda number: (1, Odd()))
            | WindowInto(FixedWindows(10_000))
            | "lists" >> GroupByKey()
            | Write(LedgerSink(Ledger()))
        )
        return p

    job = Job(make(options(tmp_path)))
    await job.checkpoint()
    await calm()
    with pytest.raises(StateEncodingError) as caught:
        await job.checkpoint()
    assert str(caught.value).startswith("the state of 'lists (spans)' cannot be stored: ")
    assert job.state == "FAILED"


class Own:
    """A class that only pickle can store."""

    def __init__(self, number: int) -> None:
        self.number = number


async def run_with_a_break(make: Callable[[], Pipeline], gate: Gate) -> None:
    """Runs to a checkpoint, and goes on from it in another run."""
    job = Job(make())
    await gate.use(5)
    await job.checkpoint()
    await job.cancel()
    gate.allow(100)
    await run_to_end(make())


async def test_values_of_any_type_where_pickle_is_allowed(tmp_path: Path) -> None:
    ledger, gate = Ledger(), Gate()

    def make() -> Pipeline:
        p = Pipeline(options=options(tmp_path / "state", allow_pickle=True))
        own = p | Read(GatedSource(Counting(30, splits=["a"]), gate)) | Map(lambda number: (1, Own(number)))
        _ = (
            own
            | WindowInto(FixedWindows(100))
            | "lists" >> GroupByKey()
            | Map(_numbers)
            | "out" >> Write(LedgerSink(ledger))
        )
        return p

    await run_with_a_break(make, gate)
    assert ledger.rows() == [list(range(30))]


def _numbers(pair: tuple[int, list[Own]]) -> list[int]:
    return [own.number for own in pair[1]]


async def test_a_run_goes_on_with_values_that_carry_their_timestamps_and_windows(tmp_path: Path) -> None:
    ledger, gate = Ledger(), Gate()

    def make() -> Pipeline:
        p = Pipeline(options=options(tmp_path / "state"))
        numbers = p | Read(GatedSource(Counting(30, splits=["a"]), gate)) | WindowInto(FixedWindows(100))
        _ = (
            numbers
            | Map(_with_all)
            | Reify.TimestampInValue()
            | "lists" >> GroupByKey()
            | Map(lambda pair: sorted(pair[1]))
            | "out" >> Write(LedgerSink(ledger))
        )
        return p

    await run_with_a_break(make, gate)
    assert ledger.rows() == [
        [
            TimestampedValue((number, WindowedValue(number, number, (IntervalWindow(0, 100),))), number)
            for number in range(30)
        ]
    ]


def _with_all(
    number: int, timestamp: Timestamp = DoFn.TimestampParam, window: BoundedWindow = DoFn.WindowParam
) -> tuple[int, tuple[int, WindowedValue[int]]]:
    return 1, (number, WindowedValue(number, timestamp, (window,)))
