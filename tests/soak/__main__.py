"""Kills a pipeline again and again, and checks that nothing is lost or doubled: `python -m tests.soak --kills 25`."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from confluent_kafka.admin import AdminClient, NewTopic

from tests.servers.kafka_broker import KafkaBroker
from tests.servers.kafka_files import NoServerError
from tests.soak.checking import faults
from tests.soak.feeding import Feeder
from tests.soak.killing import Child, draw_fault
from tests.soak.output import committed_rows
from tests.soak.story import PARTITIONS

INPUT, OUTPUT = "soak-in", "soak-out"
# Every so many kills the broker is killed, too.
BROKER_EVERY = 12
PACE = 2000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--kills", type=int, default=25, help="how often the pipeline is killed (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of events and kills (default: %(default)s)")
    parser.add_argument("--pace", type=int, default=PACE, help="events a second (default: %(default)s)")
    parser.add_argument("--client", default="confluent", help="the Kafka client of the pipeline (default: %(default)s)")
    options = parser.parse_args()
    try:
        broker = KafkaBroker()
    except NoServerError as error:
        sys.exit(f"the soak needs Apache Kafka: {error}")
    broker.start()
    try:
        with tempfile.TemporaryDirectory(prefix="streamcore-soak-") as folder:
            wrong = soak(broker, Path(folder), options)
    finally:
        broker.stop()
    sys.exit(1 if wrong else 0)


def soak(broker: KafkaBroker, folder: Path, options: argparse.Namespace) -> bool:
    """Runs it; whether something was wrong."""
    chance = random.Random(options.seed)
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    for made in admin.create_topics([NewTopic(INPUT, PARTITIONS, 1), NewTopic(OUTPUT, 2, 1)]).values():
        made.result(30)
    arguments = [broker.bootstrap, INPUT, OUTPUT, str(folder / "state"), options.client]
    log = folder / "pipeline.log"
    feeder = Feeder(broker.bootstrap, INPUT, options.seed, options.pace)
    feeder.start()
    begin = time.monotonic()
    places: Counter[str] = Counter()
    broker_kills = 0
    try:
        for number in range(1, options.kills + 1):
            child = Child(arguments, log, draw_fault(chance))
            if number % BROKER_EVERY == 0:
                time.sleep(chance.uniform(0.5, 2.5))  # noqa: TID251  # real servers, real time
                broker.kill()
                time.sleep(chance.uniform(0, 2))  # noqa: TID251
                broker.start()
                broker_kills += 1
            places[child.kill(chance.uniform(0.3, 2.5))] += 1
            print(f"\r{number} kills, {len(feeder.written):,} events", end="", flush=True)
        events = feeder.finish()
        Child([*arguments, "--to-end"], log).wait(600)
    except BaseException:
        print("\n" + log.read_text(errors="replace")[-6000:])
        raise
    rows = committed_rows(broker.bootstrap, OUTPUT)
    found = faults(events, rows)
    lost = sum("lost" in fault for fault in found)
    doubled = sum("times" in fault for fault in found)
    print(f"\r{options.kills} kills of the pipeline, {broker_kills} of the broker, in {time.monotonic() - begin:.0f} s")
    for place, n in sorted(places.items()):
        print(f"  {n:5} {place}")
    print(f"{len(events):,} events in, {len(rows):,} panes out")
    print(f"{lost} lost, {doubled} doubled, {len(found) - lost - doubled} otherwise wrong")
    for fault in found[:20]:
        print("  " + fault)
    return bool(found)


if __name__ == "__main__":
    main()
