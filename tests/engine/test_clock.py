"""What lasts so long lasts so long, also when somebody sets the clock of the machine meanwhile."""

from __future__ import annotations

import asyncio
import functools
import operator
import time
from pathlib import Path

import pytest

from streamcore.engine.clock import WallClock, choose_clock
from streamcore.engine.pauses import Pauses
from streamcore.engine.runtime import Job
from streamcore.errors import PipelineError
from streamcore.graph.pipeline import Pipeline
from streamcore.transforms.read import Read
from streamcore.transforms.write import Write
from tests.engine.clocks import HOUR, SetClock
from tests.engine.counting import counts
from tests.engine.ledgers import Ledger, LedgerSink, options
from tests.engine.sources import Counting, Gate, GatedSource, calm, until


async def test_a_wall_clock_that_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = WallClock()
    before = clock.elapsed()
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert clock.now() == 0
    assert clock.elapsed() >= before
    await asyncio.wait_for(clock.sleep_for(1), 30)
    await asyncio.wait_for(clock.sleep_for(-1), 30)


async def test_checkpoints_come_at_their_interval(tmp_path: Path) -> None:
    clock, gate, sink = SetClock(), Gate(), LedgerSink(Ledger())
    source = GatedSource(Counting(None), gate)
    source.clock = clock
    job = Job(counts(source, sink, options(tmp_path, checkpoint_interval=10)))
    await gate.use(2)
    for number in (1, 2, 3):
        await until(lambda: clock.next_sleeper() is not None)
        clock.advance(5)
        clock.shift -= HOUR
        await gate.use(2)
        clock.advance(5)
        await until(functools.partial(operator.contains, sink.calls, f"commit {number}"))
        await gate.use(2)
    await job.cancel()


class SlowlyClosed(LedgerSink):
    """Takes longer to close than from one checkpoint to the next."""

    def __init__(self, ledger: Ledger, clock: SetClock) -> None:
        super().__init__(ledger)
        self.clock = clock

    async def close(self) -> None:
        self.clock.advance(20)
        await calm()
        await super().close()


async def test_no_checkpoint_comes_after_the_last_one(tmp_path: Path) -> None:
    source, sink = Counting(9, splits=["a"]), SlowlyClosed(Ledger(), clock := SetClock())
    source.clock = clock
    p = Pipeline(options=options(tmp_path, checkpoint_interval=10))
    numbers = p | Read(source)
    _ = numbers | "out" >> Write(sink)
    job = Job(p)
    stream = job.stream(numbers)  # that is still read when the sink is closed
    await until(lambda: "close" in sink.calls)
    await calm()
    assert [element.value async for element in stream] == list(range(9))
    assert await job.wait() == "DONE"
    assert sink.calls == ["open", "restart", "finish", "prepare 1", "commit 1", "close"]


async def test_a_run_waits_no_longer_before_it_goes_back() -> None:
    clock, pauses = SetClock(), Pauses()
    await pauses.wait(clock)
    waiting = asyncio.create_task(pauses.wait(clock))
    await calm()
    clock.shift = -HOUR
    clock.advance(1)
    await asyncio.wait_for(waiting, 5)


def test_a_clock_that_lacks_a_method() -> None:
    class Halted:
        def now(self) -> int:
            return 0

        async def sleep_until(self, moment: int) -> None:
            pass

    source = Counting(3)
    source.clock = Halted()  # type: ignore[assignment]
    message = "a Halted, has no 'elapsed'; a clock has the methods now, sleep_until, elapsed, sleep_for$"
    with pytest.raises(PipelineError, match=message):
        choose_clock([source])
