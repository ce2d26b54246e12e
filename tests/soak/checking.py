"""Checks what came out against what went in, by other means than the engine's."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from tests.soak.story import Event

GAP = 10
SIZE = 30

Row = dict[str, Any]


def faults(events: Iterable[Event], rows: Iterable[Row]) -> list[str]:
    """What is wrong with the rows, in words; empty if nothing is.

    Args:
        events: All that was written to the input.
        rows: All that can be read from the output by a reader of committed records.
    """
    events = list(events)
    by_branch: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_branch[row["branch"]].append(row)
    found = []
    for branch, some in by_branch.items():
        panes = Counter((row["key"], tuple(row["window"]), row["index"]) for row in some)
        found += [f"{branch}: pane {pane} stands {n} times" for pane, n in panes.items() if n > 1]
    by_number = {event.number: event for event in events}
    for branch in ("sessions", "fixed"):
        found += _each_once(branch, by_branch[branch], by_number)
    found += _fixed_windows(by_branch["fixed"], by_number)
    found += _sessions(by_branch["sessions"], events)
    found += _running_totals(by_branch["running"], events)
    return found


def _each_once(branch: str, rows: list[Row], events: dict[int, Event]) -> list[str]:
    """Every event is in exactly one discarding pane, that of its key."""
    times = Counter(number for row in rows for number in row["numbers"])
    found = [f"{branch}: event {number} is lost" for number in events if number not in times]
    found += [f"{branch}: event {number} stands {n} times" for number, n in times.items() if n > 1]
    for row in rows:
        strange = [number for number in row["numbers"] if number not in events or events[number].key != row["key"]]
        found += [f"{branch}: event {number} stands under {row['key']}" for number in strange]
    return found


def _fixed_windows(rows: list[Row], events: dict[int, Event]) -> list[str]:
    """Events stand in the window of their time, and the panes of a window are numbered without a hole."""
    found = []
    indexes: dict[Any, set[int]] = defaultdict(set)
    for row in rows:
        begin, end = row["window"]
        indexes[row["key"], begin].add(row["index"])
        if end - begin != SIZE or begin % SIZE:
            found.append(f"fixed: {row['window']} is no window of {SIZE} s")
        outside = [number for number in row["numbers"] if number in events and not begin <= events[number].time < end]
        found += [f"fixed: event {number} does not belong to {row['window']}" for number in outside]
    holes = [where for where, known in indexes.items() if known != set(range(len(known)))]
    return found + [f"fixed: panes of {where} are missing" for where in holes]


def _sessions(rows: list[Row], events: list[Event]) -> list[str]:
    """Every pane lies within one session as all events together make them, and the last one spans it."""
    whole = _whole_sessions(events)
    reached: set[tuple[str, float, float]] = set()
    found = []
    for row in rows:
        key, (begin, end) = row["key"], row["window"]
        around = [session for session in whole[key] if session[0] <= begin and end <= session[1]]
        if not around:
            found.append(f"sessions: {row['window']} of {key} is no part of a session")
        elif around[0] == (begin, end):
            reached.add((key, begin, end))
    missing = {(key, *session) for key, sessions in whole.items() for session in sessions} - reached
    return found + [f"sessions: {session} never came out as a whole" for session in missing]


def _whole_sessions(events: list[Event]) -> dict[str, list[tuple[float, float]]]:
    times: dict[str, list[float]] = defaultdict(list)
    for event in events:
        times[event.key].append(event.time)
    return {key: _united(sorted(some)) for key, some in times.items()}


def _united(times: list[float]) -> list[tuple[float, float]]:
    sessions: list[tuple[float, float]] = []
    for time in times:
        if sessions and time < sessions[-1][1]:
            sessions[-1] = (sessions[-1][0], round(time + GAP, 3))
        else:
            sessions.append((time, round(time + GAP, 3)))
    return sessions


def _running_totals(rows: list[Row], events: list[Event]) -> list[str]:
    """The last accumulating pane of every key holds all its events."""
    last: dict[str, Row] = {}
    indexes: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        indexes[row["key"]].add(row["index"])
        if row["key"] not in last or row["index"] > last[row["key"]]["index"]:
            last[row["key"]] = row
    counts: Counter[str] = Counter(event.key for event in events)
    sums: Counter[str] = Counter()
    for event in events:
        sums[event.key] += event.number
    found = [
        f"running: panes of {key} are missing" for key, known in indexes.items() if known != set(range(len(known)))
    ]
    for key, count in counts.items():
        total = last[key]["total"] if key in last else None
        if total != [count, sums[key]]:
            found.append(f"running: the last total of {key} is {total}, not {[count, sums[key]]}")
    return found
