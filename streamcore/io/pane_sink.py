"""The sink behind the writers of text and JSON lines that makes a file for each window and pane."""

from __future__ import annotations

import heapq
from typing import Any

from streamcore.io.file_names import pane_name
from streamcore.io.file_parts import PartNaming
from streamcore.io.line_shards import CompleteFile, FileLayout, Shards
from streamcore.model.bundle import Bundle
from streamcore.model.pane import PaneInfo, PaneInfoTiming
from streamcore.model.two_phase import SinkRestart, TwoPhaseSink
from streamcore.model.window import BoundedWindow
from streamcore.timestamp import MIN_MICROS


class PaneSink(TwoPhaseSink[Any]):
    """One file, or one for each shard, for each window and pane.

    A file appears when nothing more can come for it. Early panes and the one on time are complete when the watermark
    passes the end of the window: other keys may have panes of the same number until then. Late ones are complete
    when the window expires. In a run that keeps its state it appears with the next checkpoint.

    Args:
        layout: The layout.
        allowed_lateness: Microseconds from the end of a window to its expiry.
    """

    def __init__(self, layout: FileLayout, allowed_lateness: int) -> None:
        self._layout = layout
        self._lateness = allowed_lateness
        self._hidden = PartNaming()
        self._open: dict[str, Shards] = {}
        self._deadlines: list[tuple[int, str]] = []
        self._complete: list[CompleteFile] = []
        self._watermark = MIN_MICROS
        self._late = 0
        self._ended = False

    def for_run(self) -> PaneSink:
        """A sink with open files of its own."""
        return PaneSink(self._layout, self._lateness)

    def destinations(self) -> list[str]:
        """The files of any window and pane."""
        return self._layout.addresses("*")

    async def open(self) -> None:
        """Begins anew."""
        self._hidden = PartNaming()
        self._begin({"open": [], "watermark": MIN_MICROS, "late": 0})

    async def adopt(self, restart: SinkRestart) -> dict[str, Any]:
        """Copies the files that are not complete."""
        hidden, layout, step = PartNaming.of(restart), self._layout, restart.step
        opened = [
            [name, deadline, await layout.adopt(shards, hidden, step, name)]
            for name, deadline, shards in restart.prepared["open"]
        ]
        return {**restart.prepared, "open": opened, "complete": []}

    async def restart(self, restart: SinkRestart) -> None:
        """Goes on with the files of the checkpoint."""
        await self.abort()
        self._hidden = PartNaming.of(restart)
        state = restart.prepared or {"open": [], "watermark": MIN_MICROS, "late": 0}
        known = [shards for _, _, shards in state["open"]]
        await self._layout.require(known, restart.step)
        await self._layout.remove_older(self._hidden, known)
        self._begin(state)

    async def write(self, bundle: Bundle) -> None:
        """Writes the elements to the files of their windows and panes."""
        windows, pane = bundle.windows, bundle.pane
        if isinstance(windows, tuple) and isinstance(pane, PaneInfo):
            for window in windows:
                await self._write(window, pane, bundle.values)
            return
        groups: dict[tuple[BoundedWindow, PaneInfo], list[Any]] = {}
        for value, its_windows, its_pane in zip(bundle.values, bundle.window_list(), bundle.pane_list()):
            for window in its_windows:
                groups.setdefault((window, its_pane), []).append(value)
        for (window, its_pane), values in groups.items():
            await self._write(window, its_pane, values)

    async def flush(self, watermark: int) -> None:
        """Completes the files that nothing more can come for."""
        if self._deadlines and self._deadlines[0][0] <= self._watermark:
            self._late += 1  # those that came late are complete now, and the next ones go to another file
        self._watermark = watermark
        while self._deadlines and self._deadlines[0][0] <= watermark and not self._ended:
            await self._finish(heapq.heappop(self._deadlines)[1])

    async def finish(self) -> None:
        """Completes all files."""
        while self._deadlines and not self._ended:
            await self._finish(heapq.heappop(self._deadlines)[1])

    async def prepare(self, number: int) -> dict[str, Any]:
        """Makes safe what has been written."""
        complete, self._complete = self._complete, []
        deadlines = {name: deadline for deadline, name in self._deadlines}
        opened = [[name, deadlines[name], await shards.seal()] for name, shards in self._open.items()]
        return {"open": opened, "complete": complete, "watermark": self._watermark, "late": self._late}

    async def commit(self, number: int, prepared: dict[str, Any]) -> None:
        """Gives the files their names that are complete."""
        await self._layout.publish(prepared["complete"])

    async def close(self) -> None:
        """Completes all files, unless they are."""
        await self.finish()

    async def abort(self) -> None:
        """Removes what is not complete, if there is no checkpoint that may need it."""
        self._ended = True
        for shards in list(self._open.values()):
            await shards.discard()

    def _begin(self, state: dict[str, Any]) -> None:
        self._open = {name: Shards(self._layout, name, self._hidden, shards) for name, _, shards in state["open"]}
        self._deadlines = [(deadline, name) for name, deadline, _ in state["open"]]
        heapq.heapify(self._deadlines)
        self._watermark, self._late = state["watermark"], state["late"]
        self._complete = []
        self._ended = False

    async def _write(self, window: BoundedWindow, pane: PaneInfo, values: list[Any]) -> None:
        if self._ended:
            return
        late = self._lateness if pane.timing == PaneInfoTiming.LATE else 0
        deadline = window.end_micros + late
        name = pane_name(window, pane)
        if deadline <= self._watermark:
            # Late, and no aggregation has looked at it: the file of the others may be complete.
            name = f"{name}-late-{self._late + 1}"
        shards = self._open.get(name)
        if shards is None:
            shards = self._open[name] = Shards(self._layout, name, self._hidden)
            heapq.heappush(self._deadlines, (deadline, name))
        await shards.write(values)

    async def _finish(self, name: str) -> None:
        shards = self._open[name]
        if self._hidden.tag:
            self._complete += await shards.finish()
        else:
            await shards.complete()
        del self._open[name]
