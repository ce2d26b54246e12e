"""A server process of a test run, which ends with it."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

STOP_SECONDS = 30
# The leash holds to the thread that starts a server, and this one lives as long as the test run.
PARENT = ThreadPoolExecutor(1, thread_name_prefix="servers")


class ServerProcess:
    """Starts a program that goes on until it is stopped, and writes what it prints to a file.

    Attributes:
        log: The file.
    """

    def __init__(self, command: Sequence[str | Path], folder: Path) -> None:
        self.log = folder / "printed.log"
        # Where util-linux is, the server ends even if the test run is killed.
        guard = shutil.which("setpriv")
        leash = [guard, "--pdeathsig", "KILL"] if guard else []
        with self.log.open("ab") as out:
            start = functools.partial(subprocess.Popen, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder)
            self._process = PARENT.submit(start, [*leash, *command], start_new_session=True).result()

    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def last_words(self) -> str:
        """The end of what it has printed."""
        return self.log.read_text(errors="replace")[-1500:]

    def pause(self) -> None:
        """Stops it where it is: connections stay open and nothing answers."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets it go on."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Ends it at once."""
        self._tell_all(signal.SIGKILL)
        self._process.wait(STOP_SECONDS)

    def stop(self) -> None:
        """Ends it in an orderly way."""
        self._tell_all(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        self.kill()

    def _tell_all(self, number: signal.Signals) -> None:
        """Sends a signal to it and to what it has started: the server itself, where this is a program around it."""
        if self.is_running():  # else its number may be that of another process by now
            os.killpg(self._process.pid, number)
