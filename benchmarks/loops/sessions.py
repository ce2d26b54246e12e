"""Sessions per user, which merge, so they need more than a dictionary of windows."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from benchmarks.data import WATERMARK_LAG
from benchmarks.loops.closing import BUFFER

Write = Callable[[bytes], object]

# Start, end, count, the user's session before this one while that is open, and the user. A list, because making one is
# several times faster than making an object. A count of 0 marks a session that was merged into another.
Session = list[Any]
START, END, COUNT, BEFORE, USER = range(5)

GAP = 30_000
# Sessions wait for the watermark in buckets by the second in which they end, so one is written at most a second of
# event time after it closed. A heap would be exact and a quarter slower.
TICK = 1_000


def j3(source: Path, sink: Path) -> None:
    """Count per user in sessions with a gap of 30 s."""
    loads = orjson.loads
    newest: dict[str, Session] = {}
    buckets: dict[int, list[Session]] = {}
    due = math.inf
    find = newest.get
    with source.open("rb", BUFFER) as lines, sink.open("wb", BUFFER) as rows:
        for line in lines:
            event = loads(line)
            ts = event["ts"]
            if ts >= due:
                due = _close(buckets, newest, ts - WATERMARK_LAG, rows.write)
            user = event["user"]
            session = find(user)
            # Literal indexes: CPython is faster with them than with the names.
            if session is None or ts >= session[1]:
                session = newest[user] = [ts, ts + GAP, 1, session, user]
                bucket = (ts + GAP) // TICK
                if bucket in buckets:
                    buckets[bucket].append(session)
                else:
                    buckets[bucket] = [session]
                    due = min(due, (bucket + 1) * TICK + WATERMARK_LAG)
            elif ts >= session[0]:
                session[2] += 1
                if ts + GAP > session[1]:
                    session[1] = ts + GAP
            else:
                _extend_backwards(session, ts)
        _close(buckets, newest, math.inf, rows.write)


def _extend_backwards(session: Session, ts: int) -> None:
    """Add an event that came late, before the start of the user's newest session.

    Nothing comes later than the watermark, and the watermark is closer to this session than the gap is long. So the
    event belongs to it, at most joins it to the one before, and reaches none before that.
    """
    session[START] = ts
    session[COUNT] += 1
    before = session[BEFORE]
    if before is not None and ts < before[END]:
        session[START] = before[START]
        session[COUNT] += before[COUNT]
        session[BEFORE] = None
        before[COUNT] = 0


def _close(buckets: dict[int, list[Session]], newest: dict[str, Session], watermark: float, write: Write) -> float:
    """Write the sessions in the buckets that the watermark has passed; return the timestamp that makes the next due."""
    dumps, newline = orjson.dumps, orjson.OPT_APPEND_NEWLINE
    while buckets:
        oldest = min(buckets)
        until = (oldest + 1) * TICK
        if until > watermark:
            return until + WATERMARK_LAG
        for session in buckets.pop(oldest):
            start, end, n, _, user = session
            if not n:
                continue
            if end >= until:
                # It grew since it was put here: look again when it ends now.
                buckets.setdefault(end // TICK, []).append(session)
                continue
            if newest[user] is session:
                del newest[user]
            else:
                # No event can reach it any more: without this, a user's sessions would hold on to each other.
                newest[user][BEFORE] = None
            write(dumps({"user": user, "start": start, "end": end, "n": n}, None, newline))
    return math.inf
