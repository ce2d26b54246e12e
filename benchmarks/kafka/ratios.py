"""The jobs from topic to topic on streamcore, against the loops on the raw client, taking turns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from benchmarks.data import input_of
from benchmarks.kafka.clients import Client, TransactionalClient
from benchmarks.kafka.loops import LOOPS
from benchmarks.kafka.topics import Route, Topics
from benchmarks.kafka.turns import Way, measure
from benchmarks.measuring import Comparison, Options

WARM_UP: Final = 10
"""All ways run once on the tenth part of the events before anything counts."""

LOOP, TRANSACTIONS = "loop", "loop with transactions"


def run(topics: Topics, options: Options) -> None:
    """Print the speed of each way to do a job, and the ratios."""
    few, all_ = (topics.fill(input_of("j1", max(options.events // part, 1), options.data)) for part in (WARM_UP, 1))
    for job, loop in LOOPS.items():
        ways = {LOOP: _with(Client, loop), TRANSACTIONS: _with(TransactionalClient, loop)}
        measure(job, ways, topics, few, rounds=1)
        costs = measure(job, ways, topics, all_, options.rounds)
        comparison = Comparison(costs[LOOP], costs[TRANSACTIONS])
        plain, transactions = comparison.rates(options.events)
        print(
            f"kafka-{job} loop {plain:,.0f}/s, with a transaction a second {transactions:,.0f}/s:"
            f" {comparison.ratio:.2f} of it [CPU time {comparison.cpu_ratio:.2f}]  rounds {comparison.spread}"
        )


def _with(client: type[Client], loop: Callable[[Client], None]) -> Way:
    def work(route: Route) -> None:
        with client(route) as opened:
            loop(opened)

    return work
