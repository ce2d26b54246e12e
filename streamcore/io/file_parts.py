"""Files that are written over several checkpoints: hidden parts, put together and named when they are complete."""

from __future__ import annotations

import contextlib
import dataclasses
import glob
import hashlib
import os
import uuid
from collections.abc import Collection, Sequence
from typing import IO, Final, NamedTuple

from streamcore.errors import StartRefusedError
from streamcore.io.file_systems import FileSystem
from streamcore.model.two_phase import SinkRestart

ENDING: Final = ".part"
COPIED_AT_ONCE: Final = 1 << 20


class Part(NamedTuple):
    """What a checkpoint knows of a part of a file.

    Attributes:
        path: Where it is.
        length: How many bytes of it count. A process that crashed may have written more, or may do so yet.
    """

    path: str
    length: int


@dataclasses.dataclass(frozen=True, slots=True)
class PartNaming:
    """Names of hidden files, which stand beside their targets, so that giving a file its name is one step.

    Attributes:
        tag: Tells the files of one step and one state directory from all others; empty in a run that keeps no state.
        epoch: The epoch they are written under.
    """

    tag: str = ""
    epoch: int = 0

    @classmethod
    def of(cls, restart: SinkRestart) -> PartNaming:
        """The names in a run that keeps its state."""
        whose = f"{restart.state_id} {restart.step}"
        return cls(hashlib.blake2b(whose.encode(), digest_size=8).hexdigest(), restart.epoch)

    def new_name(self, target: str) -> str:
        """A name that nobody else uses; hidden, so that patterns for the target do not find it."""
        name = os.path.basename(target)
        whose = f"{self.tag}-{self.epoch}-" if self.tag else ""
        return f"{target.removesuffix(name)}.{name}.{whose}{uuid.uuid4().hex[:8]}{ENDING}"

    def remove_older(self, files: FileSystem, prefix: str, keep: Collection[str]) -> None:
        """Removes what earlier epochs of the sink have written, for targets with a prefix, and no checkpoint knows.

        What it knows is told by name alone, as the way to the same directory may be written otherwise by now.
        """
        known = {os.path.basename(path) for path in keep}
        name = os.path.basename(prefix)
        hidden = glob.escape(f"{prefix.removesuffix(name)}.{name}")
        for path in files.find(f"{hidden}*.{self.tag}-*{ENDING}"):
            epoch = path.rpartition(f".{self.tag}-")[2].partition("-")[0]
            if os.path.basename(path) not in known and int(epoch) < self.epoch:
                files.remove(path)


def require_parts(files: FileSystem, parts: Sequence[Part], step: str, remedy: str) -> None:
    """Looks whether there is all that a checkpoint knows of.

    Args:
        files: The file system.
        parts: What the checkpoint knows of.
        step: The step that goes on with it, for the message.
        remedy: What to do if something is missing, for the message.

    Raises:
        StartRefusedError: If something is missing.
    """
    for part in parts:
        size = files.size(part.path)
        if size is None or size < part.length:
            found = "is gone" if size is None else f"has only {size} of {part.length} bytes"
            msg = f"step {step!r} cannot go on: {part.path!r}, a part of a file that is not complete, {found}; {remedy}"
            raise StartRefusedError(msg)


def publish(files: FileSystem, target: str, parts: Sequence[Part]) -> None:
    """Gives a complete file its name; does nothing if that has been done.

    Args:
        files: The file system.
        target: The name.
        parts: What it consists of. The last one was written by whoever completed the file, so a single one is renamed;
            those before it may still be written to by a process that was thought to be dead, and are copied.

    Raises:
        OSError: If parts are missing, and there is no such file as they would make.
    """
    missing = [part.path for part in parts if files.size(part.path) is None]
    if not missing:
        source = parts[0].path if len(parts) == 1 else join_parts(files, PartNaming().new_name(target), parts).path
        files.replace(source, target)
        files.sync_directory(target)
    elif files.size(target) != sum(part.length for part in parts):
        msg = (
            f"{target!r} cannot be completed: {missing[0]!r}, a part of it, is gone; put it back, or, if the file was "
            "complete and has been moved away or changed since, put that back until the run has started"
        )
        raise FileNotFoundError(msg)
    # Only now that the file has its name.
    for part in parts:
        files.remove(part.path)


def join_parts(files: FileSystem, path: str, parts: Sequence[Part]) -> Part:
    """Copies parts, as far as they count, into one."""
    try:
        with files.open(path, "wb") as out:
            for part in parts:
                _copy(files, part, out)
            files.sync(out)
    except BaseException:
        with contextlib.suppress(Exception):  # what went wrong before is told
            files.remove(path)
        raise
    return Part(path, sum(part.length for part in parts))


def _copy(files: FileSystem, part: Part, out: IO[bytes]) -> None:
    left = part.length
    with files.open(part.path, "rb") as file:
        while left:
            data = file.read(min(left, COPIED_AT_ONCE))
            if not data:
                msg = f"{part.path!r} is {left} bytes shorter than its checkpoint says; put back what was in it"
                raise OSError(msg)
            out.write(data)
            left -= len(data)
