"""Child processes that are killed: at a random time, or at a point of the commit."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

FAULT: Final = "SOAK_FAULT"
# Commands that come once at every start, and those that come with every checkpoint.
AT_START: Final = ("ClaimEpoch", "InitTransactions", "ReadMarker", "BeginTransaction")
WITH_CHECKPOINTS: Final = ("HoldOutput", "AddMarker", "PrepareState", "CommitTransaction", "ApplyState")
LONGEST_SECONDS: Final = 30


class Fault(NamedTuple):
    """Where a child ends itself.

    Attributes:
        command: Name of a command of the commit protocol.
        after: After it was carried out, and not before.
        number: The how-manieth such command it is.
    """

    command: str
    after: bool
    number: int

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} {self.command}"

    def encode(self) -> str:
        """The fault as the child finds it in its environment."""
        return f"{self.command}:{int(self.after)}:{self.number}"

    @classmethod
    def decode(cls, text: str) -> Fault:
        """The fault of its text."""
        command, after, number = text.split(":")
        return cls(command, after == "1", int(number))


def draw_fault(chance: random.Random) -> Fault | None:
    """A point of the commit for half of the children; None for those that are killed at a random time."""
    if chance.random() < 0.5:
        return None
    after = chance.random() < 0.5
    if chance.random() < 0.25:
        return Fault(chance.choice(AT_START), after, 1)
    return Fault(chance.choice(WITH_CHECKPOINTS), after, chance.randrange(1, 4))


class Child:
    """The pipeline in a process of its own.

    Args:
        arguments: Of `tests.soak.job`.
        log: Where it writes what it has to say.
        fault: Where it ends itself.
    """

    def __init__(self, arguments: list[str], log: Path, fault: Fault | None = None) -> None:
        environment = dict(os.environ)
        if fault is not None:
            environment[FAULT] = fault.encode()
        self.fault = fault
        with log.open("ab") as out:
            command = [sys.executable, "-m", "tests.soak.job", *arguments]
            self._process = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)

    def kill(self, after_seconds: float) -> str:
        """Kills it then, or waits until it has ended at its fault; says where that was."""
        seconds = after_seconds if self.fault is None else LONGEST_SECONDS
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return "at a random time" if self.fault is None else f"{self.fault} was never reached"
        if code != -signal.SIGKILL:
            raise RuntimeError(f"the pipeline ended by itself, with exit code {code}; see its log")
        return str(self.fault)

    def wait(self, seconds: float) -> None:
        """Waits for its end."""
        code = self._process.wait(seconds)
        if code:
            raise RuntimeError(f"the pipeline failed at the end, with exit code {code}; see its log")
