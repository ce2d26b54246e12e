"""Panes of fixed windows of a minute: by default, early and late, closing, and their timestamps."""

from __future__ import annotations

from streamcore.model.windowing import ClosingBehavior, OnTimeBehavior, TimestampCombiner
from streamcore.triggers import AfterCount, AfterProcessingTime, AfterWatermark, Always
from streamcore.windowing import FixedWindows
from tests.conformance.scenario import ACCUMULATING, Scenario

MINUTE = FixedWindows(60)
EARLY_AND_LATE = AfterWatermark(early=AfterCount(2), late=AfterCount(1))

DEFAULT_TRIGGER = [
    Scenario(
        "default: one pane at the end, then nothing",
        MINUTE,
        """
        a@5 b@59        # in the window
        w59.999999      # its last moment may still come
        w60             -> [0,60) a+b on_time 0/0 first last  # no lateness: the on-time pane is the last one
        c@10            # dropped
        d@70            # the next window
        end             -> [60,120) d on_time 0/0 first last  # the end of input is the end of all windows
        """,
    ),
    Scenario(
        "default: every late element has a pane",
        MINUTE,
        """
        a@5
        w60        -> [0,60) a on_time 0/0 first  # more may come
        b@6        -> [0,60) b late 1/1
        c@7        -> [0,60) c late 2/2
        w89.999999
        d@8        -> [0,60) d late 3/3           # the last moment of the lateness
        w90                                       # expires; nothing new, so no pane says that it was the last
        e@9                                       # dropped
        """,
        lateness=30,
    ),
    Scenario(
        "default: elements that come together are late one by one",
        MINUTE,
        """
        a@5 w60      -> [0,60) a on_time 0/0 first
        b@6 c@7      -> [0,60) b late 1/1; [0,60) c late 2/2  # never a function of the bundles
        """,
        lateness=30,
    ),
    Scenario(
        "default, accumulating: late panes hold everything",
        MINUTE,
        """
        a@5 w60  -> [0,60) a on_time 0/0 first
        b@6      -> [0,60) a+b late 1/1
        c@7      -> [0,60) a+b+c late 2/2
        """,
        mode=ACCUMULATING,
        lateness=30,
    ),
    Scenario(
        "default: a window whose first element is late has no on-time pane",
        MINUTE,
        """
        w70
        a@5      -> [0,60) a late 0/0 first  # the watermark had passed the end before
        b@6      -> [0,60) b late 1/1
        """,
        lateness=30,
    ),
    Scenario(
        "default: keys and windows have panes of their own",
        MINUTE,
        """
        x:a@5 y:b@6 x:c@65
        w60       -> x:[0,60) a on_time 0/0 first; y:[0,60) b on_time 0/0 first
        y:d@7     -> y:[0,60) d late 1/1     # only this key's number goes on
        w120      -> x:[60,120) c on_time 0/0 first
        """,
        lateness=30,
    ),
    Scenario(
        "default: lateness is judged by the watermark just before the element",
        MINUTE,
        """
        w59 a@5 w60 b@6  -> [0,60) a on_time 0/0 first last
        """,
    ),
    Scenario(
        "default: a watermark that passes several windows fires them all",
        MINUTE,
        """
        a@5 b@65 c@125
        w180   -> [0,60) a on_time 0/0 first last; [60,120) b on_time 0/0 first last; [120,180) c on_time 0/0 first last
        """,
    ),
]

EARLY_ON_TIME_LATE = [
    Scenario(
        "early, on time and late, discarding",
        MINUTE,
        """
        a@5                                          # one element is too few
        b@6    -> [0,60) a+b early 0/-1 first
        c@7
        w60    -> [0,60) c on_time 1/0               # what is new since the early pane
        d@8    -> [0,60) d late 2/1
        w90                                          # nothing new
        """,
        EARLY_AND_LATE,
        lateness=30,
    ),
    Scenario(
        "early, on time and late, accumulating",
        MINUTE,
        """
        a@5
        b@6    -> [0,60) a+b early 0/-1 first
        c@7
        w60    -> [0,60) a+b+c on_time 1/0
        d@8    -> [0,60) a+b+c+d late 2/1
        """,
        EARLY_AND_LATE,
        ACCUMULATING,
        lateness=30,
    ),
    Scenario(
        "early panes are repeated, also within one bundle",
        MINUTE,
        """
        a@5 b@6 c@7 d@8 e@9  -> [0,60) a+b early 0/-1 first; [0,60) c+d early 1/-1
        w60                  -> [0,60) e on_time 2/0 last  # no late trigger: finished
        """,
        AfterWatermark(early=AfterCount(2)),
    ),
    Scenario(
        "the on-time pane comes out empty",
        MINUTE,
        """
        a@5 b@6  -> [0,60) a+b early 0/-1 first
        w60      -> [0,60) - on_time 1/0 last
        """,
        AfterWatermark(early=AfterCount(2)),
    ),
    Scenario(
        "the on-time pane comes out with nothing new, accumulating",
        MINUTE,
        """
        a@5 b@6  -> [0,60) a+b early 0/-1 first
        w60      -> [0,60) a+b on_time 1/0 last
        """,
        AfterWatermark(early=AfterCount(2)),
        ACCUMULATING,
    ),
    Scenario(
        "no on-time pane with nothing new, where none is wanted",
        MINUTE,
        """
        a@5 b@6  -> [0,60) a+b early 0/-1 first
        w60                                       # nothing new
        c@7      -> [0,60) c late 1/0             # the first pane that is not early, but late
        """,
        EARLY_AND_LATE,
        lateness=30,
        on_time=OnTimeBehavior.FIRE_IF_NON_EMPTY,
    ),
    Scenario(
        "no on-time pane with nothing new, where none is wanted, accumulating",
        MINUTE,
        """
        a@5 b@6  -> [0,60) a+b early 0/-1 first
        w60                                       # nothing new, though the pane would not be empty
        c@7      -> [0,60) a+b+c late 1/0
        """,
        EARLY_AND_LATE,
        ACCUMULATING,
        lateness=30,
        on_time=OnTimeBehavior.FIRE_IF_NON_EMPTY,
    ),
    Scenario(
        "the count of the early panes is over at the end",
        MINUTE,
        """
        a@5 b@6                                   # two of three
        w60      -> [0,60) a+b on_time 0/0 first
        c@7                                       # one of two
        d@8      -> [0,60) c+d late 1/1
        """,
        AfterWatermark(early=AfterCount(3), late=AfterCount(2)),
        lateness=30,
    ),
    Scenario(
        "what is left when the window expires comes out last",
        MINUTE,
        """
        a@5 w60  -> [0,60) a on_time 0/0 first
        b@6                                       # one of three
        w90      -> [0,60) b late 1/1 last
        """,
        AfterWatermark(late=AfterCount(3)),
        lateness=30,
    ),
    Scenario(
        "after the watermark without a late trigger: late elements are ignored",
        MINUTE,
        """
        a@5 w60  -> [0,60) a on_time 0/0 first last  # finished, before the window has expired
        b@6
        """,
        AfterWatermark(),
        lateness=30,
    ),
    Scenario(
        "early by the clock, late at once, accumulating",
        MINUTE,
        """
        a@5
        p10      -> [0,60) a early 0/-1 first        # ten seconds after its first element
        p50                                          # nothing new
        b@6 p9
        w60      -> [0,60) a+b on_time 1/0           # before the clock's next pane was due
        p60
        c@7      -> [0,60) a+b+c late 2/1
        """,
        AfterWatermark(early=AfterProcessingTime(10), late=Always()),
        ACCUMULATING,
        lateness=30,
    ),
]

