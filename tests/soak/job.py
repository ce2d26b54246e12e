"""The pipeline that is killed: `python -m tests.soak.job BOOTSTRAP INPUT OUTPUT STATE_DIR CLIENT [--to-end]`."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from typing import Any

from streamcore import (
    AccumulationMode,
    AfterCount,
    AfterWatermark,
    BoundedOutOfOrderness,
    CombinePerKey,
    DoFn,
    FixedWindows,
    GlobalWindows,
    GroupByKey,
    Map,
    PCollection,
    Pipeline,
    Repeatedly,
    Sessions,
    WindowInto,
    WithTimestamps,
    combiners,
)
from streamcore.engine import commit_driver
from streamcore.io.kafka import JsonSerde, ReadFromKafka, WriteToKafka
from streamcore.model.options import PipelineOptions
from tests.soak.checking import GAP, SIZE
from tests.soak.killing import FAULT, Fault

Event = dict[str, Any]
LATENESS = 3600


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bootstrap")
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("state_dir")
    parser.add_argument("client")
    parser.add_argument("--to-end", action="store_true", help="end where the input ends now")
    options = parser.parse_args()
    if FAULT in os.environ:
        signal_at(Fault.decode(os.environ[FAULT]), signal.SIGKILL)
    asyncio.run(run(options))


async def run(options: argparse.Namespace) -> None:
    p = Pipeline(options=PipelineOptions(state_dir=options.state_dir, checkpoint_interval=0.3))
    add_steps(p, options)
    handle = await p.run_async()
    await handle.wait()


def add_steps(p: Pipeline, options: argparse.Namespace) -> None:
    """Three aggregations of the same events, of which all rows go to one topic."""
    events: PCollection[Event] = (
        p
        | ReadFromKafka(
            options.input,
            options.bootstrap,
            start="earliest",
            until="latest" if options.to_end else None,
            value_deserializer=JsonSerde(),
            client=options.client,
        )
        | Map(lambda record: record[1])
        | WithTimestamps(lambda e: e["t"], watermark=BoundedOutOfOrderness(5))
    )
    numbers = events | "number" >> Map(lambda e: (e["key"], e["n"]))
    write(
        "sessions",
        options,
        numbers
        | "into sessions" >> WindowInto(Sessions(GAP), allowed_lateness=LATENESS)
        | "sessions" >> GroupByKey()
        | "session rows" >> Map(window_row, "sessions"),
    )
    trigger = AfterWatermark(early=AfterCount(7), late=AfterCount(1))
    write(
        "fixed",
        options,
        numbers
        | "into windows"
        >> WindowInto(
            FixedWindows(SIZE),
            trigger=trigger,
            accumulation_mode=AccumulationMode.DISCARDING,
            allowed_lateness=LATENESS,
        )
        | "windows" >> GroupByKey()
        | "window rows" >> Map(window_row, "fixed"),
    )
    write(
        "running",
        options,
        numbers
        | "into one"
        >> WindowInto(
            GlobalWindows(), trigger=Repeatedly(AfterCount(20)), accumulation_mode=AccumulationMode.ACCUMULATING
        )
        | "totals" >> CombinePerKey(combiners.TupleCombineFn(len, sum).with_common_input())
        | "total rows" >> Map(total_row),
    )


def window_row(group: Any, branch: str, window: Any = DoFn.WindowParam, pane: Any = DoFn.PaneInfoParam) -> Event:
    """The row of a discarding pane."""
    key, numbers = group
    bounds = [round(float(window.start), 3), round(float(window.end), 3)]
    return {"branch": branch, "key": key, "window": bounds, "index": pane.index, "numbers": list(numbers)}


def total_row(total: Any, pane: Any = DoFn.PaneInfoParam) -> Event:
    """The row of a running total."""
    key, totals = total
    return {"branch": "running", "key": key, "window": [], "index": pane.index, "total": list(totals)}


def write(branch: str, options: argparse.Namespace, rows: PCollection[Event]) -> None:
    """Writes rows in the transactions of the checkpoints."""
    _ = rows | f"write {branch}" >> WriteToKafka(
        options.output,
        options.bootstrap,
        key=lambda row: row["key"].encode(),
        value_serializer=JsonSerde(),
        delivery="exactly_once",
        client=options.client,
        producer_config={"transaction.timeout.ms": 10_000},
    )


def signal_at(fault: Fault, sent: signal.Signals) -> None:
    """Has this process signalled at a command of the commit protocol: SIGKILL for its end, SIGSTOP for a pause."""
    (kind,) = (known for known in commit_driver.HANDLERS if known.__name__ == fault.command)
    carry_out = commit_driver.HANDLERS[kind]
    left = fault.number

    async def signalled(driver: Any, command: Any) -> Any:
        nonlocal left
        left -= 1
        if not left and not fault.after:
            os.kill(os.getpid(), sent)
        result = await carry_out(driver, command)
        if not left:
            os.kill(os.getpid(), sent)
        return result

    commit_driver.HANDLERS[kind] = signalled


if __name__ == "__main__":
    main()
