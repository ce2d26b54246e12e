"""The sink behind the writers of text and JSON lines that puts all elements into one file."""

from __future__ import annotations

from typing import Any

from streamcore.io.file_parts import PartNaming
from streamcore.io.line_shards import CompleteFile, FileLayout, Shards
from streamcore.model.bundle import Bundle
from streamcore.model.two_phase import SinkRestart, TwoPhaseSink


class LineSink(TwoPhaseSink[Any]):
    """All elements in one file, or one for each shard, which appears at the end."""

    def __init__(self, layout: FileLayout) -> None:
        self._layout = layout
        self._hidden = PartNaming()
        self._shards: Shards | None = None
        self._complete: list[CompleteFile] = []

    def for_run(self) -> LineSink:
        """A sink with open files of its own."""
        return LineSink(self._layout)

    def destinations(self) -> list[str]:
        """The files."""
        return self._layout.addresses()

    async def open(self) -> None:
        """Makes the files, under hidden names."""
        self._hidden = PartNaming()
        await self._begin(Shards(self._layout))

    async def adopt(self, restart: SinkRestart) -> dict[str, Any] | None:
        """Copies the files that are not complete."""
        state = restart.prepared["open"]
        if state is None:
            return None
        return {"open": await self._layout.adopt(state, PartNaming.of(restart), restart.step), "complete": []}

    async def restart(self, restart: SinkRestart) -> None:
        """Goes on with the files of the checkpoint."""
        await self.abort()
        self._complete = []
        self._hidden = PartNaming.of(restart)
        state = None if restart.prepared is None else restart.prepared["open"]
        known = [] if state is None else [state]
        await self._layout.require(known, restart.step)
        await self._layout.remove_older(self._hidden, known)
        if restart.prepared is None or state is not None:
            await self._begin(Shards(self._layout, hidden=self._hidden, state=state))

    async def write(self, bundle: Bundle) -> None:
        """Writes a bundle."""
        if self._shards is not None:
            await self._shards.write(bundle.values)

    def write_nowait(self, bundle: Bundle) -> bool:
        """Writes a bundle to a local file."""
        return self._shards is None or self._shards.write_nowait(bundle.values)

    async def finish(self) -> None:
        """Completes the files."""
        if self._shards is None:
            return
        if self._layout.skip_if_empty and not self._shards.count:
            await self._shards.discard()
        elif self._hidden.tag:
            self._complete += await self._shards.finish()
        else:
            await self._shards.complete()
        self._shards = None

    async def prepare(self, number: int) -> dict[str, Any]:
        """Makes safe what has been written."""
        complete, self._complete = self._complete, []
        return {"open": None if self._shards is None else await self._shards.seal(), "complete": complete}

    async def commit(self, number: int, prepared: dict[str, Any]) -> None:
        """Gives the files their names, if they are complete."""
        await self._layout.publish(prepared["complete"])

    async def close(self) -> None:
        """Completes the files, unless they are."""
        await self.finish()

    async def abort(self) -> None:
        """Removes what has been written, if there is no checkpoint that may need it."""
        shards, self._shards = self._shards, None
        if shards is not None:
            await shards.discard()

    async def _begin(self, shards: Shards) -> None:
        try:
            await shards.open()
        except BaseException:
            await shards.discard()
            raise
        self._shards = shards