CLOSING = [
    Scenario(
        "an expiring window says so, where that is wanted",
        MINUTE,
        """
        a@5 w60  -> [0,60) a on_time 0/0 first
        w90      -> [0,60) - late 1/1 last
        """,
        lateness=30,
        closing=ClosingBehavior.FIRE_ALWAYS,
    ),
    Scenario(
        "an expiring window says so with everything, accumulating",
        MINUTE,
        """
        a@5 w60  -> [0,60) a on_time 0/0 first
        b@6      -> [0,60) a+b late 1/1
        w90      -> [0,60) a+b late 2/2 last
        """,
        mode=ACCUMULATING,
        lateness=30,
        closing=ClosingBehavior.FIRE_ALWAYS,
    ),
    Scenario(
        "without lateness the on-time pane is the closing one",
        MINUTE,
        """
        a@5 w60  -> [0,60) a on_time 0/0 first last
        """,
        closing=ClosingBehavior.FIRE_ALWAYS,
    ),
    Scenario(
        "a trigger that has finished closes nothing",
        MINUTE,
        """
        a@5 b@6  -> [0,60) a+b early 0/-1 first last
        w90
        """,
        AfterCount(2),
        lateness=30,
        closing=ClosingBehavior.FIRE_ALWAYS,
    ),
]

TIMESTAMPS = [
    Scenario(
        "at the earliest element",
        MINUTE,
        """
        a@7 b@5 c@9
        w60      -> [0,60) a+b+c on_time 0/0 first last @5
        """,
        combiner=TimestampCombiner.OUTPUT_AT_EARLIEST,
    ),
    Scenario(
        "at the latest element",
        MINUTE,
        """
        a@7 b@9 c@5
        w60      -> [0,60) a+b+c on_time 0/0 first last @9
        """,
        combiner=TimestampCombiner.OUTPUT_AT_LATEST,
    ),
    Scenario(
        "at the earliest element that is not behind the output watermark",
        MINUTE,
        """
        w30
        a@5                                          # its time has passed on the output
        b@40 c@50
        w60      -> [0,60) a+b+c on_time 0/0 first last @40
        """,
        combiner=TimestampCombiner.OUTPUT_AT_EARLIEST,
    ),
    Scenario(
        "at the end of the window where all elements are behind the output watermark",
        MINUTE,
        """
        w30
        a@5 b@6
        w60      -> [0,60) a+b on_time 0/0 first last
        """,
        combiner=TimestampCombiner.OUTPUT_AT_EARLIEST,
    ),
    Scenario(
        "at the earliest element, in every accumulating pane",
        MINUTE,
        """
        a@5      -> [0,60) a early 0/-1 first @5
        b@7      -> [0,60) a+b early 1/-1 @5
        w60      -> [0,60) a+b on_time 2/0 last @5
        """,
        AfterWatermark(early=AfterCount(1)),
        ACCUMULATING,
        combiner=TimestampCombiner.OUTPUT_AT_EARLIEST,
    ),
    Scenario(
        "late panes are at the end of the window",
        MINUTE,
        """
        a@5 w60  -> [0,60) a on_time 0/0 first @5
        b@6      -> [0,60) b late 1/1
        """,
        lateness=30,
        combiner=TimestampCombiner.OUTPUT_AT_EARLIEST,
    ),
]

SCENARIOS = [*DEFAULT_TRIGGER, *EARLY_ON_TIME_LATE, *CLOSING, *TIMESTAMPS]
