"""Runs the demo: a year of flights through Kafka, while the pipeline is killed five times."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from examples.kafka_flights.broker import open_broker
from examples.kafka_flights.pipeline import FLIGHTS, GROUP, TOTALS
from examples.kafka_flights.totals import committed_rows, last_totals, produce

PARTITIONS: Final = 3
KILLS: Final = 5
LOOK_SECONDS: Final = 0.05
LONGEST_SECONDS: Final = 300


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="streamcore-demo-") as name:
        folder = Path(name)
        with open_broker(folder) as bootstrap:
            return run(bootstrap, folder)


def run(bootstrap: str, folder: Path) -> int:
    """Writes flights, kills the pipeline while it reads them, and compares the totals."""
    make_topics(bootstrap)
    began = time.monotonic()
    expected = produce(bootstrap, FLIGHTS, PARTITIONS)
    flights = sum(count for count, _ in expected.values())
    print(f"{flights:,} flights written to topic {FLIGHTS!r} in {time.monotonic() - began:.1f} s")
    began = time.monotonic()
    for kill in range(1, KILLS + 1):
        # The offsets of the group follow the checkpoints, so any Kafka tool shows how far the pipeline has come.
        reached = kill_at(bootstrap, folder, flights * kill // (KILLS + 2))
        print(f"killed after {reached:,} flights; it starts again from its last checkpoint")
    with start(bootstrap, folder) as process:
        process.wait(LONGEST_SECONDS)
    rows = committed_rows(bootstrap, TOTALS)
    totals, twice = last_totals(rows)
    right = sum(totals.get(hour) == total for hour, total in expected.items())
    print(f"{len(rows):,} panes in topic {TOTALS!r} after {time.monotonic() - began:.1f} s, {twice} of them twice")
    print(f"{right:,} of {len(expected):,} totals are right")
    is_right = totals == expected and not twice and process.returncode == 0
    if process.returncode:
        print((folder / "pipeline.log").read_text(errors="replace")[-4000:])
    return 0 if is_right else 1


def make_topics(bootstrap: str) -> None:
    """Makes the two topics anew."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    there = admin.list_topics(timeout=30).topics.keys() & {FLIGHTS, TOTALS}
    if there:
        raise SystemExit(f"the cluster has topics {sorted(there)} already; remove them, or use another cluster")
    config = {"retention.ms": "-1"}
    topics = [NewTopic(FLIGHTS, PARTITIONS, 1, config=config), NewTopic(TOTALS, PARTITIONS, 1, config=config)]
    for made in admin.create_topics(topics).values():
        made.result(30)


def start(bootstrap: str, folder: Path) -> subprocess.Popen[bytes]:
    """Starts the pipeline in a process of its own."""
    command = [sys.executable, "-m", "examples.kafka_flights.pipeline", bootstrap, str(folder / "state")]
    with (folder / "pipeline.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


def kill_at(bootstrap: str, folder: Path, count: int) -> int:
    """Starts the pipeline, and kills it when its checkpoints have passed so many flights; returns how many."""
    with start(bootstrap, folder) as process:
        deadline = time.monotonic() + LONGEST_SECONDS
        while (reached := committed(bootstrap)) < count and process.poll() is None and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
        process.kill()
    return reached


def committed(bootstrap: str) -> int:
    """How many flights the pipeline's checkpoints have passed."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": GROUP, "log_level": 0})
    try:
        offsets = consumer.committed([TopicPartition(FLIGHTS, number) for number in range(PARTITIONS)], timeout=10)
        return sum(max(offset.offset, 0) for offset in offsets)
    except KafkaException:
        return 0
    finally:
        consumer.close()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
