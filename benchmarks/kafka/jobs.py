"""The jobs from topic to topic on streamcore, as a user would write them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Final, Literal, TypeAlias

import streamcore as sc
from benchmarks.data import KEPT_KINDS
from benchmarks.jobs import Event, Row, user_row
from benchmarks.kafka.topics import Route
from streamcore.io.kafka import JsonSerde, ReadFromKafka, StrSerde, WriteToKafka

Delivery: TypeAlias = Literal["at_least_once", "exactly_once"]

CHECKPOINT_SECONDS: Final = 1.0


def add_j1(p: sc.Pipeline, route: Route, delivery: Delivery) -> None:
    """Count and sum per user in fixed windows of 60 s."""
    _ = (
        p
        | read(route, watermark=sc.BoundedOutOfOrderness(10))
        | sc.WindowInto(sc.FixedWindows(60))
        | "pair" >> sc.Map(lambda record: (record[1]["user"], record[1]["amount"]))
        | sc.CombinePerKey(sc.combiners.TupleCombineFn(len, sum).with_common_input())
        | "row" >> sc.Map(user_row)
        | write(route, "user", delivery)
    )


def add_j4(p: sc.Pipeline, route: Route, delivery: Delivery) -> None:
    """Keep half of the kinds, map and serialise; no state."""
    _ = (
        p
        | read(route)
        | "keep" >> sc.Filter(lambda record: record[1]["kind"] in KEPT_KINDS)
        | "row" >> sc.Map(lambda record: map_event(record[1]))
        | write(route, "u", delivery)
    )


def map_event(event: Event) -> Row:
    """The row of an event."""
    return {
        "u": event["user"],
        "cents": int(event["amount"] * 100),
        "k": event["kind"],
        "day": event["ts"] // 86_400_000,
    }


def read(route: Route, watermark: sc.BoundedOutOfOrderness | None = None) -> ReadFromKafka:
    """Pairs of key and event, with the timestamps of their records, to where the topic ends when the run begins."""
    return ReadFromKafka(
        route.source,
        route.bootstrap,
        start="earliest",
        until="latest",
        value_deserializer=JsonSerde(),
        watermark=watermark,
    )


def write(route: Route, key: str, delivery: Delivery) -> WriteToKafka:
    """Rows as JSON, keyed by a field."""
    return WriteToKafka(
        route.sink,
        route.bootstrap,
        key=lambda row: row[key],
        key_serializer=StrSerde(),
        value_serializer=JsonSerde(),
        delivery=delivery,
    )


JOBS: Final[dict[str, Callable[[sc.Pipeline, Route, Delivery], None]]] = {"j1": add_j1, "j4": add_j4}


def run(job: str, route: Route, delivery: Delivery) -> None:
    """Run a job to the end of its input, with a checkpoint every second."""
    with tempfile.TemporaryDirectory() as state:
        options = sc.PipelineOptions(state_dir=state, checkpoint_interval=CHECKPOINT_SECONDS)
        with sc.Pipeline(options=options) as p:
            JOBS[job](p, route, delivery)
