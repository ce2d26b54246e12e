"""A pipeline between two topics of a real broker."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from streamcore.engine.runtime import Job
from tests.io.kafka.topics import fill
from tests.reliability.totals import as_values, running_totals
from tests.servers.broker import Broker
from tests.servers.plugin import MakeTopic
from tests.soak.output import committed_rows


class Topics(NamedTuple):
    """What goes in, what comes out, and where state is kept.

    Attributes:
        bootstrap: The broker.
        source: The topic with numbers.
        target: The topic with totals.
        state_dir: The state directory.
    """

    broker: Broker
    source: str
    target: str
    state_dir: Path

    def job(self, **options: Any) -> Job:
        """A run of the pipeline in this process."""
        return Job(running_totals(self.broker.bootstrap, self.source, self.target, self.state_dir, **options))

    def fill(self, numbers: range) -> None:
        """Writes numbers to the source."""
        fill(self.broker, self.source, as_values(numbers))

    async def read(self, job: Job, count: int) -> None:
        """Waits until a run has read so many numbers."""
        async with asyncio.timeout(60):
            while job.metrics["keys"].elements < count:
                await asyncio.sleep(0.01)
                if job.state != "RUNNING":
                    await job.wait()

    def rows(self) -> list[Any]:
        """What readers of committed records see of the target."""
        return committed_rows(self.broker.bootstrap, self.target)


@pytest.fixture
def topics(kafka: Broker, make_topic: MakeTopic, tmp_path: Path) -> Topics:
    """Two topics of one partition, and a new state directory."""
    return Topics(kafka, make_topic(), make_topic(), tmp_path / "state")
