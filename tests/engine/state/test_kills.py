"""Processes that are killed at any moment leave one consistent checkpoint, and nothing they promised is lost."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from streamcore.engine.state.directory import StateDirectory
from tests.engine.state.lives import contents, manifest

ROUNDS = 12


def live(path: Path, lines: int, spins: int) -> list[str]:
    """Runs a process until it has said so many lines, and kills it a little later; what it said."""
    command = [sys.executable, "-m", "tests.engine.state.lives", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lines)]
        for _ in range(spins):
            pass
        process.kill()
        return [line.strip() for line in [*said, *process.stdout] if line.endswith("\n")]


@pytest.mark.parametrize("seed", range(2))
def test_a_killed_process_leaves_one_checkpoint_and_maybe_one_undecided(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    applied, epoch = -1, 0
    for _ in range(ROUNDS):
        said = live(tmp_path, chance.randrange(1, 25), chance.randrange(100_000))
        promised = [int(line.split()[1]) for line in said if line.startswith("applied")]
        with StateDirectory.open(tmp_path) as state:
            now = -1 if state.applied() is None else state.applied()
            known = max([applied, *promised])
            assert known <= now <= known + 1
            assert state.epoch == epoch + 2
            prepared = state.prepared()
            assert prepared in (None, now + 1)
            for number in state.checkpoints():
                assert (state.manifest(number), list(state.read(number))) == (manifest(number), contents(number))
            applied, epoch = now, state.epoch
    assert applied > ROUNDS
