"""Random cases as plain data, which both engines can be given."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

Case = dict[str, Any]
Tree = Any

# Event times are far from processing times, which Beam takes for one another in places.
BASE = 1_000_000

COMBINERS = ["OUTPUT_AT_EOW", "OUTPUT_AT_EOW", "OUTPUT_AT_EARLIEST", "OUTPUT_AT_LATEST"]


def cases(seed: int) -> Iterator[Case]:
    """Cases without end, the same ones for the same seed."""
    source = random.Random(seed)
    while True:
        yield _case(source)


def triggers_in(tree: Tree) -> Iterator[str]:
    """The names of all triggers of a tree."""
    if isinstance(tree, list):
        yield tree[0]
        for part in tree[1:]:
            yield from triggers_in(part)


def has_inside(tree: Tree, outer: str, inner: str) -> bool:
    """Whether a trigger of the one kind has one of the other kind somewhere in it."""
    if not isinstance(tree, list):
        return False
    if tree[0] == outer and any(inner in triggers_in(part) for part in tree[1:]):
        return True
    return any(has_inside(part, outer, inner) for part in tree[1:])


def written(tree: Tree) -> str:
    """A trigger as one would write it."""
    if not isinstance(tree, list):
        return str(tree)
    return f"{tree[0]}({', '.join(map(written, tree[1:]))})"


def _case(source: random.Random) -> Case:
    window = _window(source)
    trigger = _trigger(source, source.choice([1, 1, 2, 2, 3]))
    if window["kind"] == "global" and trigger == ["DefaultTrigger"]:
        trigger = ["AfterWatermark", None, None]  # both engines refuse what would never put anything out
    return {
        "base": BASE,
        "window": window,
        "trigger": trigger,
        "mode": source.choice(["DISCARDING", "ACCUMULATING"]),
        "combiner": source.choice(COMBINERS),
        "lateness": source.choice([0, 0, 3, 10, 1000]),
        "events": _events(source),
    }


def _window(source: random.Random) -> Case:
    kind = source.choice(["fixed", "fixed", "sliding", "sessions", "sessions", "global"])
    if kind == "fixed":
        return {"kind": kind, "size": source.choice([5, 10])}
    if kind == "sliding":
        # Beam's runner fails at elements that are in no window, so windows leave no gaps.
        return {"kind": kind, "size": source.choice([7, 10]), "period": source.choice([4, 5, 7])}
    return {"kind": kind, "gap": source.choice([3, 6])} if kind == "sessions" else {"kind": kind}


def _trigger(source: random.Random, depth: int) -> Tree:
    if depth == 0 or source.random() < 0.3:
        leaf = source.choice(["AfterCount", "AfterProcessingTime", "AfterWatermark", "Always", "DefaultTrigger"])
        if leaf == "AfterCount":
            return [leaf, source.randint(1, 3)]
        if leaf == "AfterProcessingTime":
            return [leaf, source.randint(1, 5)]
        return [leaf, None, None] if leaf == "AfterWatermark" else [leaf]
    kind = source.choice(["Repeatedly", "Repeatedly", "AfterWatermark", "AfterAll", "AfterAny", "AfterEach"])
    if kind == "Repeatedly":
        return [kind, _trigger(source, depth - 1)]
    if kind == "AfterWatermark":
        return [kind, *(source.choice([None, _trigger(source, depth - 1)]) for _ in range(2))]
    return [kind, *(_trigger(source, depth - 1) for _ in range(2))]


def _events(source: random.Random) -> list[list[Any]]:
    events: list[list[Any]] = []
    front, watermark = 0, -1
    keys = "abc"[: source.randint(1, 3)]
    for number in range(source.randint(1, 14)):
        kind = source.random()
        if kind < 0.2:
            events.append(["clock", source.randint(1, 6)])
        elif kind < 0.45:
            front += source.choice([0, 2, 5])
            watermark = max(watermark + 1, front - source.randint(0, 6))
            events.append(["watermark", watermark])
        else:
            front += source.choice([0, 1, 1, 3])
            events.append(["element", source.choice(keys), number, max(front - source.choice([0, 0, 1, 4, 12]), 0)])
    # Beam's runner does not end while a timer of processing time is set.
    return [*events, ["clock", 100]]
