"""Panes of fixed windows of a minute under counts, clocks and composites of them."""

from __future__ import annotations

from streamcore.triggers import (
    AfterAll,
    AfterAny,
    AfterCount,
    AfterEach,
    AfterProcessingTime,
    AfterWatermark,
    Always,
    Never,
    OrFinally,
    Repeatedly,
)
from streamcore.windowing import FixedWindows
from tests.conformance.scenario import ACCUMULATING, Scenario

MINUTE = FixedWindows(60)

COUNTS_AND_CLOCKS = [
    Scenario(
        "repeated count: the rest comes out when the window closes",
        MINUTE,
        """
        a@5 b@6  -> [0,60) a+b early 0/-1 first
        c@7
        w60      -> [0,60) c on_time 1/0 last
        """,
        Repeatedly(AfterCount(2)),
    ),
    Scenario(
        "repeated count: nothing is left when the window closes",
        MINUTE,
        """
        a@5 b@6  -> [0,60) a+b early 0/-1 first
        w60                                      # the trigger does not ask for an on-time pane
        """,
        Repeatedly(AfterCount(2)),
    ),
    Scenario(
        "repeated count: after the end of the window its panes are late",
        MINUTE,
        """
        a@5
        w60                                      # the end means nothing to the trigger
        b@6      -> [0,60) a+b late 0/0 first
        c@7
        w90      -> [0,60) c late 1/1 last
        """,
        Repeatedly(AfterCount(2)),
        lateness=30,
    ),
    Scenario(
        "one count: further elements are ignored",
        MINUTE,
        """
        a@5 b@6 c@7  -> [0,60) a+b early 0/-1 first last
        d@8
        """,
        AfterCount(2),
    ),
    Scenario(
        "a count that is never reached",
        MINUTE,
        """
        a@5
        w60      -> [0,60) a on_time 0/0 first last
        """,
        AfterCount(5),
    ),
    Scenario(
        "always: a pane for each element",
        MINUTE,
        """
        a@5 b@6  -> [0,60) a early 0/-1 first; [0,60) a+b early 1/-1
        w60
        c@7      -> [0,60) a+b+c late 2/0
        """,
        Always(),
        ACCUMULATING,
        lateness=30,
    ),
    Scenario(
        "never: until the window closes",
        MINUTE,
        """
        a@5 b@6
        p100 w59
        w60      -> [0,60) a+b on_time 0/0 first last
        """,
        Never(),
    ),
    Scenario(
        "repeated delay, accumulating",
        MINUTE,
        """
        a@5 p9
        b@6                                      # does not start the delay again
        p1       -> [0,60) a+b early 0/-1 first
        p60                                      # nothing new
        c@7 p9.999999
        p0.000001 -> [0,60) a+b+c early 1/-1     # ten seconds after the first element since the pane
        w60                                      # nothing new
        """,
        Repeatedly(AfterProcessingTime(10)),
        ACCUMULATING,
    ),
    Scenario(
        "one delay: further elements are ignored",
        MINUTE,
        """
        a@5
        p60      -> [0,60) a early 0/-1 first last  # a clock that jumps
        b@6
        """,
        AfterProcessingTime(10),
    ),
    Scenario(
        "the delays of two windows run each for itself",
        MINUTE,
        """
        a@5 p5 b@65
        p5       -> [0,60) a early 0/-1 first
        p5       -> [60,120) b early 0/-1 first
        """,
        Repeatedly(AfterProcessingTime(10)),
    ),
]

COMPOSITES = [
    Scenario(
        "a count or a delay, whichever comes first",
        MINUTE,
        """
        a@5 b@6 c@7  -> [0,60) a+b+c early 0/-1 first
        d@8
        p10          -> [0,60) d early 1/-1
        """,
        Repeatedly(AfterAny(AfterCount(3), AfterProcessingTime(10))),
    ),
    Scenario(
        "a count and a delay, whichever comes last",
        MINUTE,
        """
        a@5 b@6
        p10      -> [0,60) a+b early 0/-1 first
        c@7 p10
        d@8      -> [0,60) c+d early 1/-1
        """,
        Repeatedly(AfterAll(AfterCount(2), AfterProcessingTime(10))),
    ),
    Scenario(
        "two counts in turn",
        MINUTE,
        """
        a@5 b@6 c@7 d@8 e@9  -> [0,60) a+b early 0/-1 first; [0,60) c early 1/-1; [0,60) d+e early 2/-1
        f@10                 -> [0,60) f early 3/-1
        """,
        Repeatedly(AfterEach(AfterCount(2), AfterCount(1))),
    ),
    Scenario(
        "a sequence ends with its last part",
        MINUTE,
        """
        a@5 b@6 c@7          -> [0,60) a early 0/-1 first; [0,60) b+c early 1/-1 last
        d@8 w60
        """,
        AfterEach(AfterCount(1), AfterCount(2)),
    ),
    Scenario(
        "counts until the clock says stop",
        MINUTE,
        """
        a@5 b@6  -> [0,60) a+b early 0/-1 first
        c@7
        p10      -> [0,60) c early 1/-1 last
        d@8
        """,
        OrFinally(Repeatedly(AfterCount(2)), AfterProcessingTime(10)),
    ),
    Scenario(
        "the end of the window or a count, repeated",
        MINUTE,
        """
        a@5 b@6 c@7  -> [0,60) a+b+c early 0/-1 first
        d@8
        w60          -> [0,60) d on_time 1/0
        e@9          -> [0,60) e late 2/1      # the end stays passed
        """,
        Repeatedly(AfterAny(AfterCount(3), AfterWatermark())),
        lateness=30,
    ),
]

SCENARIOS = [*COUNTS_AND_CLOCKS, *COMPOSITES]
