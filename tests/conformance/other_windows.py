"""Panes of sliding, calendar and global windows."""

from __future__ import annotations

from streamcore.model.windowing import TimestampCombiner
from streamcore.triggers import AfterCount, AfterProcessingTime, AfterWatermark, Repeatedly
from streamcore.windowing import CalendarWindows, GlobalWindows, SlidingWindows
from tests.conformance.scenario import ACCUMULATING, Scenario

SLIDING = SlidingWindows(60, 30)

SLIDING_SCENARIOS = [
    Scenario(
        "each window has its own pane",
        SLIDING,
        """
        a@5 b@35                                     # a in [-30,30) and [0,60), b in [0,60) and [30,90)
        w30      -> [-30,30) a on_time 0/0 first last
        w60      -> [0,60) a+b on_time 0/0 first last
        w90      -> [30,90) b on_time 0/0 first last
        """,
    ),
    Scenario(
        "the watermark passes several windows at once",
        SLIDING,
        """
        a@5 b@35
        w60      -> [-30,30) a on_time 0/0 first last; [0,60) a+b on_time 0/0 first last
        w90      -> [30,90) b on_time 0/0 first last
        """,
    ),
    Scenario(
        "an element is late for one of its windows",
        SLIDING,
        """
        w60
        a@35                                         # dropped for [0,60)
        w90      -> [30,90) a on_time 0/0 first last
        """,
    ),
    Scenario(
        "late in one window, on time in the other, accumulating",
        SLIDING,
        """
        a@35
        w60      -> [0,60) a on_time 0/0 first
        b@36     -> [0,60) a+b late 1/1
        w90      -> [30,90) a+b on_time 0/0 first    # and [0,60) expires
        c@37     -> [30,90) a+b+c late 1/1
        """,
        mode=ACCUMULATING,
        lateness=30,
    ),
    Scenario(
        "early counts of each window",
        SLIDING,
        """
        a@35 b@40  -> [0,60) a+b early 0/-1 first; [30,90) a+b early 0/-1 first
        c@65                                          # in [30,90) and [60,120)
        w60        -> [0,60) - on_time 1/0 last
        w90        -> [30,90) c on_time 1/0 last
        d@95       -> [60,120) c+d early 0/-1 first
        w120       -> [60,120) - on_time 1/0 last
        end        -> [90,150) d on_time 0/0 first last
        """,
        AfterWatermark(early=AfterCount(2)),
    ),
    Scenario(
        "gaps between the windows",
        SlidingWindows(20, 60),
        """
        a@5 b@25                                      # b is in no window
        end        -> [0,20) a on_time 0/0 first last
        """,
    ),
    Scenario(
        "offset windows",
        SlidingWindows(60, 30, 10),
        """
        a@45
        end        -> [10,70) a on_time 0/0 first last; [40,100) a on_time 0/0 first last
        """,
    ),
    Scenario(
        "at the earliest element of each window",
        SLIDING,
        """
        a@35 b@32 c@65
        w60        -> [0,60) a+b on_time 0/0 first last @32
        w90        -> [30,90) a+b+c on_time 0/0 first last @32
        w120       -> [60,120) c on_time 0/0 first last @65
        """,
        combiner=TimestampCombiner.OUTPUT_AT_EARLIEST,
    ),
    Scenario(
        "a delay for each window",
        SLIDING,
        """
        a@5
        p5 b@35
        p5         -> [-30,30) a early 0/-1 first; [0,60) a+b early 0/-1 first
        p5         -> [30,90) b early 0/-1 first
        """,
        Repeatedly(AfterProcessingTime(10)),
    ),
]

# 2024-03-31 in Berlin began at 23:00 UTC the day before and had 23 hours.
SPRING, AFTER_SPRING = 1711839600, 1711839600 + 23 * 3600

CALENDAR_SCENARIOS = [
    Scenario(
        "days in UTC",
        CalendarWindows.days(),
        """
        a@0 b@86399.9 c@86400
        w86400     -> [0,86400) a+b on_time 0/0 first last
        w172800    -> [86400,172800) c on_time 0/0 first last
        """,
    ),
    Scenario(
        "a day of 23 hours, with early and late panes",
        CalendarWindows.days(timezone="Europe/Berlin"),
        f"""
        a@{SPRING} b@{AFTER_SPRING - 1}  -> [{SPRING},{AFTER_SPRING}) a+b early 0/-1 first
        c@{AFTER_SPRING}                 # the next day
        w{AFTER_SPRING}                  -> [{SPRING},{AFTER_SPRING}) a+b on_time 1/0
        d@{SPRING + 1}                   -> [{SPRING},{AFTER_SPRING}) a+b+d late 2/1
        w{AFTER_SPRING + 3600}           # expires
        e@{SPRING + 2}                   # dropped
        w{AFTER_SPRING + 86400}          -> [{AFTER_SPRING},{AFTER_SPRING + 86400}) c on_time 0/0 first
        """,
        AfterWatermark(early=AfterCount(2), late=AfterCount(1)),
        ACCUMULATING,
        lateness=3600,
    ),
    Scenario(
        "months",
        CalendarWindows.months(),
        """
        a@0 b@2678399 c@2678400                       # January 1970 had 31 days
        w2678400   -> [0,2678400) a+b on_time 0/0 first last
        end        -> [2678400,5097600) c on_time 0/0 first last
        """,
    ),
]

GLOBAL_SCENARIOS = [
    Scenario(
        "repeated count: the rest comes out at the end",
        GlobalWindows(),
        """
        a@5 b@1000 c@7  -> global a+b early 0/-1 first
        w1000000000
        d@3             -> global c+d early 1/-1      # nothing is late in the global window
        e@4
        end             -> global e on_time 2/0 last
        """,
        Repeatedly(AfterCount(2)),
    ),
    Scenario(
        "repeated delay, accumulating",
        GlobalWindows(),
        """
        a@5 p10         -> global a early 0/-1 first
        b@6 p10         -> global a+b early 1/-1
        """,
        Repeatedly(AfterProcessingTime(10)),
        ACCUMULATING,
    ),
    Scenario(
        "only at the end",
        GlobalWindows(),
        """
        a@5 w1000 b@6
        end             -> global a+b on_time 0/0 first last
        """,
        AfterWatermark(),
    ),
    Scenario(
        "at the latest element",
        GlobalWindows(),
        """
        a@5 b@9 c@7     -> global a+b+c early 0/-1 first @9
        """,
        Repeatedly(AfterCount(3)),
        combiner=TimestampCombiner.OUTPUT_AT_LATEST,
    ),
]

SCENARIOS = [*SLIDING_SCENARIOS, *CALENDAR_SCENARIOS, *GLOBAL_SCENARIOS]
