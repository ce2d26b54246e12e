"""Runs cases on Apache Beam; started with Beam's interpreter, and knows nothing of streamcore.

Takes cases as JSON lines on stdin and answers each with a JSON line: its panes, or the error that Beam raised.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import StandardOptions, TypeOptions
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.test_stream import TestStream
from apache_beam.transforms import trigger, window
from apache_beam.transforms.window import TimestampCombiner

# Filled by `Collect`, which runs in this process.
PANES: list[dict[str, Any]] = []


class Collect(beam.DoFn):
    """Keeps what comes out."""

    def process(
        self,
        element,
        timestamp=beam.DoFn.TimestampParam,
        pane_window=beam.DoFn.WindowParam,
        pane=beam.DoFn.PaneInfoParam,
    ):
        key, values = element
        PANES.append(
            {
                "key": key,
                "window": [pane_window.start.micros, pane_window.end.micros],
                "values": sorted(values),
                "timestamp": timestamp.micros,
                "timing": ("EARLY", "ON_TIME", "LATE", "UNKNOWN")[pane.timing],
                "is_first": pane.is_first,
                "is_last": pane.is_last,
                "index": pane.index,
                "nonspeculative_index": pane.nonspeculative_index,
            }
        )


def make_windows(spec: dict[str, Any]) -> window.WindowFn:
    if spec["kind"] == "fixed":
        return window.FixedWindows(spec["size"])
    if spec["kind"] == "sliding":
        return window.SlidingWindows(spec["size"], spec["period"])
    if spec["kind"] == "sessions":
        return window.Sessions(spec["gap"])
    return window.GlobalWindows()


def make_trigger(tree: Any) -> Any:
    if not isinstance(tree, list):
        return tree
    name, *parts = tree
    return getattr(trigger, name)(*map(make_trigger, parts))


def make_stream(events: list[list[Any]], base: int) -> TestStream:
    stream = TestStream()
    for kind, *rest in events:
        if kind == "element":
            key, value, time = rest
            stream = stream.add_elements([window.TimestampedValue((key, value), base + time)])
        elif kind == "watermark":
            stream = stream.advance_watermark_to(base + rest[0])
        else:
            stream = stream.advance_processing_time(rest[0])
    return stream.advance_watermark_to_infinity()


def run(case: dict[str, Any]) -> list[dict[str, Any]]:
    PANES.clear()
    pipeline = TestPipeline(runner="BundleBasedDirectRunner")
    pipeline.options.view_as(StandardOptions).streaming = True
    pipeline.options.view_as(TypeOptions).allow_unsafe_triggers = True
    _ = (
        pipeline
        | make_stream(case["events"], case["base"])
        | beam.WindowInto(
            make_windows(case["window"]),
            trigger=make_trigger(case["trigger"]),
            accumulation_mode=getattr(trigger.AccumulationMode, case["mode"]),
            timestamp_combiner=getattr(TimestampCombiner, case["combiner"]),
            allowed_lateness=case["lateness"],
        )
        | beam.GroupByKey()
        | beam.ParDo(Collect())
    )
    try:
        pipeline.run().wait_until_finish()
    except TypeError as error:
        # How the runner tells that elements which never came out hold the watermark back to the end.
        if "must derive from BaseException" not in str(error):
            raise
    return list(PANES)


def answer(line: str) -> dict[str, Any]:
    try:
        return {"panes": run(json.loads(line))}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    logging.disable(logging.CRITICAL)
    out = sys.stdout
    # Nothing that Beam prints may come between the answers.
    sys.stdout = sys.stderr
    for line in sys.stdin:
        print(json.dumps(answer(line)), file=out, flush=True)
