"""Servers of a test run end with it."""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers.process import ServerProcess


@pytest.mark.parametrize("end", [ServerProcess.kill, ServerProcess.stop])
def test_what_a_server_has_started_ends_with_it(tmp_path: Path, end: Callable[[ServerProcess], None]) -> None:
    os.mkfifo(tmp_path / "held")
    process = ServerProcess(["sh", "-c", "tail -f /dev/null > held & wait"], tmp_path)
    with (tmp_path / "held").open("rb") as held:
        assert process.is_running()
        end(process)
        assert not process.is_running()
        readable, _, _ = select.select([held], [], [], 30)
        assert readable, "what it has started still has the file open"
    end(process)  # may be called twice
