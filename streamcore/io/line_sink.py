"""The sinks behind the writers of text and JSON lines: one file for all, or one for each window and pane."""

from __future__ import annotations

import dataclasses
import heapq
from collections.abc import Sequence
from typing import Any

from streamcore.io.file_names import FileNaming, pane_name
from streamcore.io.file_systems import FileSystem
from streamcore.io.line_encoders import ColumnEncoder
from streamcore.io.line_file import LineFile
from streamcore.model.bundle import Bundle
from streamcore.model.pane import PaneInfo, PaneInfoTiming
from streamcore.model.sink import Sink
from streamcore.model.window import BoundedWindow


@dataclasses.dataclass(frozen=True, slots=True)
class FileLayout:
    """Which files elements are written to, and how.

    Attributes:
        files: The file system.
        naming: The names.
        encoder: Makes lines of elements.
        shards: How many files the elements are spread over.
        compression_type: The kind of compression.
        header: What each file begins with.
        footer: What each file ends with.
        skip_if_empty: Whether there is no file if there are no elements.
    """

    files: FileSystem
    naming: FileNaming
    encoder: ColumnEncoder
    shards: int = 1
    compression_type: str = "auto"
    header: bytes = b""
    footer: bytes = b""
    skip_if_empty: bool = False

    def new_file(self, shard: int, pane: str = "") -> LineFile:
        """One of the files."""
        target = self.naming.name(shard, self.shards, pane)
        return LineFile(self.files, target, self.compression_type, self.header, self.footer)


class Shards:
    """The files of one set of elements, which go to one after another in turn.

    Args:
        layout: The layout.
        pane: The part of the names that tells window and pane.
    """

    def __init__(self, layout: FileLayout, pane: str = "") -> None:
        self.count = 0
        self._encoder = layout.encoder
        self._files = [layout.new_file(shard, pane) for shard in range(layout.shards)]

    async def open(self) -> None:
        """Makes the files now."""
        for file in self._files:
            await file.open()

    async def write(self, values: Sequence[Any]) -> None:
        """Writes elements; which file each goes to does not depend on how they are bundled."""
        width = len(self._files)
        for index, file in enumerate(self._files):
            part = values if width == 1 else values[(index - self.count) % width :: width]
            if part:
                await file.write(self._encoder.encode(part))
        self.count += len(values)

    def write_nowait(self, values: Sequence[Any]) -> bool:
        """Writes elements if that needs no waiting; only to a single local file."""
        if len(self._files) > 1 or not self._files[0].is_quick:
            return False
        self._files[0].write_nowait(self._encoder.encode(values))
        self.count += len(values)
        return True

    async def complete(self) -> None:
        """Gives the files their names."""
        for file in self._files:
            await file.complete()

    async def discard(self) -> None:
        """Removes what is not complete."""
        for file in self._files:
            await file.discard()


class LineSink(Sink[Any]):
    """All elements in one file, or one for each shard, which appears at the end."""

    def __init__(self, layout: FileLayout) -> None:
        self._layout = layout
        self._shards = Shards(layout)
        self._ended = False

    async def open(self) -> None:
        """Makes the files, under hidden names."""
        self._shards = Shards(self._layout)
        self._ended = False
        try:
            await self._shards.open()
        except BaseException:
            await self._shards.discard()
            raise

    async def write(self, bundle: Bundle) -> None:
        """Writes a bundle."""
        if not self._ended:
            await self._shards.write(bundle.values)

    def write_nowait(self, bundle: Bundle) -> bool:
        """Writes a bundle to a local file."""
        return self._ended or self._shards.write_nowait(bundle.values)

    async def close(self) -> None:
        """Gives the files their names."""
        if self._ended:
            return
        if self._layout.skip_if_empty and not self._shards.count:
            await self._shards.discard()
        else:
            await self._shards.complete()

    async def abort(self) -> None:
        """Removes what has been written."""
        self._ended = True
        await self._shards.discard()


class PaneSink(Sink[Any]):
    """One file, or one for each shard, for each window and pane.

    A file appears when nothing more can come for it. Early panes and the one on time are complete when the watermark
    passes the end of the window: other keys may have panes of the same number until then. Late ones are complete
    when the window expires.

    Args:
        layout: The layout.
        allowed_lateness: Microseconds from the end of a window to its expiry.
    """

    def __init__(self, layout: FileLayout, allowed_lateness: int) -> None:
        self._layout = layout
        self._lateness = allowed_lateness
        self._open: dict[str, Shards] = {}
        self._deadlines: list[tuple[int, str]] = []
        self._written: dict[str, int] = {}
        self._ended = False

    async def open(self) -> None:
        """Begins anew."""
        self._open, self._deadlines, self._written, self._ended = {}, [], {}, False

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
        while self._deadlines and self._deadlines[0][0] <= watermark and not self._ended:
            await self._complete(heapq.heappop(self._deadlines)[1])

    async def close(self) -> None:
        """Completes all files."""
        while self._deadlines and not self._ended:
            await self._complete(heapq.heappop(self._deadlines)[1])

    async def abort(self) -> None:
        """Removes what is not complete."""
        self._ended = True
        for shards in list(self._open.values()):
            await shards.discard()

    async def _write(self, window: BoundedWindow, pane: PaneInfo, values: list[Any]) -> None:
        if self._ended:
            return
        name = pane_name(window, pane)
        shards = self._open.get(name)
        if shards is None:
            shards = self._open[name] = self._new_shards(name)
            late = self._lateness if pane.timing == PaneInfoTiming.LATE else 0
            heapq.heappush(self._deadlines, (window.end_micros + late, name))
        await shards.write(values)

    def _new_shards(self, name: str) -> Shards:
        """Files for a pane; late elements that no aggregation has looked at get another one than those in time."""
        again = self._written.get(name, 0)
        return Shards(self._layout, f"{name}-late-{again}" if again else name)

    async def _complete(self, name: str) -> None:
        await self._open[name].complete()
        del self._open[name]
        self._written[name] = self._written.get(name, 0) + 1
