"""Panes of sessions with a gap of ten seconds."""

from __future__ import annotations

from streamcore.model.windowing import TimestampCombiner
from streamcore.triggers import AfterCount, AfterProcessingTime, AfterWatermark, Repeatedly
from streamcore.windowing import Sessions
from tests.conformance.scenario import ACCUMULATING, Scenario

SESSIONS = Sessions(10)

SCENARIOS = [
    Scenario(
        "one pane for each session",
        SESSIONS,
        """
        a@1 b@5
        w14.9
        w15        -> [1,15) a+b on_time 0/0 first last
        c@30
        end        -> [30,40) c on_time 0/0 first last
        """,
    ),
    Scenario(
        "an element makes one of two sessions",
        SESSIONS,
        """
        a@1 c@16 w9
        b@8                                           # [1,11), [8,18) and [16,26) hang together
        w26        -> [1,26) a+b+c on_time 0/0 first last
        """,
    ),
    Scenario(
        "sessions that only touch stay apart",
        SESSIONS,
        """
        a@1 b@11
        end        -> [1,11) a on_time 0/0 first last; [11,21) b on_time 0/0 first last
        """,
    ),
    Scenario(
        "each key has its own",
        SESSIONS,
        """
        x:a@1 y:b@5 x:c@9
        end        -> x:[1,19) a+c on_time 0/0 first last; y:[5,15) b on_time 0/0 first last
        """,
    ),
    Scenario(
        "whether an element is too late is decided after the merge",
        SESSIONS,
        """
        a@12 w15
        b@4                                           # alone it would have ended at 14
        c@3                                           # [3,13) hangs together with [4,22)
        x:d@4                                         # dropped: this key has no session
        w22        -> [3,22) a+b+c on_time 0/0 first last
        """,
    ),
    Scenario(
        "a session that grows is a new window, whose panes are counted anew",
        SESSIONS,
        """
        a@1 b@2    -> [1,12) a+b early 0/-1 first
        c@3
        d@4        -> [1,14) a+b+c+d early 0/-1 first
        e@5
        w15        -> [1,15) a+b+c+d+e on_time 0/0 first last
        """,
        AfterWatermark(early=AfterCount(2)),
        ACCUMULATING,
    ),
    Scenario(
        "early panes of a session that does not grow",
        SESSIONS,
        """
        a@1 b@9          -> [1,19) a+b early 0/-1 first
        c@3 d@4          -> [1,19) c+d early 1/-1      # within the session
        w19              -> [1,19) - on_time 2/0 last
        """,
        AfterWatermark(early=AfterCount(2)),
    ),
    Scenario(
        "a late element within a session",
        SESSIONS,
        """
        a@1 b@9 w20      -> [1,19) a+b on_time 0/0 first
        c@3              -> [1,19) c late 1/1
        """,
        lateness=100,
    ),
    Scenario(
        "a late element that makes a session grow",
        SESSIONS,
        """
        a@1 w20          -> [1,11) a on_time 0/0 first
        b@3              -> [1,13) a+b late 0/0 first  # a new window, past its end
        """,
        AfterWatermark(late=AfterCount(1)),
        ACCUMULATING,
        lateness=100,
    ),
    Scenario(
        "the delay of a session that grows starts with its first element",
        SESSIONS,
        """
        a@1 p5 b@2
        p5               -> [1,12) a+b early 0/-1 first
        p5                                             # nothing new
        """,
        Repeatedly(AfterProcessingTime(10)),
    ),
    Scenario(
        "at the earliest element of the merged session",
        SESSIONS,
        """
        a@16 b@8 c@1
        w26              -> [1,26) a+b+c on_time 0/0 first last @1
        """,
        combiner=TimestampCombiner.OUTPUT_AT_EARLIEST,
    ),
    Scenario(
        "counts of sessions that become one are added",
        SESSIONS,
        """
        a@1 b@16                                       # one each
        c@8              -> [1,26) a+b+c early 0/-1 first
        """,
        Repeatedly(AfterCount(3)),
    ),
]
