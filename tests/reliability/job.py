"""The pipeline in a process of its own: `python -m tests.reliability.job BOOTSTRAP SOURCE TARGET STATE_DIR FAULT`."""

from __future__ import annotations

import asyncio
import signal
import sys

from tests.reliability.totals import running_totals
from tests.soak.job import signal_at
from tests.soak.killing import Fault


async def run(bootstrap: str, source: str, target: str, state_dir: str) -> None:
    handle = await running_totals(bootstrap, source, target, state_dir, checkpoint_interval=0.3).run_async()
    await handle.wait()


if __name__ == "__main__":
    *arguments, fault = sys.argv[1:]
    signal_at(Fault.decode(fault), signal.SIGSTOP)
    asyncio.run(run(*arguments))
