"""Files that are written by threads."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import IO

import pytest

from streamcore.io.file_systems import LocalFiles
from streamcore.io.line_file import PIECE_BYTES, LineFile
from tests.engine.sources import calm, until


class SlowFiles(LocalFiles):
    """Files that are opened, in a thread, when they may be."""

    is_local = False

    def __init__(self) -> None:
        self.opens, self.may_open, self.opened = threading.Event(), threading.Event(), threading.Event()

    def open(self, path: str, mode: str) -> IO[bytes]:
        self.opens.set()
        self.may_open.wait(30)
        file = super().open(path, mode)
        self.opened.set()
        return file


async def test_nothing_is_left_of_a_file_that_is_discarded_while_a_thread_writes_it(tmp_path: Path) -> None:
    files = SlowFiles()
    file = LineFile(files, str(tmp_path / "out"), "auto", b"", b"")
    writing = asyncio.create_task(file.write(b"x" * PIECE_BYTES))
    await until(files.opens.is_set)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    discarding = asyncio.create_task(file.discard())
    await calm()
    files.may_open.set()
    await discarding
    await until(files.opened.is_set)
    assert list(tmp_path.iterdir()) == []
