"""j1 on Faust: `python faust_j1.py BOOTSTRAP SOURCE SINK EVENTS`.

Prints the seconds from the first event to the last. Faust keeps windowed tables up to date, and closes windows by the
clock on the wall, not by event time. So nothing is emitted here as windows close; the rows are what the tables hold at
the end, and the time to write them does not count.
"""

import asyncio
import sys
import tempfile
import time

import faust
from faust.types import StreamT

BOOTSTRAP, SOURCE, SINK, EVENTS = sys.argv[1:]
PARTITIONS = 4


class Event(faust.Record, serializer="json"):
    """A page event."""

    user: str
    ts: int
    amount: float
    kind: str
    page: str


class Row(faust.Record, serializer="json", include_metadata=False):
    """The row of a user and window."""

    user: str
    ws: int
    n: int
    total: float


state = tempfile.TemporaryDirectory()
app = faust.App(SINK, broker=f"kafka://{BOOTSTRAP}", datadir=state.name, topic_partitions=PARTITIONS, web_enabled=False)
events = app.topic(SOURCE, key_type=str, value_type=Event)
rows = app.topic(SINK, key_type=str, value_type=Row)
# Windows by the timestamps of the records, which are the events' times.
counts = app.Table("counts", default=int, partitions=PARTITIONS).tumbling(60.0)
totals = app.Table("totals", default=float, partitions=PARTITIONS).tumbling(60.0)


times: list[float] = []
is_done = asyncio.Event()


@app.agent(events)
async def count(stream: StreamT[Event]) -> None:
    """Count and sum."""
    async for event in stream:
        counts[event.user] += 1
        totals[event.user] += event.amount
        times.append(time.perf_counter())
        if len(times) == int(EVENTS):
            is_done.set()


async def write_rows() -> None:
    """Write what the tables hold."""
    for key, n in counts.table.items():
        user, (start, _) = key
        await rows.send(key=user, value=Row(user=user, ws=round(start * 1000), n=n, total=totals.table[key]))
    await app.producer.flush()


async def main() -> None:
    """Run until all events have been processed."""
    await app.start()
    await is_done.wait()
    await write_rows()
    await app.stop()


with state:
    asyncio.run(main())
print(times[-1] - times[0])
