"""The jobs from topic to topic on streamcore, against the loops on the raw client, taking turns."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from benchmarks.data import input_of
from benchmarks.kafka import jobs
from benchmarks.kafka.clients import Client, TransactionalClient
from benchmarks.kafka.loops import LOOPS
from benchmarks.kafka.topics import Input, Route, Topics
from benchmarks.kafka.turns import Way, measure
from benchmarks.measuring import Comparison, Options, report

WARM_UP: Final = 10
"""All ways run once on the tenth part of the events before anything counts."""

LOOP, TRANSACTIONS, AT_LEAST_ONCE, EXACTLY_ONCE = "loop", "loop with transactions", "at-least-once", "exactly-once"

# Each way of streamcore, and the loop it is compared with.
PAIRS: Final = ((AT_LEAST_ONCE, LOOP), (EXACTLY_ONCE, TRANSACTIONS))


def run(topics: Topics, options: Options) -> None:
    """Print the ratio of each job and delivery, and what transactions cost the loop."""
    few, all_ = (topics.fill(input_of("j1", max(options.events // part, 1), options.data)) for part in (WARM_UP, 1))
    for job in LOOPS:
        run_job(job, topics, few, all_, options.rounds)


def run_job(job: str, topics: Topics, few: Input, all_: Input, rounds: int) -> None:
    """Print the lines of a job."""
    ways = ways_of(job)
    measure(job, ways, topics, few, rounds=1)
    costs = measure(job, ways, topics, all_, rounds)
    for name, yardstick in PAIRS:
        report(f"kafka-{job} {name}", Comparison(costs[yardstick], costs[name]), all_.events)
    price = Comparison(costs[LOOP], costs[TRANSACTIONS])
    print(
        f"kafka-{job}: the loop with a transaction a second is {price.ratio:.2f} as fast as without"
        f" [CPU time {price.cpu_ratio:.2f}]  rounds {price.spread}"
    )


def ways_of(job: str) -> dict[str, Way]:
    """Return the ways to do a job."""
    return {
        LOOP: partial(_run_loop, Client, LOOPS[job]),
        AT_LEAST_ONCE: partial(jobs.run, job, delivery="at_least_once"),
        TRANSACTIONS: partial(_run_loop, TransactionalClient, LOOPS[job]),
        EXACTLY_ONCE: partial(jobs.run, job, delivery="exactly_once"),
    }


def _run_loop(client: type[Client], loop: Callable[[Client], None], route: Route) -> None:
    with client(route) as opened:
        loop(opened)
