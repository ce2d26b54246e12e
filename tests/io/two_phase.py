"""Runs of a two-phase sink that crash: the commit protocol drives the real sink, with a state directory in memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from streamcore.engine.core import commands
from streamcore.engine.core.checkpoint import Checkpoint, Claim, Standing
from streamcore.engine.core.commands import Command
from streamcore.engine.core.commit import CommitProtocol, Procedure
from streamcore.model.bundle import Bundle
from streamcore.model.two_phase import TwoPhaseSink

STEP = "sink"


class CrashError(Exception):
    """The process ends here."""


class TakenOverError(Exception):
    """Another process has the directory."""


@dataclasses.dataclass
class Memory:
    """A state directory."""

    epoch: int = 0
    applied: Checkpoint | None = None
    prepared: Checkpoint | None = None
    positions: dict[int, int] = dataclasses.field(default_factory=lambda: {0: 0})


# What a sink gets: elements, or a watermark.
Item = Bundle | int


class Life:
    """A process that writes items to a sink, with a checkpoint after every few, until it crashes.

    Args:
        memory: The state directory.
        sink: The sink.
        items: What is written.
        interval: How many items there are between two checkpoints.
        steps: After how many steps it crashes; None for never.
        zombie: One that was thought to have crashed, and wakes up meanwhile.
        waking: After how many steps that one wakes up.
    """

    def __init__(
        self,
        memory: Memory,
        sink: TwoPhaseSink[Any],
        items: Sequence[Item],
        interval: int,
        steps: int | None,
        zombie: Life | None = None,
        waking: int = 0,
    ) -> None:
        self._memory = memory
        self._sink = sink
        self._items = items
        self._interval = interval
        self._steps = steps
        self._zombie = zombie
        self._waking = waking
        self._taken = 0
        self._has_begun = False
        self._position = 0
        self._protocol = CommitProtocol((STEP,))

    async def run(self) -> None:
        """Runs to the end of the items."""
        await self._sink.open()
        standing = await self._drive(self._protocol.start())
        while self._position < len(self._items):
            for _ in range(self._interval):
                await self._write()
            standing = await self._drive(self._protocol.checkpoint(standing))
        await self._step()
        await self._sink.finish()
        await self._drive(self._protocol.checkpoint(standing))
        await self._sink.close()

    async def _write(self) -> None:
        if self._position == len(self._items):
            return
        await self._step()
        item = self._items[self._position]
        self._position += 1
        if isinstance(item, int):
            await self._sink.flush(item)
        elif not self._sink.write_nowait(item):
            await self._sink.write(item)

    async def wake(self) -> None:
        """Goes on although others have followed: writes, and tries to take a checkpoint."""
        if not self._has_begun:
            return
        for item in self._items:
            if isinstance(item, Bundle):
                await self._sink.write(item)
        prepared = await self._sink.prepare(1)
        with pytest.raises(TakenOverError):
            await self._carry_out(commands.PrepareState(Checkpoint(1, -1, False, {STEP: prepared})))
        await self._sink.abort()

    async def end(self) -> None:
        """Frees what the sink holds."""
        await self._sink.abort()

    async def _step(self) -> None:
        if self._taken == self._steps:
            raise CrashError
        if self._taken == self._waking and self._zombie is not None:
            await self._zombie.wake()
        self._taken += 1

    async def _drive(self, procedure: Procedure[Standing]) -> Standing:
        answer: Any = None
        while True:
            try:
                command = procedure.send(answer)
            except StopIteration as end:
                return end.value
            await self._step()
            answer = await self._carry_out(command)

    async def _carry_out(self, command: Command) -> Any:
        memory = self._memory
        match command:
            case commands.ClaimEpoch():
                memory.epoch += 1
                return Claim("state", memory.epoch, memory.applied, memory.prepared)
            case commands.PrepareState(checkpoint):
                if checkpoint.epoch != memory.epoch:
                    raise TakenOverError
                memory.prepared = checkpoint
                memory.positions[checkpoint.number] = self._position
            case commands.ApplyState():
                memory.applied, memory.prepared = memory.prepared or memory.applied, None
            case commands.PrepareSink(number=number):
                return await self._sink.prepare(number)
            case commands.CommitSink(number=number, prepared=prepared):
                await self._sink.commit(number, prepared)
            case commands.RestartSink(restart=restart):
                await self._sink.restart(restart)
                self._has_begun = True
            case commands.ResolvePositions():
                return {}
            case commands.RestoreEngine(number):
                self._position = memory.positions[number]
        return None


async def run_with_crashes(
    make_sink: Callable[[], TwoPhaseSink[Any]],
    items: Sequence[Item],
    interval: int,
    crashes: Sequence[tuple[int, int]],
) -> None:
    """Writes items, through processes that crash, and one that comes to the end.

    Each crash is told by the steps until it comes, and those of the following process until the one that crashed turns
    out to have been paused only, and wakes up.
    """
    memory = Memory()
    zombie: Life | None = None
    waking = 0
    lives = []
    for steps, following in [*crashes, (None, 0)]:
        life = Life(memory, make_sink(), items, interval, steps, zombie, waking)
        lives.append(life)
        try:
            await life.run()
        except CrashError:
            zombie, waking = life, following
        else:
            break
    for life in lives:
        await life.end()
