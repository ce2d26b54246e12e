"""What is in the state directories under `kept`, and how they were made.

`python -m tests.engine.state.kept_contents tests/engine/state/kept/formatN` makes one of the present format. Those of
earlier formats are not made anew: they show that this version can still read them.
"""

from __future__ import annotations

import datetime
import sys
import uuid
import zoneinfo
from collections import Counter, OrderedDict, defaultdict, deque
from decimal import Decimal
from fractions import Fraction
from typing import Any

from streamcore.engine.core.kernels import ABSENT
from streamcore.engine.state.columns import encode
from streamcore.engine.state.directory import StateDirectory
from streamcore.engine.state.pieces import Piece
from streamcore.model.pane import PaneInfo, PaneInfoTiming
from streamcore.model.window import GlobalWindow, IntervalWindow
from streamcore.timestamp import Duration, Timestamp
from streamcore.transforms.combine_fn import EMPTY
from streamcore.transforms.combiners.tuples import fields_type
from tests.engine.state import kinds

MOMENT = datetime.datetime(2024, 10, 27, 2, 30, 0, 5, fold=1)
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")

VALUES: list[Any] = [
    *(None, ..., ABSENT, EMPTY, GlobalWindow()),
    *(True, 1, -(2**63), 2**64, 1.5, -0.0, float("nan"), 1j, Decimal("1.50"), Fraction(1, 3)),
    *("text", "\ud800", b"bytes", bytearray(b"array")),
    *((), (1, "a"), (1,) * 100, [], [1, [2.0]], {}, {"a": 1}, {1: "a", None: [2]}, {3}, frozenset({4})),
    *(deque([1], 3), Counter("ab"), OrderedDict(b=1, a=2), defaultdict(list, a=[1])),
    *(MOMENT, MOMENT.replace(tzinfo=BERLIN), MOMENT.date(), MOMENT.time(), datetime.timedelta(1, 2, 3)),
    *(datetime.timezone(datetime.timedelta(hours=1), "one"), datetime.UTC, BERLIN, uuid.UUID(int=7)),
    *(Timestamp(1.5), Duration(2), IntervalWindow(0, 60), PaneInfo(True, False, PaneInfoTiming.LATE, 3, 2)),
    *(kinds.Colour.RED, kinds.Access.READ | kinds.Access.WRITE, kinds.Point(1, "y"), kinds.Plain(1, [2])),
    *(kinds.Slotted("a"), kinds.Box(2), kinds.TenantWindow("t", 5), kinds.Total(1, 2.5), kinds.Frozen(left=1)),
    fields_type(2)(1, 2.5),
]
TABLE: list[Any] = [{"count": n, "name": str(n)} for n in range(3)]
FIRST = [Piece("Count", "[0.0, 60.0)", encode(VALUES)), Piece("Count", "[60.0, 120.0)", encode(TABLE))]
SECOND = [Piece("Mean", "", encode([]))]


def main(path: str) -> None:
    with StateDirectory.open(path) as state:
        state.prepare(0, b"first", FIRST, [])
        state.apply(0)
        state.savepoint("kept")
        state.prepare(1, b"second", SECOND, [FIRST[0][:2]])
        state.apply(1)
        state.prepare(2, b"undecided", [], [])


if __name__ == "__main__":
    main(sys.argv[1])
