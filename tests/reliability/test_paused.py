"""A process that is paused while another takes its place, and then wakes up."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys

import pytest

from tests.reliability.conftest import Topics
from tests.reliability.state import contents
from tests.reliability.totals import expected_rows
from tests.servers.broker import wait_until
from tests.soak.killing import Fault

pytestmark = pytest.mark.integration


def has_stopped(process: subprocess.Popen[str]) -> bool:
    return os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None


@pytest.mark.parametrize("command", ["PrepareState", "CommitTransaction", "ApplyState"])
async def test_a_process_that_wakes_up_after_a_take_over_writes_nothing(topics: Topics, command: str) -> None:
    topics.fill(range(300))
    arguments = [topics.broker.bootstrap, topics.source, topics.target, str(topics.state_dir)]
    fault = Fault(command, after=False, number=2)  # the first is part of the start
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.reliability.job", *arguments, fault.encode()], stderr=subprocess.PIPE, text=True
    )
    try:
        await asyncio.to_thread(wait_until, lambda: has_stopped(process), "a checkpoint")
        topics.fill(range(300, 500))
        await topics.job(take_over=True, to_end=True).wait()
        assert topics.rows() == expected_rows(range(500))
        kept = contents(topics.state_dir)
        process.send_signal(signal.SIGCONT)
        _, said = await asyncio.to_thread(process.communicate, timeout=60)
    finally:
        process.kill()
    assert process.returncode == 1
    owner = f"process {os.getpid()} on {socket.gethostname()}"
    assert re.search(
        rf"^streamcore\.errors\.StateTakenOverError: the state directory {topics.state_dir} was taken over by "
        rf"{owner} \(.*, since .*\); this process writes nothing to it any more: end it$",
        said,
        re.MULTILINE,
    )
    assert contents(topics.state_dir) == kept
    assert topics.rows() == expected_rows(range(500))
