"""The jobs as a good programmer writes them with no engine: the yardstick for every other way to run them.

Each loop reads JSON lines and writes JSON lines as windows close, holding only what is still open. They are meant to
be as fast as plain Python with dictionaries gets. What they share was measured against the other ways of doing it:

- The comparisons with the watermark and with the window at hand are one: `low <= ts < high` ends at the end of the
  window or where the watermark closes the oldest one, whichever comes first.
- With windows or panes of 10 s one event in twenty is too late for the newest, and is counted without leaving it.
- Two dictionaries of numbers beat one of `[count, sum]` lists: nothing for the garbage collector to follow.
- Rows are written one by one: collecting them first costs more memory traffic than the calls it saves.
"""

from collections.abc import Callable
from pathlib import Path

from benchmarks.loops.events import j1, j2, j4
from benchmarks.loops.nexmark import q1, q2, q5, q7, q8
from benchmarks.loops.sessions import j3

LOOPS: dict[str, Callable[[Path, Path], None]] = {
    "j1": j1,
    "j2": j2,
    "j3": j3,
    "j4": j4,
    "q1": q1,
    "q2": q2,
    "q5": q5,
    "q7": q7,
    "q8": q8,
}
