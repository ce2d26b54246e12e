"""j1 on Quix Streams: `python quix_j1.py BOOTSTRAP SOURCE SINK EVENTS`.

Prints the seconds from the first event to the last. A window is emitted when an event of its partition comes more than
the grace after its end. There is no end of input: windows that are open at the end are not emitted.
"""

import sys
import tempfile
import time
from datetime import timedelta
from typing import Any

import quixstreams.dataframe.windows.aggregations as agg
from quixstreams import Application

BOOTSTRAP, SOURCE, SINK, EVENTS = sys.argv[1:]

times: list[float] = []


def take(topic: str, partition: int, offset: int) -> None:
    """An event has been processed."""
    times.append(time.perf_counter())
    if len(times) == int(EVENTS):
        app.stop()


def row(window: dict[str, Any], user: str, *_: object) -> dict[str, Any]:
    """The row of a user and window."""
    return {"user": user, "ws": window["start"], "n": window["n"], "total": window["total"]}


with tempfile.TemporaryDirectory() as state:
    app = Application(
        BOOTSTRAP,
        consumer_group=SINK,
        auto_offset_reset="earliest",
        state_dir=state,
        loglevel="WARNING",
        on_message_processed=take,
    )
    events = app.topic(SOURCE, key_deserializer="str", value_deserializer="json")
    totals = app.topic(SINK, key_serializer="str", value_serializer="json")
    (
        app.dataframe(events)
        .tumbling_window(timedelta(seconds=60), grace_ms=timedelta(seconds=10))
        .agg(n=agg.Count(), total=agg.Sum("amount"))
        .final(closing_strategy="partition")
        .apply(row, metadata=True)
        .to_topic(totals)
    )
    app.run()
print(times[-1] - times[0])
