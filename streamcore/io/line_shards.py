"""The files that the elements of one window and pane, or all elements, are spread over."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from typing import Any

from streamcore.io.file_names import FileNaming
from streamcore.io.file_parts import Part, PartNaming, join_parts, publish, require_parts
from streamcore.io.file_systems import FileSystem
from streamcore.io.line_encoders import ColumnEncoder
from streamcore.io.line_file import LineFile


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

    def new_file(self, shard: int, pane: str, hidden: PartNaming, inherited: Sequence[Part]) -> LineFile:
        """One of the files."""
        target = self.naming.name(shard, self.shards, pane)
        return LineFile(self.files, target, self.compression_type, self.header, self.footer, hidden, inherited)

    def addresses(self, pane: str = "") -> list[str]:
        """Where the files are, for one window and pane."""
        names = (self.naming.name(shard, self.shards, pane) for shard in range(self.shards))
        return [self.files.address(name) for name in names]

    def begun(self, state: ShardsState) -> FileLayout:
        """The layout that the files of a checkpoint were begun with; where they are put together may have changed."""
        template, suffix, compression_type = state["layout"]
        naming = FileNaming(self.naming.prefix, template, suffix)
        return dataclasses.replace(self, naming=naming, shards=len(state["files"]), compression_type=compression_type)

    async def require(self, known: Sequence[ShardsState], step: str) -> None:
        """Refuses to go on if something is not there any more that a checkpoint knows of."""
        remedy = "put it back as it was, or begin with an empty state directory"
        await asyncio.to_thread(require_parts, self.files, _parts_of(known), step, remedy)

    async def adopt(self, state: ShardsState, hidden: PartNaming, step: str, pane: str = "") -> ShardsState:
        """Copies what another run has put aside, which may yet go on with it."""
        remedy = (
            "the run that the savepoint is of has completed the file since, or the part was removed; "
            f"use a later savepoint, or begin without what is in such files: allow_changes=[{step!r}]"
        )
        await asyncio.to_thread(require_parts, self.files, _parts_of([state]), step, remedy)
        naming = self.begun(state).naming
        copies = []
        for shard, parts in enumerate(state["files"]):
            path = hidden.new_name(naming.name(shard, len(state["files"]), pane))
            copies.append([list(await asyncio.to_thread(self._copy, path, parts))] if parts else [])
        return {**state, "files": copies}

    def _copy(self, path: str, parts: Sequence[Sequence[Any]]) -> Part:
        self.files.make_directory(path)
        copy = join_parts(self.files, path, [Part(*part) for part in parts])
        self.files.sync_directory(path)
        return copy

    async def remove_older(self, hidden: PartNaming, known: Sequence[ShardsState]) -> None:
        """Removes files that are not complete, and that no checkpoint knows."""
        keep = {part.path for part in _parts_of(known)}
        await asyncio.to_thread(hidden.remove_older, self.files, self.naming.prefix, keep)

    async def publish(self, complete: Sequence[CompleteFile]) -> None:
        """Gives complete files their names, unless that has been done."""
        for target, parts in complete:
            await asyncio.to_thread(publish, self.files, target, [Part(*part) for part in parts])


# Plain data, as checkpoints keep it: {"count": int, "files": a list of [path, length] for each file,
# "layout": [template and suffix of the names, kind of compression]}.
ShardsState = dict[str, Any]
# [target, a list of [path, length]].
CompleteFile = list[Any]


class Shards:
    """The files of one set of elements, which go to one after another in turn.

    Args:
        layout: The layout.
        pane: The part of the names that tells window and pane.
        hidden: Names of the files before they are complete.
        state: What a checkpoint knows of them.
    """

    def __init__(
        self,
        layout: FileLayout,
        pane: str = "",
        hidden: PartNaming = PartNaming(),  # noqa: B008  # is frozen
        state: ShardsState | None = None,
    ) -> None:
        layout = layout if state is None else layout.begun(state)
        self.count: int = 0 if state is None else state["count"]
        known = [[]] * layout.shards if state is None else state["files"]
        self._encoder = layout.encoder
        self._layout = [layout.naming.template, layout.naming.suffix, layout.compression_type]
        self._is_durable = bool(hidden.tag)
        self._files = [
            layout.new_file(shard, pane, hidden, [Part(*part) for part in parts]) for shard, parts in enumerate(known)
        ]

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

    async def seal(self) -> ShardsState:
        """Makes safe what has been written, and returns what a checkpoint needs to know."""
        files = [[list(part) for part in await file.seal()] for file in self._files]
        return {"count": self.count, "files": files, "layout": self._layout}

    async def finish(self) -> list[CompleteFile]:
        """Makes safe all of it, and returns what is needed to give the files their names."""
        return [[file.target, [list(part) for part in await file.finish()]] for file in self._files]

    async def discard(self) -> None:
        """Writes nothing more; removes what is not complete, if there is no checkpoint that may need it."""
        for file in self._files:
            await (file.release() if self._is_durable else file.discard())


def _parts_of(known: Sequence[ShardsState]) -> list[Part]:
    return [Part(*part) for state in known for parts in state["files"] for part in parts]
